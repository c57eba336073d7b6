-- One table's schema, to read without a call.
-- drop: DROP FUNCTION resource.schema;
CREATE OR REPLACE FUNCTION resource.schema("table" text)
RETURNS json
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT tool.get_multiple_table_schemas(ARRAY["table"])
$function$;

COMMENT ON FUNCTION resource.schema IS $comment$
Columns, types, keys and valid values of one table of the sales data, with hints for good SQL.
@title Table schema
@uri retail://schema/{table}
@mime application/json
@param table  For example orders.
@return As get_multiple_table_schemas.
@example retail://schema/orders
$comment$;
REVOKE ALL ON FUNCTION resource.schema FROM PUBLIC;
GRANT EXECUTE ON FUNCTION resource.schema TO store_managers, regional_managers, head_office;
