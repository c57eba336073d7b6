-- The statements that take indexes, constraints and triggers off a few tables, and those that put them back.
-- drop: DROP FUNCTION sample.bulk_load_ddl;
-- The definitions are the catalog's own, so that the migrations stay the only place that has them.
CREATE OR REPLACE FUNCTION sample.bulk_load_ddl(tables regclass[])
RETURNS TABLE (phase integer, object text, drop_statement text, create_statement text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    WITH needed AS (
        -- A view may rest on a primary key, by its GROUP BY; such keys stay.
        SELECT d.refobjid AS constraint_oid
        FROM pg_depend AS d
        WHERE d.refclassid = 'pg_constraint'::regclass
          AND d.classid IN ('pg_rewrite'::regclass, 'pg_proc'::regclass)
    )
    SELECT
        1,
        format('index %s', i.indexrelid::regclass),
        format('DROP INDEX %s', i.indexrelid::regclass),
        pg_get_indexdef(i.indexrelid)
    FROM pg_index AS i
    WHERE i.indrelid = ANY (bulk_load_ddl.tables)
      AND NOT EXISTS (
            SELECT FROM pg_constraint AS c WHERE c.conindid = i.indexrelid AND c.contype <> 'f'
      )
    UNION ALL
    SELECT
        CASE WHEN c.contype = 'f' THEN 4 ELSE 2 END,
        format('constraint %I on %s', c.conname, c.conrelid::regclass),
        format('ALTER TABLE %s DROP CONSTRAINT %I', c.conrelid::regclass, c.conname),
        format(
            'ALTER TABLE %s ADD CONSTRAINT %I %s',
            c.conrelid::regclass, c.conname, pg_get_constraintdef(c.oid)
        )
    FROM pg_constraint AS c
    WHERE c.contype IN ('p', 'u', 'f')
      AND (c.conrelid = ANY (bulk_load_ddl.tables) OR c.confrelid = ANY (bulk_load_ddl.tables))
      AND c.oid NOT IN (SELECT n.constraint_oid FROM needed AS n)
    UNION ALL
    -- Foreign keys are checked by a join, which wants a plan.
    SELECT 3, format('statistics of %s', t.name), NULL, format('ANALYZE %s', t.name)
    FROM unnest(bulk_load_ddl.tables) AS t (name)
    UNION ALL
    SELECT
        5,
        format('trigger %I on %s', t.tgname, t.tgrelid::regclass),
        format('ALTER TABLE %s DISABLE TRIGGER %I', t.tgrelid::regclass, t.tgname),
        format('ALTER TABLE %s ENABLE TRIGGER %I', t.tgrelid::regclass, t.tgname)
    FROM pg_trigger AS t
    WHERE t.tgrelid = ANY (bulk_load_ddl.tables) AND NOT t.tgisinternal AND t.tgenabled = 'O'
    ORDER BY 1, 2
$function$;

COMMENT ON FUNCTION sample.bulk_load_ddl IS $comment$
The indexes (phase 1), keys (2), statistics (3), foreign keys (4) and enabled triggers (5) of tables, foreign
keys that point to them included. Drop by falling phase, create by rising phase.
$comment$;
REVOKE ALL ON FUNCTION sample.bulk_load_ddl FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sample.bulk_load_ddl TO storekeeper_loader;
