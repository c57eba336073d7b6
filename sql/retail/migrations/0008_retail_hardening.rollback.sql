-- hardening: written by storekeeper ship from the object files named below.

SET LOCAL ROLE storekeeper_owner;
SET LOCAL check_function_bodies = off;

-- object: functions/retail/describe_table.sql
-- One table as whoever writes SQL needs to know it.
-- drop: DROP FUNCTION retail.describe_table;
CREATE OR REPLACE FUNCTION retail.describe_table(table_oid oid)
RETURNS json
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    -- Not of a table with row security: the estimate counts other people's rows.
    v_rows  bigint := (
        SELECT nullif(c.reltuples, -1)::bigint
        FROM pg_class AS c
        WHERE c.oid = describe_table.table_oid AND c.relkind <> 'v' AND NOT c.relrowsecurity
    );
    v_names json;
BEGIN
    -- What things are called, where that is a short list: categories, regions, stores.
    IF EXISTS (
        SELECT FROM pg_attribute AS a
        WHERE a.attrelid = describe_table.table_oid AND a.attname = 'name'
          AND has_column_privilege(a.attrelid, a.attnum, 'SELECT')
    ) THEN
        EXECUTE format(
            'SELECT json_agg(n.name ORDER BY n.name)'
            ' FROM (SELECT t.name FROM %s AS t LIMIT 101) AS n HAVING count(*) <= 100',
            describe_table.table_oid::regclass
        ) INTO v_names;
    END IF;

    RETURN (
        SELECT json_strip_nulls(json_build_object(
            'table', c.relname,
            'description', obj_description(c.oid, 'pg_class'),
            'approximate_rows', v_rows,
            'columns', (
                SELECT json_agg(json_build_object(
                    'name', a.attname,
                    'type', format_type(a.atttypid, a.atttypmod),
                    'nullable', NOT a.attnotnull,
                    'description', col_description(a.attrelid, a.attnum),
                    'values', coalesce(
                        CASE WHEN a.attname = 'name' THEN v_names END,
                        (
                            SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder)
                            FROM pg_enum AS e
                            WHERE e.enumtypid = a.atttypid
                        ),
                        -- CHECK (column IN (…)) is stored as column = ANY (ARRAY['…'::type, …]).
                        (
                            SELECT json_agg(replace(v.quoted[1], '''''', '''') ORDER BY v.n)
                            FROM pg_constraint AS k
                            CROSS JOIN LATERAL regexp_matches(
                                pg_get_constraintdef(k.oid), '''((?:[^'']|'''')*)''::', 'g'
                            ) WITH ORDINALITY AS v (quoted, n)
                            WHERE k.conrelid = a.attrelid
                              AND k.contype = 'c'
                              AND k.conkey = ARRAY[a.attnum]
                              AND pg_get_constraintdef(k.oid) ~ '= ANY'
                        )
                    )
                ) ORDER BY a.attnum)
                FROM pg_attribute AS a
                WHERE a.attrelid = c.oid
                  AND a.attnum > 0
                  AND NOT a.attisdropped
                  AND has_column_privilege(c.oid, a.attnum, 'SELECT')
            ),
            'primary_key', (
                SELECT retail.key_columns(k.conrelid, k.conkey)
                FROM pg_constraint AS k
                WHERE k.conrelid = c.oid AND k.contype = 'p'
            ),
            'foreign_keys', (
                SELECT json_agg(format(
                    '%s REFERENCES %s %s', retail.key_columns(k.conrelid, k.conkey),
                    r.table_name, retail.key_columns(k.confrelid, k.confkey)
                ) ORDER BY k.conname)
                FROM pg_constraint AS k
                JOIN retail.visible_tables() AS r ON r.table_oid = k.confrelid
                WHERE k.conrelid = c.oid AND k.contype = 'f'
            ),
            'referenced_by', (
                SELECT json_agg(format(
                    '%s %s', r.table_name, retail.key_columns(k.conrelid, k.conkey)
                ) ORDER BY k.conname)
                FROM pg_constraint AS k
                JOIN retail.visible_tables() AS r ON r.table_oid = k.conrelid
                WHERE k.confrelid = c.oid AND k.contype = 'f'
            )
        ))
        FROM pg_class AS c
        WHERE c.oid = describe_table.table_oid
    );
END
$function$;

COMMENT ON FUNCTION retail.describe_table IS $comment$
{table, description, approximate_rows, columns: [{name, type, nullable, description, values}],
primary_key, foreign_keys, referenced_by} of a table, as far as the caller may read it. From
pg_catalog, since information_schema shows keys to owners only.
@title Description of a table
@param table_oid  The table.
@return The description; parts that do not apply are left out.
@example SELECT retail.describe_table('retail.orders'::regclass);
$comment$;
REVOKE ALL ON FUNCTION retail.describe_table FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.describe_table TO store_managers, regional_managers, head_office;

-- object: functions/retail/key_columns.sql
-- The columns of a key, as a constraint lists them.
-- drop: DROP FUNCTION retail.key_columns;
CREATE OR REPLACE FUNCTION retail.key_columns(table_oid oid, column_numbers smallint[])
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT '(' || string_agg(a.attname, ', ' ORDER BY k.n) || ')'
    FROM unnest(key_columns.column_numbers) WITH ORDINALITY AS k (attnum, n)
    JOIN pg_attribute AS a ON a.attrelid = key_columns.table_oid AND a.attnum = k.attnum
$function$;

COMMENT ON FUNCTION retail.key_columns IS $comment$
(store_id, order_id) for the column numbers that pg_constraint has.
@title Columns of a key
@param table_oid       The table.
@param column_numbers  pg_constraint.conkey or confkey.
@return The names in parentheses.
@example SELECT retail.key_columns(conrelid, conkey) FROM pg_constraint WHERE contype = 'p';
$comment$;
REVOKE ALL ON FUNCTION retail.key_columns FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.key_columns TO store_managers, regional_managers, head_office;

-- object: functions/retail/visible_tables.sql
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
    v_visible CONSTANT text[] := ARRAY(SELECT v.table_name FROM retail.visible_tables() AS v);
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
            SELECT json_agg(retail.describe_table(v.table_oid) ORDER BY v.table_name)
            FROM retail.visible_tables() AS v
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
  capped, and truncated says when something is missing.
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

-- object: functions/retail/short_names.sql
DROP FUNCTION retail.short_names;

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
    FROM retail.visible_tables() AS v
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

-- end of objects
NOTIFY storekeeper_catalog;
