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
