-- The tables as whoever writes SQL needs to know them.
-- drop: DROP FUNCTION tool.get_multiple_table_schemas;
CREATE OR REPLACE FUNCTION tool.get_multiple_table_schemas(table_names text[] DEFAULT NULL)
RETURNS json
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    -- Names as people write them: in any letter case, with the schema or without.
    v_names   CONSTANT text[] := ARRAY(
        SELECT regexp_replace(lower(trim(n.name)), '^retail\.', '')
        FROM unnest(get_multiple_table_schemas.table_names) AS n (name)
    );
    v_visible CONSTANT text[] := ARRAY(SELECT v.table_name FROM gateway.visible_tables('retail') AS v);
    v_unknown CONSTANT text[] := ARRAY(
        SELECT DISTINCT n FROM unnest(v_names) AS n WHERE (n = ANY (v_visible)) IS NOT TRUE ORDER BY n
    );
BEGIN
    IF v_unknown <> '{}' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK404',
            MESSAGE = format('There is no table %s.', array_to_string(v_unknown, ', ', 'NULL')),
            HINT = 'The tables: ' || array_to_string(v_visible, ', ') || '.';
    END IF;
    RETURN json_build_object(
        'tables', (
            SELECT json_agg(
                gateway.describe_table(v.table_oid, retail.short_names(v.table_name)) ORDER BY v.table_name
            )
            FROM gateway.visible_tables('retail') AS v
            WHERE v_names = '{}' OR v.table_name = ANY (v_names)
        ),
        'hints', ARRAY[
            'Name tables without a schema. Only rows of the stores you may see exist for you:'
                ' no filter by person is needed.',
            'Keys begin with store_id: join orders to order_items and customers on store_id too.',
            'Revenue: sum(orders.total_amount), or sum(order_items.line_total) by product, where'
                ' orders.status IN (''pending'', ''shipped'', ''completed''). US dollars.'
                ' By day and product daily_sales has it summed up already.',
            format(
                'The session''s time zone is %s: order_date::date is the business day. Filter with'
                ' order_date >= timestamptz ''2026-01-01'', which can use an index.',
                retail.time_zone()
            ),
            'Example: SELECT c.name, sum(i.line_total) AS revenue FROM orders o'
                ' JOIN order_items i USING (store_id, order_id) JOIN products p USING (product_id)'
                ' JOIN product_types t USING (type_id) JOIN categories c USING (category_id)'
                ' WHERE o.status IN (''pending'', ''shipped'', ''completed'')'
                ' AND o.order_date >= timestamptz ''2026-01-01'''
                ' GROUP BY c.name ORDER BY revenue DESC'
        ]
    );
END
$function$;

COMMENT ON FUNCTION tool.get_multiple_table_schemas IS $comment$
Columns, types, keys, joins and valid values of the tables that execute_sales_query can read, with
hints for good SQL. Call it once before writing SQL, and never guess names or values.
@title Table schemas
@param table_names  For example ["orders", "order_items"]; left out or empty: every table (12 KB).
@return tables (table, description, columns, primary_key, foreign_keys, referenced_by) and hints
@example get_multiple_table_schemas(table_names => ARRAY['orders', 'order_items'])
$comment$;
REVOKE ALL ON FUNCTION tool.get_multiple_table_schemas FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tool.get_multiple_table_schemas
    TO store_managers, regional_managers, head_office;
