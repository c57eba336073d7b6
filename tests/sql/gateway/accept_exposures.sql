-- gateway.accept_exposures: the DBA lets free SQL be served as things are.
BEGIN;
\ir ../tap.sql
SELECT plan(16);

-- Nobody may, but the DBA's role.
SELECT be('analyst@zava.example');
SELECT throws_ok('SELECT gateway.accept_exposures()', '42501', 'no persona');
SELECT throws_ok(
    $$SELECT gateway.free_query('SELECT gateway.accept_exposures()')$$, '42501', 'least of all free SQL'
);
SELECT be_dba();
SET LOCAL ROLE storekeeper_gateway;
SELECT throws_ok('SELECT gateway.accept_exposures()', '42501', 'not the server''s login');
RESET ROLE;

-- Nothing to accept
SELECT gateway.harden('own');
SELECT is(gateway.accept_exposures(), '{}', 'a hardened database has none');
SELECT results_eq(
    'SELECT strength, accepted FROM gateway.hardening', $$VALUES ('own', '{}'::text[])$$,
    'it still is hardened'
);

-- Some of one persona
GRANT EXECUTE ON FUNCTION pg_notify, pg_sleep TO store_managers;
SELECT is(gateway.accept_exposures(), '{notifications}', 'only what acts need be accepted');
SELECT be('seattle@zava.example');
SELECT lives_ok($$SELECT gateway.free_query('SELECT 1')$$, 'free SQL is served');
SELECT be_dba();
GRANT EXECUTE ON FUNCTION lo_creat TO head_office;
SELECT be('seattle@zava.example');
SELECT lives_ok($$SELECT gateway.free_query('SELECT 1')$$, 'whatever others may reach');
SELECT be('analyst@zava.example');
SELECT throws_ok(
    $$SELECT gateway.free_query('SELECT 1')$$, 'SK403', 'to whom it is not, until that is accepted'
);
SELECT be_dba();
REVOKE EXECUTE ON FUNCTION pg_notify FROM store_managers;
SELECT is(gateway.accept_exposures(), '{"large objects"}', 'what is gone is accepted no longer');

-- All of all, by a DBA who is no superuser: where nothing can be hardened
SELECT gateway.harden('none');
SELECT is((SELECT accepted FROM gateway.hardening), '{}', 'hardening ends what was accepted');
DELETE FROM gateway.hardening;
CREATE ROLE tap_dba LOGIN IN ROLE storekeeper_dba;
SET LOCAL SESSION AUTHORIZATION tap_dba;
SELECT is(
    gateway.accept_exposures(),
    '{SQL text,large objects,locks,notifications,replication,settings,signals,transactions}'::text[],
    'all that acts'
);
SET LOCAL SESSION AUTHORIZATION DEFAULT;
SELECT results_eq(
    'SELECT strength, cardinality(accepted), dba FROM gateway.hardening',
    $$VALUES (NULL::text, 8, 'tap_dba'::name)$$, 'it is written down, and whose word it is'
);
SELECT be('seattle@zava.example');
SELECT is(
    gateway.free_query('SELECT count(DISTINCT store_id) AS n FROM orders') ->> 'rows', '[{"n":1}]',
    'free SQL is served, in its tenant'
);
SELECT throws_ok(
    $$SELECT gateway.free_query('
        WITH s AS MATERIALIZED (SELECT set_config(''storekeeper.context'', ''x'', true) AS forged)
        SELECT count(*) FROM orders, s WHERE s.forged <> ''''')$$, '42501',
    'with no other identity than before'
);
SELECT throws_ok(
    $$SELECT gateway.free_query('SELECT set_config(''role'', ''head_office'', true)')$$, '42501',
    'and no other role'
);

SELECT * FROM finish();
ROLLBACK;
