-- gateway.run_id: one text as long as this run lasts; tests/test_cache_calls.py crashes one.
BEGIN;
\ir ../tap.sql
SELECT plan(6);

SELECT be('seattle@zava.example');
SELECT throws_ok('SELECT gateway.run_id()', '42501', 'no persona');
SELECT be_dba();
SET LOCAL ROLE storekeeper_dba;
SELECT throws_ok('SELECT gateway.run_id()', '42501', 'not the DBA''s role');
SET LOCAL ROLE storekeeper_gateway;
SELECT throws_ok('SELECT gateway.run_id()', '42501', 'not the server''s login');
RESET ROLE;

SELECT is(split_part(gateway.run_id(), '/', 1), (
    SELECT d.oid::text FROM pg_database AS d WHERE d.datname = current_database()
), 'another database is another run');
SELECT gateway.run_id() AS run_id \gset
SET LOCAL TimeZone = 'Asia/Tokyo';
SET LOCAL DateStyle = 'German';
SET LOCAL extra_float_digits = -15;
SELECT is(gateway.run_id(), :'run_id', 'the settings of a session are not in it');
SELECT is(
    cardinality(string_to_array(:'run_id', '/')), 3, 'the database, the start of the server, and that of its statistics'
);

SELECT * FROM finish();
ROLLBACK;
