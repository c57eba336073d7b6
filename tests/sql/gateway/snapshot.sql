-- gateway.snapshot: what the caller sees, for the server's login.
BEGIN;
\ir ../tap.sql
SELECT plan(4);

SELECT be('seattle@zava.example');
SELECT throws_ok('SELECT gateway.snapshot()', '42501', 'no persona');
SELECT be_dba();
SET LOCAL ROLE storekeeper_dba;
SELECT throws_ok('SELECT gateway.snapshot()', '42501', 'not the DBA''s role');
RESET ROLE;
SELECT pg_current_xact_id() AS me \gset
SET LOCAL ROLE storekeeper_gateway;
SELECT lives_ok('SELECT gateway.snapshot()::pg_snapshot', 'the server''s login');
SELECT gateway.snapshot() AS snapshot \gset
RESET ROLE;
SELECT ok(
    NOT pg_visible_in_snapshot(:'me'::xid8, :'snapshot'), 'a transaction that runs is not in it, not even this one'
);

SELECT * FROM finish();
ROLLBACK;
