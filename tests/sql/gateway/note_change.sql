-- gateway.note_change: each change of a table leaves a row. When it counts is in tests/test_record.py.
BEGIN;
\ir ../tap.sql
SELECT plan(14);

SET LOCAL ROLE storekeeper_owner;
CREATE TABLE retail.tap_things (id integer PRIMARY KEY);
SELECT lives_ok(
    $$CREATE TRIGGER note_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON retail.tap_things
        FOR EACH STATEMENT EXECUTE FUNCTION gateway.note_change()$$, 'the owner of the tables may use it'
);
GRANT SELECT, INSERT, UPDATE, DELETE ON retail.tap_things TO store_managers;
RESET ROLE;

CREATE FUNCTION pg_temp.noted() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS $function$
    WITH gone AS (DELETE FROM gateway.changes WHERE table_name = 'retail.tap_things'
        AND xid = pg_current_xact_id() AND at BETWEEN now() AND clock_timestamp() RETURNING 1)
    SELECT count(*) FROM gone
$function$;

-- A persona may not write there; what they do is noted.
SELECT be('seattle@zava.example');
SELECT throws_ok('INSERT INTO gateway.changes VALUES (''x'', ''1'', now())', '42501', 'not by hand');
SELECT throws_ok('SELECT * FROM gateway.changes', '42501', 'nor may they read it');
INSERT INTO retail.tap_things SELECT generate_series(1, 100);
SELECT is(pg_temp.noted(), 1::bigint, 'one row for INSERT, whatever the number of rows');
UPDATE retail.tap_things SET id = id + 1000 WHERE id > 50;
SELECT is(pg_temp.noted(), 1::bigint, 'UPDATE');
UPDATE retail.tap_things SET id = id WHERE false;
SELECT is(pg_temp.noted(), 1::bigint, 'one that finds no row, too');
DELETE FROM retail.tap_things WHERE id < 10;
SELECT is(pg_temp.noted(), 1::bigint, 'DELETE');
SELECT be_dba();
TRUNCATE retail.tap_things;
SELECT is(pg_temp.noted(), 1::bigint, 'TRUNCATE');
SELECT is((SELECT count(*) FROM retail.tap_things), 0::bigint, 'it does what it says');

-- The gateway's own
CREATE FUNCTION pg_temp.notes(statement text, table_name text) RETURNS text LANGUAGE plpgsql AS $function$
BEGIN
    DELETE FROM gateway.changes;
    EXECUTE statement;
    RETURN ok(EXISTS (SELECT FROM gateway.changes AS c WHERE c.table_name = notes.table_name), statement);
END
$function$;
SELECT pg_temp.notes('UPDATE gateway.principals SET active = active', 'gateway.principals');
SELECT pg_temp.notes('DELETE FROM gateway.principal_tenants', 'gateway.principal_tenants');
SELECT pg_temp.notes('UPDATE gateway.personas SET description = description', 'gateway.personas');
SELECT pg_temp.notes(
    'DELETE FROM gateway.principals WHERE email = ''bellevue@zava.example''', 'gateway.principal_tenants'
);

SELECT be();
SELECT throws_ok('SELECT gateway.note_change()', '42501', 'nobody calls it');
SELECT be_dba();

SELECT * FROM finish();
ROLLBACK;
