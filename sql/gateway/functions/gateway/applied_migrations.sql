-- Which migrations this database has.
-- drop: DROP FUNCTION gateway.applied_migrations;
CREATE OR REPLACE FUNCTION gateway.applied_migrations()
RETURNS text[]
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_ledger record;
    v_some   text[];
    v_all    text[] := '{}';
BEGIN
    -- Where yoyo keeps its ledger depends on the path of whoever migrates; that account granted SELECT
    -- on it. No other table is read, and none whose policies would run somebody's function here.
    FOR v_ledger IN
        SELECT n.nspname, c.relname
        FROM pg_class AS c
        JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.relname = '_yoyo_migration'
          AND c.relkind = 'r'
          AND c.relpersistence = 'p'
          AND NOT c.relrowsecurity
          AND has_schema_privilege(c.relnamespace, 'USAGE')
          AND has_table_privilege(c.oid, 'SELECT')
    LOOP
        EXECUTE format('SELECT array_agg(m.migration_id::text) FROM %I.%I AS m', v_ledger.nspname, v_ledger.relname) INTO v_some;
        v_all := v_all || v_some;
    END LOOP;
    RETURN ARRAY(SELECT DISTINCT m FROM unnest(v_all) AS m (m) ORDER BY m);
END
$function$;

COMMENT ON FUNCTION gateway.applied_migrations IS $comment$
The ids of the migrations that yoyo applied, in the order of their numbers.
$comment$;
REVOKE ALL ON FUNCTION gateway.applied_migrations FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.applied_migrations TO storekeeper_gateway, storekeeper_dba;
