-- Tables that begin as somebody began to type.
-- drop: DROP FUNCTION completion."table";
CREATE OR REPLACE FUNCTION completion."table"(prefix text, context jsonb)
RETURNS SETOF text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT v.table_name
    FROM gateway.visible_tables('retail') AS v
    WHERE starts_with(v.table_name, lower("table".prefix))
    ORDER BY v.table_name
$function$;

COMMENT ON FUNCTION completion."table" IS $comment$
Names of the tables that you may read.
@title Tables
@param prefix   What was typed so far.
@param context  The arguments that are filled in already; they make no difference here.
@return The names.
@example SELECT * FROM completion."table"('ord', '{}');
$comment$;
REVOKE ALL ON FUNCTION completion."table" FROM PUBLIC;
GRANT EXECUTE ON FUNCTION completion."table" TO store_managers, regional_managers, head_office;
