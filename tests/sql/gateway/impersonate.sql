-- gateway.impersonate: the DBA sees what a person sees, until the transaction ends.
BEGIN;
\ir ../tap.sql
SELECT plan(20);

CREATE FUNCTION pg_temp.impersonates(principal text, code text, description text)
RETURNS text LANGUAGE sql AS $function$
    SELECT throws_ok(format('SELECT gateway.impersonate(%L)', principal), code, description)
$function$;

-- Nobody may, but the DBA's role.
SELECT be();
SELECT pg_temp.impersonates('analyst@zava.example', '42501', 'no persona');
SELECT be_dba();
SET LOCAL ROLE storekeeper_gateway;
SELECT pg_temp.impersonates('seattle@zava.example', '42501', 'not the server''s login');
RESET ROLE;
SET LOCAL ROLE storekeeper_owner;
SELECT pg_temp.impersonates('seattle@zava.example', '42501', 'not the owner of the tables');
RESET ROLE;
SET LOCAL ROLE storekeeper_loader;
SELECT pg_temp.impersonates('seattle@zava.example', '42501', 'not the loader');
RESET ROLE;

-- A DBA who is no superuser, from here on.
CREATE ROLE tap_dba LOGIN IN ROLE storekeeper_dba;
SET LOCAL SESSION AUTHORIZATION tap_dba;

-- The manager
SELECT lives_ok($$SELECT gateway.impersonate('seattle@zava.example')$$, 'the DBA''s role does');
SELECT is(current_user::text, 'store_managers', 'and has the manager''s role');
SELECT results_eq(
    'SELECT DISTINCT store_id FROM retail.orders',
    $$VALUES ('00000000-0000-4000-8000-000000000001'::uuid)$$, 'and sees their store'
);
SELECT pg_temp.impersonates('bellevue@zava.example', '42501', 'no way leads on from there');
RESET ROLE;
SELECT pg_temp.impersonates('bellevue@zava.example', 'SK403', 'one person a transaction');
SELECT is(gateway.impersonate('seattle@zava.example')::text, '', 'the same person is no other');
SET LOCAL SESSION AUTHORIZATION DEFAULT;
SELECT be_dba();

-- A colleague
SET LOCAL SESSION AUTHORIZATION tap_dba;
SELECT gateway.impersonate('00000000-0000-4000-8000-000000000102');
SELECT results_eq(
    'SELECT DISTINCT store_id FROM retail.orders',
    $$VALUES ('00000000-0000-4000-8000-000000000002'::uuid)$$, 'a colleague, by id'
);
SET LOCAL SESSION AUTHORIZATION DEFAULT;
SELECT be_dba();

-- A stranger
SET LOCAL SESSION AUTHORIZATION tap_dba;
SELECT pg_temp.impersonates('unknown@zava.example', 'SK401', 'nobody is an unknown person');
SELECT pg_temp.impersonates('former@zava.example', 'SK401', 'nor one who is deactivated');
SELECT pg_temp.impersonates(NULL, 'SK401', 'nor NULL');
SELECT is(current_user::text, 'tap_dba', 'who is refused stays who they are');

-- The regional manager, head office
SELECT gateway.impersonate('puget-sound@zava.example');
SELECT is(current_user::text, 'regional_managers', 'the regional manager');
SET LOCAL SESSION AUTHORIZATION DEFAULT;
SELECT be_dba();
SET LOCAL SESSION AUTHORIZATION tap_dba;
SELECT gateway.impersonate('analyst@zava.example');
SELECT is((SELECT count(DISTINCT store_id) FROM retail.orders), 8::bigint, 'head office sees all');
SET LOCAL SESSION AUTHORIZATION DEFAULT;
SELECT be_dba();

-- What is written down
SELECT results_eq(
    $$SELECT principal_id FROM gateway.impersonations WHERE dba = 'tap_dba' ORDER BY at$$,
    $$VALUES ('00000000-0000-4000-8000-000000000101'::uuid),
        ('00000000-0000-4000-8000-000000000101'), ('00000000-0000-4000-8000-000000000102'),
        ('00000000-0000-4000-8000-0000000000a1'), ('00000000-0000-4000-8000-0000000000f1')$$,
    'each of them, and none that was refused'
);
SET LOCAL SESSION AUTHORIZATION tap_dba;
SELECT throws_ok('DELETE FROM gateway.impersonations', '42501', 'the DBA can''t take it away');
SELECT throws_ok('SELECT * FROM gateway.impersonations', '42501', 'nor read it');
SET LOCAL SESSION AUTHORIZATION DEFAULT;

SELECT * FROM finish();
ROLLBACK;
