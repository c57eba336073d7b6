-- gateway.identity: only a context that the gateway signed for this very transaction is one.
BEGIN;
\ir ../tap.sql
SELECT plan(30);

-- A context of this body, signed with the database's own key: what only the superuser can make.
CREATE FUNCTION pg_temp.wear(context text) RETURNS void LANGUAGE sql AS $function$
    SELECT FROM tap.set('storekeeper.context', context, true) AS worn
$function$;
CREATE FUNCTION pg_temp.wear_signed(body text, key text DEFAULT 'context')
RETURNS void LANGUAGE sql AS $function$
    SELECT pg_temp.wear(encode(gateway.mac(key, body), 'hex') || '|' || body)
$function$;
CREATE FUNCTION pg_temp.body(
    pid integer DEFAULT pg_backend_pid(), began numeric DEFAULT extract(epoch FROM now())
) RETURNS text LANGUAGE sql AS $function$
    SELECT concat_ws(
        '|', pid, began, 'store_managers', '00000000-0000-4000-8000-000000000101',
        '00000000-0000-4000-8000-000000000001'
    )
$function$;
CREATE FUNCTION pg_temp.refuses(description text) RETURNS text LANGUAGE sql AS $function$
    SELECT throws_ok('SELECT gateway.identity()', '42501', description)
$function$;

-- Nobody
SELECT results_eq(
    'SELECT * FROM gateway.identity()', $$SELECT NULL::uuid, NULL::name, '{}'::uuid[]$$,
    'without a context nobody, and no tenants'
);
SELECT pg_temp.wear('');
SELECT results_eq(
    'SELECT * FROM gateway.identity()', $$SELECT NULL::uuid, NULL::name, '{}'::uuid[]$$,
    'an empty one is none'
);

-- The manager
SELECT s.context AS seattle FROM gateway.sign_context('seattle@zava.example') AS s \gset
SELECT pg_temp.wear(:'seattle');
SELECT results_eq(
    'SELECT * FROM gateway.identity()',
    $$SELECT '00000000-0000-4000-8000-000000000101'::uuid, 'store_managers'::name,
        '{00000000-0000-4000-8000-000000000001}'::uuid[]$$,
    'the manager''s context is theirs'
);
SELECT pg_temp.wear_signed(pg_temp.body());
SELECT is(
    tap.setting('storekeeper.context'), :'seattle', 'and is made of just what we make it of'
);

-- Forged: the MAC
SELECT pg_temp.wear('x');
SELECT pg_temp.refuses('one letter');
SELECT pg_temp.wear('|');
SELECT pg_temp.refuses('empty parts');
SELECT pg_temp.wear(pg_temp.body());
SELECT pg_temp.refuses('a body without a MAC');
SELECT pg_temp.wear('|' || pg_temp.body());
SELECT pg_temp.refuses('an empty MAC');
SELECT pg_temp.wear(repeat('0', 64) || '|' || pg_temp.body());
SELECT pg_temp.refuses('a MAC made up');
SELECT pg_temp.wear(left(:'seattle', 64));
SELECT pg_temp.refuses('a MAC without its body');
SELECT pg_temp.wear(translate(left(:'seattle', 1), '0123456789abcdef', '123456789abcdef0')
    || substr(:'seattle', 2));
SELECT pg_temp.refuses('one digit changed');
SELECT pg_temp.wear(upper(left(:'seattle', 64)) || substr(:'seattle', 65));
SELECT pg_temp.refuses('the MAC in capitals');

-- Forged: the body
SELECT pg_temp.wear(replace(:'seattle', '000000000001', '000000000002'));
SELECT pg_temp.refuses('another tenant');
SELECT pg_temp.wear(:'seattle' || ',00000000-0000-4000-8000-000000000002');
SELECT pg_temp.refuses('a tenant more');
SELECT pg_temp.wear(replace(:'seattle', '000000000101', '0000000000f1'));
SELECT pg_temp.refuses('another person');
SELECT pg_temp.wear(replace(:'seattle', 'store_managers', 'head_office'));
SELECT pg_temp.refuses('another persona');

-- Signed, but not for this backend or this transaction
SELECT pg_temp.wear_signed(pg_temp.body(pid => pg_backend_pid() + 1));
SELECT pg_temp.refuses('a context of another backend');
SELECT pg_temp.wear_signed(pg_temp.body(began => extract(epoch FROM now()) - 0.000001));
SELECT pg_temp.refuses('one of a transaction that began a microsecond before');
SELECT pg_temp.wear_signed(pg_temp.body(began => extract(epoch FROM now()) + 60));
SELECT pg_temp.refuses('one of a transaction to come');
SELECT pg_temp.wear_signed('');
SELECT pg_temp.refuses('a signed nothing');

-- Signed with the key that servers know
SELECT pg_temp.wear_signed(pg_temp.body(), 'assertion');
SELECT pg_temp.refuses('the server''s key signs no context');

-- It holds for nobody else's transaction, but all through this one.
SELECT pg_temp.wear(:'seattle');
SELECT lives_ok('SELECT gateway.identity()', 'the manager''s own still is good');
DELETE FROM gateway.keys WHERE name = 'context';
SELECT pg_temp.refuses('but nothing is where there is no key');
SELECT pg_temp.wear('');

-- Who may ask
SELECT be();
SELECT throws_ok('SELECT gateway.identity()', '42501', 'no persona asks it itself');
SELECT be_dba();
SET LOCAL ROLE sandbox_store_managers;
SELECT throws_ok('SELECT gateway.identity()', '42501', 'nor does its free SQL');
RESET ROLE;
SET LOCAL ROLE storekeeper_gateway;
SELECT throws_ok('SELECT gateway.identity()', '42501', 'nor the server''s login');
RESET ROLE;

-- How it is made: a policy may rest on it.
SELECT is(
    (p.provolatile, p.proparallel, p.prosecdef)::text, '(s,r,t)',
    p.proname || ' is stable, parallel restricted and security definer'
)
FROM pg_proc AS p
WHERE p.pronamespace = 'gateway'::regnamespace
  AND p.proname IN ('identity', 'tenant_ids', 'principal_id', 'who')
ORDER BY p.proname;

SELECT * FROM finish();
ROLLBACK;
