-- gateway.run_query: one reading statement as JSON. Here its form and its caps; who may read what
-- is in gateway/free_query.sql and tool/execute_sales_query.sql.
BEGIN;
\ir ../tap.sql
SELECT plan(157);

CREATE FUNCTION pg_temp.run(
    query text, max_rows integer DEFAULT 100, max_bytes integer DEFAULT 10000
) RETURNS jsonb LANGUAGE sql AS $function$
    SELECT gateway.run_query(query, max_rows, max_bytes)::jsonb
$function$;
CREATE FUNCTION pg_temp.rows(query text) RETURNS jsonb LANGUAGE sql AS $function$
    SELECT pg_temp.run(query) -> 'rows'
$function$;
CREATE FUNCTION pg_temp.columns(query text) RETURNS text LANGUAGE sql AS $function$
    SELECT string_agg(format('%s %s', c ->> 'name', c ->> 'type'), ', ' ORDER BY n)
    FROM jsonb_array_elements(pg_temp.run(query) -> 'columns') WITH ORDINALITY AS j (c, n)
$function$;
CREATE FUNCTION pg_temp.refuses(query text, code text, description text)
RETURNS text LANGUAGE sql AS $function$
    SELECT throws_ok(format('SELECT gateway.run_query(%L, 100, 10000)', query), code, description)
$function$;
CREATE FUNCTION pg_temp.capped(query text, max_bytes integer) RETURNS text LANGUAGE sql AS $function$
    SELECT concat_ws(' ', r -> 'row_count', r -> 'truncated')
    FROM pg_temp.run(query, 100, max_bytes) AS r
$function$;
CREATE FUNCTION pg_temp.refusal(
    query text, OUT state text, OUT message text, OUT place text, OUT hint text
) LANGUAGE plpgsql AS $function$
BEGIN
    PERFORM gateway.run_query(query, 100, 10000);
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
        place = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
END
$function$;

-- Nobody may: only the sandbox functions call it.
SELECT be();
SELECT pg_temp.refuses('SELECT 1', '42501', 'no persona');
SELECT be('analyst@zava.example');
SELECT pg_temp.refuses('SELECT 1', '42501', 'not head office');
SELECT be_dba();
SET LOCAL ROLE storekeeper_gateway;
SELECT pg_temp.refuses('SELECT 1', '42501', 'not the server''s login');
SET LOCAL ROLE storekeeper_dba;
SELECT pg_temp.refuses('SELECT 1', '42501', 'not the DBA''s role');

-- The manager's sandbox
SELECT be_dba();
SET LOCAL ROLE sandbox_store_managers;
SET LOCAL search_path = guard, pg_catalog, tap, retail, public, pg_temp;

-- The form of an answer
SELECT is(
    pg_temp.run('SELECT 1 AS a, ''x''::text AS b'),
    '{"columns": [{"name": "a", "type": "integer"}, {"name": "b", "type": "text"}],
      "rows": [{"a": 1, "b": "x"}], "row_count": 1, "truncated": false}', 'columns, rows and counts'
);
SELECT is(
    pg_temp.columns($$SELECT 1 AS i, 1::bigint AS b, 1.50::numeric(6, 2) AS n, 1e0 AS e,
        'x'::varchar(3) AS v, true AS t, date '2026-01-02' AS d, now() AS z, '{"a": 1}'::jsonb AS j,
        '{1, 2}'::integer[] AS a, NULL AS u, row(1, 2) AS r, '\xff'::bytea AS y$$),
    'i integer, b bigint, n numeric, e numeric, v character varying, t boolean, d date, '
    'z timestamp with time zone, j jsonb, a integer[], u text, r record, y bytea',
    'each column has its type'
);
SELECT is(
    pg_temp.rows($$SELECT 1 AS i, 1.50::numeric(6, 2) AS n, true AS t, date '2026-01-02' AS d,
        '{"a": [1]}'::jsonb AS j, '{1, 2}'::integer[] AS a, NULL AS u, row(1, 'x') AS r,
        'NaN'::numeric AS x$$),
    '[{"i": 1, "n": 1.50, "t": true, "d": "2026-01-02", "j": {"a": [1]}, "a": [1, 2], "u": null,
       "r": {"f1": 1, "f2": "x"}, "x": "NaN"}]', 'and its value in JSON'
);
SELECT is(
    pg_temp.columns('SELECT order_id, order_date, total_amount FROM orders'),
    'order_id uuid, order_date timestamp with time zone, total_amount numeric', 'those of a table'
);
SELECT is(
    pg_temp.rows($$SELECT E'"\\\n' || U&'\00EB' AS "a ""b""", 1 AS "A"$$),
    jsonb_build_array(jsonb_build_object('a "b"', E'"\\\n' || U&'\00EB', 'A', 1)),
    'whatever is in names and texts'
);

-- Columns of the same name
SELECT is(
    pg_temp.columns('SELECT 1 AS a, true AS a, 3.0 AS a'), 'a integer, a_2 boolean, a_3 numeric',
    'are numbered'
);
SELECT is(
    pg_temp.rows('SELECT 1 AS a, true AS a, NULL AS a, ''{"a": 1, "b": 2}''::json AS a'),
    '[{"a": 1, "a_2": true, "a_3": null, "a_4": {"a": 1, "b": 2}}]', 'with their values'
);
SELECT is(
    pg_temp.rows('SELECT 1 AS a, 2 AS a, 3 AS a_2, 4 AS a'),
    '[{"a": 1, "a_2": 2, "a_2_2": 3, "a_3": 4}]', 'past the names that are taken'
);
SELECT is(
    pg_temp.columns('SELECT 1, 2'), '?column? integer, ?column?_2 integer', 'so are those without'
);

-- No rows, no columns
SELECT is(
    pg_temp.run('SELECT 1 AS a, ''x''::text AS a WHERE false'),
    '{"columns": [{"name": "a", "type": "integer"}, {"name": "a_2", "type": "text"}], "rows": [],
      "row_count": 0, "truncated": false}', 'an empty result keeps its columns'
);
SELECT is(
    pg_temp.run('SELECT'),
    '{"columns": [], "rows": [{}], "row_count": 1, "truncated": false}', 'a row of no columns'
);
SELECT is(
    pg_temp.run('SELECT FROM generate_series(1, 3)') -> 'row_count', '3', 'three of them'
);
SELECT is(
    pg_temp.run('SELECT WHERE false'),
    '{"columns": [], "rows": [], "row_count": 0, "truncated": false}', 'neither rows nor columns'
);

-- The cap on rows
SELECT is(
    pg_temp.run('SELECT generate_series(1, 4) AS n', 3) - 'columns',
    '{"rows": [{"n": 1}, {"n": 2}, {"n": 3}], "row_count": 3, "truncated": true}', 'three of four'
);
SELECT is(
    pg_temp.run('SELECT generate_series(1, 3) AS n', 3) -> 'truncated', 'false', 'three of three'
);
SELECT is(
    pg_temp.run('SELECT 1 AS n', 0),
    '{"columns": [{"name": "n", "type": "integer"}], "rows": [], "row_count": 0,
      "truncated": true}', 'none of one'
);
SELECT is(
    pg_temp.run('SELECT 1 / (4 - n) AS q FROM generate_series(1, 9) AS n', 2) -> 'row_count', '2',
    'what comes after the first row too many is never worked out'
);

-- The cap on bytes: {"x":"aaa…"} with 1000 letters has 1008.
SELECT is(
    pg_temp.capped('SELECT repeat(''a'', 1000) AS x FROM generate_series(1, 5)', 2016), '2 true',
    '2016 bytes hold two of these rows'
);
SELECT is(
    pg_temp.capped('SELECT repeat(''a'', 1000) AS x FROM generate_series(1, 2)', 2016), '2 false',
    'and they are not too many'
);
SELECT is(
    pg_temp.capped('SELECT repeat(''a'', 1000) AS x FROM generate_series(1, 2)', 2015), '1 true',
    '2015 hold one'
);
SELECT is(
    pg_temp.capped('SELECT repeat(U&''\00EB'', 1000) AS x', 2007), '0 true',
    'bytes are counted, not letters'
);
SELECT is(
    pg_temp.capped('SELECT repeat(E''\x01'', 1000) AS x', 3000), '0 true',
    'those of the JSON, where a byte may have become six'
);
SELECT is(
    pg_temp.capped('SELECT array_agg(1::bigint) AS x FROM generate_series(1, 4000)', 10000), '1 false',
    'not those of the value, which may be more'
);
SELECT is(
    pg_temp.capped(
        'SELECT array_agg(repeat(''a'', 1000000)) AS x FROM generate_series(1, 20)', 10000
    ), '0 true', 'a giant row is one too many, and no error'
);

-- What ends a statement
SELECT is(pg_temp.rows(query), '[{"a": 1}]', format('%s', to_json(query)))
FROM unnest(ARRAY[
    'SELECT 1 AS a;', E'SELECT 1 AS a ; \n;\t', 'SELECT 1 AS a -- why',
    E'SELECT 1 AS a -- why\n;\n',
    'SELECT 1 AS a /* why */', 'SELECT 1 AS a /* why */;', E'-- why\nSELECT 1 AS a',
    E'SELECT 1 AS a; -- why', E'SELECT 1 AS a; -- why; /*\n', 'SELECT 1 AS a; /* why */ ; -- and',
    E'SELECT 1 AS a; /** why\n **/\n;', '/* why; */ SELECT 1 AS a', '; SELECT 1 AS a',
    '(SELECT 1 AS a)', 'WITH a AS (SELECT 1 AS a) TABLE a'
]) AS query;
SELECT is(pg_temp.columns(query), 'a integer', 'and its type: ' || to_json(query))
FROM unnest(ARRAY[
    'SELECT 1 AS a;', 'SELECT 1 AS a -- why', 'SELECT 1 AS a; -- why', 'SELECT 1 AS a; /* why */ ; -- and'
]) AS query;
SELECT is(
    pg_temp.run('SELECT '';--'' AS a') - 'row_count' - 'truncated',
    '{"columns": [{"name": "a", "type": "text"}], "rows": [{"a": ";--"}]}',
    'a semicolon in a text ends none'
);
SELECT is(
    pg_temp.rows('VALUES (1), (2)'), '[{"column1": 1}, {"column1": 2}]', 'VALUES is a statement'
);

-- The length
SELECT is(
    pg_temp.run(rpad('SELECT 1 -- ', 8000, 'x')) -> 'row_count', '1', '8000 characters are allowed'
);
SELECT pg_temp.refuses(rpad('SELECT 1 -- ', 8001, 'x'), 'SK400', '8001 are not');
SELECT pg_temp.refuses('SELECT 1' || repeat(E' \n;', 9000), 'SK400', 'whatever they are');

-- Nothing
SELECT pg_temp.refuses(query, 'SK400', coalesce(to_json(query)::text, 'NULL'))
FROM unnest(ARRAY[
    NULL, '', ';', E' \t\r\n', ';;', '-- why', '/* why */', E'-- why\n;/* and */ ; -- why'
]) AS query;

-- More than one
SELECT pg_temp.refuses('SELECT 1; SELECT 2', 'SK403', 'two statements');
SELECT pg_temp.refuses('SELECT 1; -- why' || chr(10) || 'SELECT 2', 'SK403', 'behind a comment');
SELECT pg_temp.refuses('SELECT 1; DELETE FROM orders', 'SK403', 'a second that deletes');
SELECT pg_temp.refuses('SELECT 1) AS q ON true; DELETE FROM orders; --', '42601', 'a way out');
SELECT pg_temp.refuses(
    'SELECT 1 FROM (SELECT) AS x) AS q ON true, LATERAL (SELECT 1', '42601', 'another'
);

-- What does not read
SELECT be_dba();
CREATE PROCEDURE tap.act() LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION tap.writes() RETURNS integer LANGUAGE plpgsql VOLATILE AS $function$
BEGIN
    DELETE FROM retail.orders;
    RETURN 1;
END
$function$;
GRANT SELECT, INSERT, UPDATE, DELETE ON retail.orders, retail.order_items TO sandbox_store_managers;
SET LOCAL ROLE sandbox_store_managers;
SELECT pg_temp.refuses(query, 'SK403', query)
FROM unnest(ARRAY[
    'INSERT INTO orders DEFAULT VALUES', 'UPDATE orders SET total_amount = 0', 'DELETE FROM orders',
    'DELETE FROM orders RETURNING 1',
    'MERGE INTO orders USING orders AS o ON true WHEN MATCHED THEN DELETE',
    'WITH d AS (DELETE FROM orders RETURNING 1) SELECT * FROM d',
    'WITH i AS (INSERT INTO orders DEFAULT VALUES RETURNING 1) SELECT 1',
    'SELECT 1 FROM orders FOR UPDATE', 'SELECT 1 FROM orders FOR KEY SHARE',
    'SELECT 1 INTO other', 'CREATE TABLE other AS SELECT 1', 'CREATE TEMP TABLE other ()',
    'DROP TABLE orders', 'TRUNCATE orders', 'ALTER TABLE orders DISABLE ROW LEVEL SECURITY',
    'GRANT SELECT ON orders TO PUBLIC', 'LOCK TABLE orders', 'COPY orders TO STDOUT',
    'COPY (SELECT 1) TO PROGRAM ''true''', 'DO ''BEGIN END''', 'CALL tap.act()',
    'SHOW work_mem', 'SET work_mem = ''1GB''',
    'SET ROLE head_office', 'RESET ROLE', 'SET SESSION AUTHORIZATION DEFAULT', 'DISCARD ALL',
    'BEGIN', 'COMMIT', 'ROLLBACK', 'SAVEPOINT s', 'PREPARE p AS SELECT 1', 'LISTEN c', 'NOTIFY c',
    'VACUUM', 'DECLARE c CURSOR FOR SELECT 1'
]) AS query;

-- EXPLAIN
SELECT is(
    pg_temp.run('EXPLAIN SELECT 1 AS a'),
    '{"columns": [{"name": "QUERY PLAN", "type": "text"}], "rows": [{"QUERY PLAN": "Result"}],
      "row_count": 1, "truncated": false}', 'EXPLAIN has its own form'
);
SELECT is(pg_temp.rows(query), '[{"QUERY PLAN": "Result"}]', format('%s', to_json(query)))
FROM unnest(ARRAY[
    'explain select 1;', E'/* why */ EXPLAIN\n--why\nSELECT 1 -- and', 'EXPLAIN (SELECT 1)',
    'EXPLAIN SELECT 1 AS "analyze", 2 AS "costs" -- (ANALYZE)'
]) AS query;
SELECT ok(
    pg_temp.run('EXPLAIN SELECT * FROM orders')::text !~ 'cost=|rows=|width=',
    'without the planner''s figures'
);
SELECT pg_temp.refuses(query, 'SK400', format('%s', to_json(query)))
FROM unnest(ARRAY[
    'EXPLAIN ANALYZE SELECT 1', 'explain analyse select 1', 'EXPLAIN VERBOSE SELECT 1',
    'EXPLAIN (ANALYZE) SELECT 1', 'EXPLAIN(COSTS)SELECT 1', 'EXPLAIN ( costs off, analyze ) SELECT 1',
    'EXPLAIN /* why */ (/* why */ FORMAT json) SELECT 1', E'EXPLAIN -- why\nANALYZE SELECT 1',
    'EXPLAIN (GENERIC_PLAN) SELECT $1', 'EXPLAIN (SETTINGS) SELECT 1', 'EXPLAIN (MEMORY) SELECT 1'
]) AS query;
SELECT pg_temp.refuses(query, '42601', query)
FROM unnest(ARRAY[
    'EXPLAIN', 'EXPLAIN EXPLAIN SELECT 1', 'EXPLAIN /* /* */ */ ANALYZE SELECT 1',
    'EXPLAIN "analyze" SELECT 1', 'EXPLAIN (nonsense) SELECT 1', 'EXPLAIN VACUUM'
]) AS query;
SELECT pg_temp.refuses('EXPLAIN SELECT 1; DELETE FROM orders', 'SK403', 'EXPLAIN, and a second');
SELECT is(
    pg_temp.rows('SELECT 1 AS explain'), '[{"explain": 1}]', 'a column may be called so'
);

-- Names that would pass by the guards
SELECT pg_temp.refuses(query, 'SK403', format('%s', to_json(query)))
FROM unnest(ARRAY[
    'SELECT pg_catalog.repeat(''x'', 3)', 'SELECT "pg_catalog" . repeat(''x'', 3)',
    'SELECT PG_CATALOG/* why */.repeat(''x'', 3)', E'SELECT pg_catalog--why\n.repeat(''x'', 3)',
    'SELECT pg_catalog/* /* why */ */.repeat(''x'', 3)', E'SELECT pg_catalog--why\r.repeat(''x'', 3)',
    E'SELECT pg_catalog\f\r\n\t.repeat(''x'', 3)',
    'SELECT u&"pg\005fcatalog".repeat(''x'', 3)', 'SELECT U&"order_id" FROM orders',
    'SELECT 1 OPERATOR(pg_catalog.+) 2', 'SELECT * FROM pg_catalog.pg_class',
    'EXPLAIN SELECT pg_catalog.repeat(''x'', 3)'
]) AS query;
SELECT pg_temp.refuses(query, 'SK403', query)
FROM unnest(ARRAY[
    'SELECT 1 FROM orders TABLESAMPLE SYSTEM (1)', 'SELECT 1 FROM orders AS o tablesample bernoulli (1)'
]) AS query;
SELECT is(
    pg_temp.rows('SELECT ''pg_catalog'' AS a, U&''\0041'' AS b'),
    '[{"a": "pg_catalog", "b": "A"}]', 'a text may name it, and be written so'
);

-- What a mistake is told: where it is, and what may have been meant. With an identity, as
-- in a call.
SELECT be_dba();
CREATE TABLE retail.order_audit (totals text);
ALTER TABLE retail.orders ADD COLUMN total_amounts numeric;
SELECT be('seattle@zava.example');
SET LOCAL ROLE sandbox_store_managers;
SELECT results_eq(
    $$SELECT * FROM pg_temp.refusal('SELECT 1 FROM ordrs')$$,
    $$VALUES ('42P01', 'relation "ordrs" does not exist', 'At character 15',
        'Perhaps you mean orders.')$$,
    'a table that is not there'
);
SELECT is(
    (pg_temp.refusal(query)).hint, 'Perhaps you mean orders.', query
)
FROM unnest(ARRAY[
    'SELECT 1 FROM retail.ordrs', 'SELECT 1 FROM "Ordrs"', 'SELECT 1 FROM gateway.ordrs',
    'SELECT 1 FROM stores WHERE EXISTS (SELECT FROM ordrs)', 'EXPLAIN SELECT 1 FROM ordrs'
]) AS query;
SELECT results_eq(
    $$SELECT * FROM pg_temp.refusal('SELECT totl_amount FROM orders')$$,
    $$VALUES ('42703', 'column "totl_amount" does not exist', 'At character 8',
        'Perhaps you meant to reference the column "orders.total_amount".')$$,
    'a column that is not there'
);
SELECT results_eq(
    $$SELECT * FROM pg_temp.refusal('SELECT o.total FROM orders AS o')$$,
    $$VALUES ('42703', 'column o.total does not exist', 'At character 10',
        'Perhaps you mean line_total or total_amount.')$$,
    'one that PostgreSQL has no name for'
);
SELECT results_eq(
    $$SELECT * FROM pg_temp.refusal('SELECT xyzzy FROM orders')$$,
    $$VALUES ('42703', 'column "xyzzy" does not exist', 'At character 8',
        'Ask for the names of tables and columns first.')$$,
    'nothing is like it'
);
SELECT results_eq(
    $$SELECT * FROM pg_temp.refusal('SELECT * FROM order_audit')$$,
    $$VALUES ('42501', 'permission denied for table order_audit', '',
        'Queries read the tables of the business, and call functions that change nothing and tell of '
        'nobody else.')$$,
    'a table that one may not read'
);
SELECT is_empty(
    $$SELECT r FROM pg_temp.refusal('SELECT 1 FROM order_audits') AS r WHERE r.hint ~ 'audit'$$,
    'which nobody is pointed to'
);
SELECT is_empty(
    $$SELECT r FROM pg_temp.refusal('SELECT o.total_amountz FROM orders AS o') AS r
        WHERE r.hint ~ 'total_amounts' OR r.hint !~ 'total_amount'$$,
    'nor to a column that one may not, by PostgreSQL''s hint'
);
SELECT is((pg_temp.refusal('SELECT 1 FROM')).place, '', 'a slip has PostgreSQL''s own place');

-- A function may write on its own, so the server calls what reads in a READ ONLY transaction.
SELECT is(pg_temp.rows('SELECT tap.writes()'), '[{"writes": 1}]', 'a function''s own writing');
SET LOCAL transaction_read_only = on;
SELECT pg_temp.refuses('SELECT tap.writes()', 'SK403', 'is for a READ ONLY transaction to refuse');
SELECT pg_temp.refuses(
    'SELECT tap.set(''transaction_read_only'', ''off'', true)', '25001',
    'which can''t be made another'
);

SELECT * FROM finish();
ROLLBACK;
