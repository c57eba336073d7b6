-- gateway.snapshot: what the caller sees, for the server's login.
BEGIN;
\ir ../tap.sql
SELECT plan(5);

SELECT be('seattle@zava.example');
SELECT throws_ok('SELECT gateway.snapshot()', '42501', 'no persona');
SELECT be_dba();
SET LOCAL ROLE storekeeper_dba;
SELECT throws_ok('SELECT gateway.snapshot()', '42501', 'not the DBA''s role');
RESET ROLE;
SELECT pg_current_xact_id() AS me \gset
SET LOCAL ROLE storekeeper_gateway;
SELECT lives_ok('SELECT split_part(gateway.snapshot(), ''@'', 1)::pg_snapshot', 'the server''s login');
SELECT gateway.snapshot() AS snapshot \gset
RESET ROLE;
SELECT ok(
    pg_snapshot_xmin(split_part(:'snapshot', '@', 1)::pg_snapshot) <= :'me'::xid8,
    'it begins no later than what still runs'
);
SELECT is(split_part(:'snapshot', '@', 2), gateway.run_id(), 'and it says of which run it is');

SELECT * FROM finish();
ROLLBACK;
