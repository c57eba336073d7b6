-- gateway.persona: the role whose rights count, inside functions that run as another.
BEGIN;
\ir ../tap.sql
SELECT plan(14);

CREATE FUNCTION pg_temp.as_definer() RETURNS name LANGUAGE sql SECURITY DEFINER AS $function$
    SELECT gateway.persona()
$function$;

-- Each person's
SELECT is(pg_temp.as_definer(), session_user, 'nobody is signed in: the account that is logged in');
SELECT be('seattle@zava.example');
SELECT is(gateway.persona(), 'store_managers', 'the manager''s');
SELECT is(pg_temp.as_definer(), 'store_managers', 'whoever the function runs as');
SELECT is(
    gateway.free_query('SELECT gateway.persona()') ->> 'rows', '[{"persona":"store_managers"}]',
    'and for free SQL: not its sandbox'
);
SELECT be('bellevue@zava.example');
SELECT is(gateway.persona(), 'store_managers', 'a colleague''s');
SELECT be('puget-sound@zava.example');
SELECT is(gateway.persona(), 'regional_managers', 'the regional manager''s');
SELECT be('analyst@zava.example');
SELECT is(gateway.persona(), 'head_office', 'head office''s');

-- A role that somebody took is not an identity.
SELECT be_dba();
SET LOCAL ROLE head_office;
SELECT is(gateway.persona(), session_user, 'the role alone makes nobody a persona');
SET LOCAL SESSION AUTHORIZATION storekeeper_gateway;
SET LOCAL ROLE head_office;
SELECT is(gateway.persona(), 'storekeeper_gateway', 'nor does it for the server''s login');
SET LOCAL SESSION AUTHORIZATION DEFAULT;
SELECT be('seattle@zava.example');
SET LOCAL ROLE NONE;
SET LOCAL ROLE head_office;
SELECT is(gateway.persona(), 'store_managers', 'nor a role beside the identity');

-- A forged one
SELECT tap.set(
    'storekeeper.context', repeat('0', 64) || '|1|2|head_office|3|4', true
) <> '' AS forged \gset
SELECT throws_ok('SELECT gateway.persona()', '42501', 'a forged identity is refused');
SELECT be_dba();

-- Who may ask
SET LOCAL ROLE storekeeper_owner;
SELECT lives_ok('SELECT gateway.persona()', 'the owner of the tables may: for its functions');
SET LOCAL ROLE storekeeper_dba;
SELECT lives_ok('SELECT gateway.persona()', 'the DBA may');
SET LOCAL ROLE storekeeper_gateway;
SELECT throws_ok('SELECT gateway.persona()', '42501', 'the login has none');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
