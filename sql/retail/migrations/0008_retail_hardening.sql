-- hardening: written by storekeeper ship from the object files named below.
-- depends: 0007_gateway_hardening 0005_retail_functions

SET LOCAL ROLE storekeeper_owner;
SET LOCAL check_function_bodies = off;

-- object: functions/completion/table.sql
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

-- object: functions/retail/short_names.sql
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

-- object: functions/tool/execute_sales_query.sql
-- Answers a SELECT of the caller's own.
-- drop: DROP FUNCTION tool.execute_sales_query;
CREATE OR REPLACE FUNCTION tool.execute_sales_query(
    postgresql_query text,
    max_rows         retail.query_row_limit DEFAULT 100
)
RETURNS json
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT gateway.free_query(postgresql_query, max_rows)
$function$;

COMMENT ON FUNCTION tool.execute_sales_query IS $comment$
Runs one PostgreSQL SELECT (or WITH … SELECT) over your own stores' data, for questions no other
tool answers. Call get_multiple_table_schemas first: never guess names of tables or columns.
- Tables unqualified: orders, order_items, products … Only rows of stores you may see exist for the
  query; no filter by person is needed.
- Revenue: status IN ('pending', 'shipped', 'completed'). Join on store_id as well as order_id.
- The time zone is America/Los_Angeles: order_date::date is the business day.
- One statement, at most 8000 characters, that changes nothing. Aggregate in SQL: rows and bytes are
  capped, and truncated says when something is missing. Two at a time.
- EXPLAIN SELECT … shows the plan, without costs. WHERE random() < 0.1 takes a sample; TABLESAMPLE, the
  catalogs and settings are not served.
Returns columns (name, type), rows, row_count and truncated.
@title Query the sales data
@sql postgresql_query
@param postgresql_query  The SELECT statement.
@param max_rows          At most so many rows, 1 to 1000.
@return columns, rows, row_count, truncated
@example SELECT status, count(*) FROM orders GROUP BY status
$comment$;
REVOKE ALL ON FUNCTION tool.execute_sales_query FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tool.execute_sales_query
    TO store_managers, regional_managers, head_office;

-- object: functions/tool/get_multiple_table_schemas.sql
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
                ' orders.status IN (''pending'', ''shipped'', ''completed''). US dollars.',
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
@param table_names  For example ["orders", "order_items"]; left out or empty: every table (9 KB).
@return tables (table, description, columns, primary_key, foreign_keys, referenced_by) and hints
@example get_multiple_table_schemas(table_names => ARRAY['orders', 'order_items'])
$comment$;
REVOKE ALL ON FUNCTION tool.get_multiple_table_schemas FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tool.get_multiple_table_schemas
    TO store_managers, regional_managers, head_office;

-- object: functions/retail/visible_tables.sql
DROP FUNCTION retail.visible_tables;

-- object: functions/retail/key_columns.sql
DROP FUNCTION retail.key_columns;

-- object: functions/retail/describe_table.sql
DROP FUNCTION retail.describe_table;

-- end of objects
NOTIFY storekeeper_catalog;
