-- gateway.sign_context: whom there is a context of, and what is in it.
BEGIN;
\ir ../tap.sql
SELECT plan(20);

CREATE FUNCTION pg_temp.body_of(principal text) RETURNS text LANGUAGE sql AS $function$
    SELECT substr(s.context, 66) FROM gateway.sign_context(principal) AS s
$function$;

-- Nobody
SELECT results_eq(
    'SELECT * FROM gateway.sign_context(NULL)', 'SELECT NULL::name, NULL::text',
    'nobody has no context'
);
SELECT is((gateway.sign_context('')).context, NULL, 'nor has an empty name');

-- The manager
SELECT is(
    pg_temp.body_of('seattle@zava.example'),
    concat_ws(
        '|', pg_backend_pid(), extract(epoch FROM now()), 'store_managers',
        '00000000-0000-4000-8000-000000000101', '00000000-0000-4000-8000-000000000001'
    ),
    'the manager''s: backend, transaction, persona, person, tenants'
);
SELECT is(
    (gateway.sign_context('seattle@zava.example')).context,
    encode(gateway.mac('context', pg_temp.body_of('seattle@zava.example')), 'hex')
        || '|' || pg_temp.body_of('seattle@zava.example'),
    'behind its MAC'
);
SELECT is(
    (gateway.sign_context('seattle@zava.example')).persona::text, 'store_managers', 'the persona'
);
SELECT is(
    pg_temp.body_of('00000000-0000-4000-8000-000000000101'),
    pg_temp.body_of('seattle@zava.example'),
    'the id names the same person'
);
SELECT is(
    pg_temp.body_of('Seattle@ZAVA.example'), pg_temp.body_of('seattle@zava.example'),
    'the e-mail does in any letter case'
);
SELECT is(
    pg_temp.body_of('00000000-0000-4000-8000-0000000000F1'),
    pg_temp.body_of('analyst@zava.example'),
    'so does the id'
);
SELECT is(pg_temp.body_of('%@zava.example'), NULL, 'a pattern is no name');
SELECT is(pg_temp.body_of(' seattle@zava.example'), NULL, 'nor is one with a blank');

-- A colleague
SELECT isnt(
    pg_temp.body_of('bellevue@zava.example'), pg_temp.body_of('seattle@zava.example'),
    'a colleague''s is another'
);

-- A stranger
SELECT is((gateway.sign_context('unknown@zava.example')).context, NULL, 'the unknown have none');
SELECT is((gateway.sign_context('former@zava.example')).context, NULL, 'nor the deactivated');
SELECT gateway.put_principal(
    '00000000-0000-4000-8000-0000000000ee', 'stranger@zava.example', 'Stranger', 'store_managers'
);
SELECT ok(
    pg_temp.body_of('stranger@zava.example') LIKE '%|00000000-0000-4000-8000-0000000000ee|',
    'who was given no store has a context without tenants'
);

-- The regional manager, head office
SELECT is(
    split_part(pg_temp.body_of('puget-sound@zava.example'), '|', 5),
    concat_ws(
        ',', '00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000003',
        '00000000-0000-4000-8000-000000000005'
    ),
    'the regional manager''s tenants, in their order'
);
SELECT is(
    split_part(pg_temp.body_of('analyst@zava.example'), '|', 5),
    (SELECT string_agg(tenant_id::text, ',' ORDER BY tenant_id) FROM gateway.tenants),
    'head office''s are all'
);

-- It asks for no proof, so only gateway's own functions may call it.
SELECT be();
SELECT throws_ok($$SELECT gateway.sign_context('analyst@zava.example')$$, '42501', 'no persona');
SELECT be_dba();
SET LOCAL ROLE storekeeper_gateway;
SELECT throws_ok(
    $$SELECT gateway.sign_context('analyst@zava.example')$$, '42501', 'not the server''s login'
);
RESET ROLE;
SET LOCAL ROLE storekeeper_dba;
SELECT throws_ok(
    $$SELECT gateway.sign_context('analyst@zava.example')$$, '42501', 'not the DBA''s role'
);
RESET ROLE;

-- Without a key it signs nothing, and says so: no context at all would read as no rows.
DELETE FROM gateway.keys WHERE name = 'context';
SELECT throws_ok(
    $$SELECT gateway.sign_context('seattle@zava.example')$$, 'SK401', 'without a key nobody enters'
);

SELECT * FROM finish();
ROLLBACK;
