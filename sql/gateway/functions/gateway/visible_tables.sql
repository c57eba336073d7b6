-- The tables and views of a schema that the caller may read.
-- drop: DROP FUNCTION gateway.visible_tables;
CREATE OR REPLACE FUNCTION gateway.visible_tables(schema_name name)
RETURNS TABLE (table_oid oid, table_name text)
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT c.oid, c.relname::text
    FROM pg_class AS c
    WHERE c.relnamespace = to_regnamespace(quote_ident(visible_tables.schema_name))
      AND c.relkind IN ('r', 'p', 'v')
      AND has_any_column_privilege(gateway.persona(), c.oid, 'SELECT')
    ORDER BY c.relname
$function$;

COMMENT ON FUNCTION gateway.visible_tables IS $comment$
Tables and views of a schema of which the caller may read at least one column, by name.
$comment$;
REVOKE ALL ON FUNCTION gateway.visible_tables FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.visible_tables TO storekeeper_owner, storekeeper_dba;
