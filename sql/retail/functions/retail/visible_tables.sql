-- The tables and views of the business that the caller may read.
-- drop: DROP FUNCTION retail.visible_tables;
CREATE OR REPLACE FUNCTION retail.visible_tables()
RETURNS TABLE (table_oid oid, table_name text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT c.oid, c.relname::text
    FROM pg_class AS c
    WHERE c.relnamespace = 'retail'::regnamespace
      AND c.relkind IN ('r', 'p', 'v')
      AND has_any_column_privilege(c.oid, 'SELECT')
    ORDER BY c.relname
$function$;

COMMENT ON FUNCTION retail.visible_tables IS $comment$
Tables and views of which the caller may read at least one column, by name.
@title Visible tables
@return table_oid   Its oid.
@return table_name  Its name without the schema.
@example SELECT table_name FROM retail.visible_tables();
$comment$;
REVOKE ALL ON FUNCTION retail.visible_tables FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.visible_tables TO store_managers, regional_managers, head_office;
