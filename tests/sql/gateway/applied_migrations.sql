-- gateway.applied_migrations: yoyo's ledger, wherever it is, and nothing that only bears its name.
BEGIN;
\ir ../tap.sql
SELECT plan(9);

SELECT be();
SELECT throws_ok('SELECT gateway.applied_migrations()', '42501', 'no persona');
SELECT be_dba();
SET LOCAL ROLE storekeeper_gateway;
SELECT is(
    (gateway.applied_migrations())[1:3],
    '{0001_gateway_roles_and_tables,0002_gateway_functions,0003_context_key_and_catalog_notice}', 'the server''s login'
);
SELECT throws_ok('SELECT * FROM public._yoyo_migration', '42501', 'has no other way to them');
SET LOCAL ROLE storekeeper_dba;
SELECT ok('0010_record_of_calls' = ANY (gateway.applied_migrations()), 'the DBA''s role');
RESET ROLE;
SELECT is(
    gateway.applied_migrations(),
    ARRAY(SELECT migration_id::text FROM public._yoyo_migration ORDER BY 1), 'all, in the order of their numbers'
);

-- Somebody's table of that name
CREATE TABLE tap._yoyo_migration (migration_id text);
INSERT INTO tap._yoyo_migration VALUES ('9999_tap');
SELECT ok('9999_tap' <> ALL (gateway.applied_migrations()), 'one that nobody granted is not read');
GRANT SELECT ON tap._yoyo_migration TO PUBLIC;
SELECT ok('9999_tap' = ANY (gateway.applied_migrations()), 'one that may be read is');
CREATE FUNCTION tap.trap() RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''trapped''; END';
ALTER TABLE tap._yoyo_migration ENABLE ROW LEVEL SECURITY;
CREATE POLICY trap ON tap._yoyo_migration USING (tap.trap());
SELECT ok('9999_tap' <> ALL (gateway.applied_migrations()), 'unless its policies would run as the gateway');
DROP TABLE tap._yoyo_migration, public._yoyo_migration CASCADE;
SELECT is(gateway.applied_migrations(), '{}', 'without a ledger, none');

SELECT * FROM finish();
ROLLBACK;
