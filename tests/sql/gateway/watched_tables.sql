-- gateway.watched_tables: those with the trigger for everything that can change them.
BEGIN;
\ir ../tap.sql
SELECT plan(14);

SELECT be();
SELECT throws_ok('SELECT gateway.watched_tables()', '42501', 'no persona');
SELECT be_dba();
SET LOCAL ROLE storekeeper_gateway;
SELECT lives_ok('SELECT gateway.watched_tables()', 'the server''s login');
RESET ROLE;
SELECT ok(
    gateway.watched_tables() @> '{gateway.personas,gateway.principals,gateway.principal_tenants,gateway.tenants}',
    'the gateway''s own'
);

CREATE TABLE tap.things (id integer);
CREATE FUNCTION pg_temp.watched(statement text) RETURNS boolean LANGUAGE plpgsql AS $function$
BEGIN
    EXECUTE statement;
    RETURN 'tap.things' = ANY (gateway.watched_tables());
END
$function$;
SELECT is(pg_temp.watched(replace(statement, '…', 'ON tap.things FOR EACH STATEMENT EXECUTE FUNCTION gateway.note_change()')),
    watched, statement)
FROM (VALUES
    ('SELECT 1', false),
    ('CREATE TRIGGER one AFTER INSERT OR UPDATE OR DELETE …', false),
    ('CREATE TRIGGER two AFTER TRUNCATE …', true),
    ('ALTER TABLE tap.things DISABLE TRIGGER one', false),
    ('ALTER TABLE tap.things ENABLE ALWAYS TRIGGER one', true),
    ('ALTER TABLE tap.things ENABLE REPLICA TRIGGER one', false),
    ('DROP TRIGGER one ON tap.things', false),
    ('CREATE TRIGGER one AFTER INSERT OR UPDATE OF id OR DELETE …', false),
    ('CREATE TRIGGER three BEFORE INSERT OR UPDATE OR DELETE …', false),
    ('CREATE TRIGGER four AFTER INSERT OR UPDATE OR DELETE ON tap.things FOR EACH ROW EXECUTE FUNCTION gateway.note_change()',
        false),
    ('CREATE TRIGGER five AFTER UPDATE OR INSERT OR DELETE …', true)
) AS s (statement, watched);

SELECT * FROM finish();
ROLLBACK;
