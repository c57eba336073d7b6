-- The columns of a key, as a constraint lists them.
-- drop: DROP FUNCTION gateway.key_columns;
CREATE OR REPLACE FUNCTION gateway.key_columns(table_oid oid, column_numbers smallint[])
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT '(' || string_agg(a.attname, ', ' ORDER BY k.n) || ')'
    FROM unnest(key_columns.column_numbers) WITH ORDINALITY AS k (attnum, n)
    JOIN pg_attribute AS a ON a.attrelid = key_columns.table_oid AND a.attnum = k.attnum
$function$;

COMMENT ON FUNCTION gateway.key_columns IS $comment$
(store_id, order_id) for the column numbers that pg_constraint has.
$comment$;
REVOKE ALL ON FUNCTION gateway.key_columns FROM PUBLIC;
