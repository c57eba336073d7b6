-- What the rows of a table are called, where that is a short list.
-- drop: DROP FUNCTION retail.short_names;
CREATE OR REPLACE FUNCTION retail.short_names(table_name text)
RETURNS json
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_names json;
BEGIN
    -- As the caller, so that it is the rows that they see.
    EXECUTE format(
        'SELECT json_agg(n.name ORDER BY n.name)'
        ' FROM (SELECT t.name FROM retail.%I AS t LIMIT 101) AS n HAVING count(*) <= 100',
        short_names.table_name
    ) INTO v_names;
    RETURN v_names;
EXCEPTION WHEN undefined_column OR insufficient_privilege THEN
    RETURN NULL;
END
$function$;

COMMENT ON FUNCTION retail.short_names IS $comment$
The sorted values of column name, of the rows that the caller sees; NULL where there is no such column, or
more than a hundred rows.
@title Names of a table's rows
@param table_name  Without the schema, for example categories.
@return A list of texts, or NULL.
@example SELECT retail.short_names('categories');
$comment$;
REVOKE ALL ON FUNCTION retail.short_names FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.short_names TO store_managers, regional_managers, head_office;
