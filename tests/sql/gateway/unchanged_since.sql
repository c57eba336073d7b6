-- gateway.unchanged_since: what it makes of the changes that are noted. tests/test_record.py has the sessions.
BEGIN;
\ir ../tap.sql
SELECT plan(31);

SELECT be('seattle@zava.example');
SELECT throws_ok('SELECT gateway.unchanged_since(''1:1:'', ''{}'')', '42501', 'no persona');
SELECT be_dba();
SET LOCAL ROLE storekeeper_dba;
SELECT throws_ok('SELECT gateway.unchanged_since(''1:1:'', ''{}'')', '42501', 'not the DBA''s role');
RESET ROLE;

-- A snapshot that bears no run is one of this run.
CREATE FUNCTION pg_temp.holds(snapshot text, tables text[] DEFAULT '{tap.a,tap.b}') RETURNS boolean
LANGUAGE plpgsql AS $function$
DECLARE
    v_holds boolean;
BEGIN
    IF snapshot NOT LIKE '%@%' THEN
        snapshot := snapshot || '@' || gateway.run_id();
    END IF;
    SET LOCAL ROLE storekeeper_gateway;
    v_holds := gateway.unchanged_since(snapshot, tables);
    RESET ROLE;
    RETURN v_holds;
END
$function$;

-- What the snapshot saw, and what it did not: 103 and 105 ran then.
CREATE FUNCTION pg_temp.changed_by(xid xid8, table_name text DEFAULT 'tap.b') RETURNS boolean
LANGUAGE plpgsql AS $function$
DECLARE
    v_holds boolean;
BEGIN
    INSERT INTO gateway.changes (table_name, xid, at) VALUES (table_name, xid, now());
    v_holds := pg_temp.holds('100:110:103,105');
    DELETE FROM gateway.changes AS c WHERE c.xid = changed_by.xid;
    RETURN v_holds;
END
$function$;
-- Also what the functions above were noted for.
DELETE FROM gateway.changes;
UPDATE gateway.watermarks SET xid = NULL WHERE what = 'changes';
SELECT ok(pg_temp.holds('100:110:103,105'), 'nothing was changed');
INSERT INTO gateway.changes (table_name, xid, at) VALUES ('tap.c', '120', now());
SELECT ok(pg_temp.holds('100:110:103,105'), 'another table was');
SELECT is(pg_temp.changed_by(xid), holds, format('a change by %s', xid)) FROM (VALUES
    ('1'::xid8, true), ('99', true), ('100', true), ('104', true), ('109', true),
    ('103', false), ('105', false), ('110', false), ('111', false), ('5000000000', false)
) AS c (xid, holds);
SELECT is(pg_temp.changed_by('110', name), false, format('one of %s counts for every answer', name))
FROM unnest('{ddl,gateway.personas,gateway.principals,gateway.principal_tenants,gateway.tenants}'::text[]) AS name;
SELECT ok(pg_temp.changed_by('110', 'tap.B'), 'names are exact');

-- This transaction's own
CREATE TABLE tap.a (id integer);
CREATE TRIGGER note_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON tap.a
    FOR EACH STATEMENT EXECUTE FUNCTION gateway.note_change();
DELETE FROM gateway.changes;
-- From before it: in a snapshot that it takes itself it counts as seen once a later one has ended.
SELECT format('%1$s:%1$s:', pg_current_xact_id()) AS snapshot \gset
SELECT ok(pg_temp.holds(:'snapshot'), 'what was before');
INSERT INTO tap.a VALUES (1);
SELECT ok(NOT pg_temp.holds(:'snapshot'), 'a change by this very transaction');
SELECT ok(pg_temp.holds(:'snapshot', '{tap.c}'), 'not of this table');
DELETE FROM gateway.changes;
COMMENT ON FUNCTION tool.who_am_i IS 'Other words.';
SELECT ok(
    NOT pg_temp.holds(:'snapshot', '{}') OR NOT EXISTS (SELECT FROM pg_event_trigger WHERE evtname = 'storekeeper_catalog'),
    'a change of a definition, where there is the event trigger'
);

-- What it can't know
DELETE FROM gateway.changes;
UPDATE gateway.watermarks SET xid = '100' WHERE what = 'changes';
SELECT ok(NOT pg_temp.holds('100:110:103,105'), 'changes from then were forgotten');
SELECT ok(pg_temp.holds('101:110:103,105'), 'only those before it');
SELECT is(pg_temp.holds(NULL), false, 'no snapshot');
SELECT is(pg_temp.holds('101:110:103,105@'), false, 'one of no run');
SELECT is(pg_temp.holds('101:110:103,105@' || gateway.run_id() || '1'), false, 'one of another run of the database');
SELECT is(gateway.unchanged_since('101:110:103,105', '{}'), false, 'a bare snapshot');
SELECT throws_ok('SELECT gateway.unchanged_since(''then'', ''{}'')', '22P02', 'what is none');

SELECT * FROM finish();
ROLLBACK;
