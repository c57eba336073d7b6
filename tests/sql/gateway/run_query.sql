-- gateway.run_query: one reading statement as JSON. Here its form and its caps; who may read what
-- is in gateway/free_query.sql and tool/execute_sales_query.sql.
BEGIN;
\ir ../tap.sql
SELECT plan(92);

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
SET LOCAL search_path = tap, retail, pg_temp;

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

-- The cap on bytes: {"x":"aaaaaaaaaa"} has 18.
SELECT is(
    pg_temp.run('SELECT repeat(''a'', 10) AS x FROM generate_series(1, 5)', 100, 36) - 'columns'
        - 'rows', '{"row_count": 2, "truncated": true}', '36 bytes hold two of these rows'
);
SELECT is(
    pg_temp.run('SELECT repeat(''a'', 10) AS x FROM generate_series(1, 2)', 100, 36) - 'columns'
        - 'rows', '{"row_count": 2, "truncated": false}', 'and they are not too many'
);
SELECT is(
    pg_temp.run('SELECT repeat(''a'', 10) AS x FROM generate_series(1, 2)', 100, 35) - 'columns'
        - 'rows', '{"row_count": 1, "truncated": true}', '35 hold one'
);
SELECT is(
    pg_temp.run('SELECT repeat(U&''\00EB'', 10) AS x', 100, 27) - 'columns',
    '{"rows": [], "row_count": 0, "truncated": true}', 'bytes are counted, not letters'
);

-- What ends a statement
SELECT is(pg_temp.rows(query), '[{"a": 1}]', format('%s', to_json(query)))
FROM unnest(ARRAY[
    'SELECT 1 AS a;', E'SELECT 1 AS a ; \n;\t', 'SELECT 1 AS a -- why',
    E'SELECT 1 AS a -- why\n;\n',
    'SELECT 1 AS a /* why */', 'SELECT 1 AS a /* why */;', E'-- why\nSELECT 1 AS a',
    '/* why; */ SELECT 1 AS a', '(SELECT 1 AS a)', 'WITH a AS (SELECT 1 AS a) TABLE a'
]) AS query;
SELECT is(pg_temp.rows('SELECT '';--'' AS a'), '[{"a": ";--"}]', 'a semicolon in a text ends none');
SELECT is(
    pg_temp.rows('VALUES (1), (2)'), '[{"column1": 1}, {"column1": 2}]', 'VALUES is a statement'
);

-- The length
SELECT is(
    pg_temp.run(rpad('SELECT 1 -- ', 8000, 'x')) -> 'row_count', '1', '8000 characters are allowed'
);
SELECT pg_temp.refuses(rpad('SELECT 1 -- ', 8001, 'x'), 'SK400', '8001 are not');
SELECT is(
    pg_temp.run('SELECT 1' || repeat(E' \n;', 9000)) -> 'row_count', '1',
    'what is behind the end doesn''t count'
);

-- Nothing
SELECT pg_temp.refuses(query, 'SK400', coalesce(to_json(query)::text, 'NULL'))
FROM unnest(ARRAY[NULL, '', ';', E' \t\r\n', ';;']) AS query;
SELECT pg_temp.refuses(query, 'SK403', query) FROM unnest(ARRAY['-- why', '/* why */']) AS query;

-- More than one
SELECT pg_temp.refuses('SELECT 1; SELECT 2', 'SK403', 'two statements');
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
GRANT SELECT, INSERT, UPDATE, DELETE ON retail.orders TO sandbox_store_managers;
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
    'EXPLAIN SELECT 1', 'EXPLAIN ANALYZE SELECT 1', 'SHOW work_mem', 'SET work_mem = ''1GB''',
    'SET ROLE head_office', 'RESET ROLE', 'SET SESSION AUTHORIZATION DEFAULT', 'DISCARD ALL',
    'BEGIN', 'COMMIT', 'ROLLBACK', 'SAVEPOINT s', 'PREPARE p AS SELECT 1', 'LISTEN c', 'NOTIFY c',
    'VACUUM', 'DECLARE c CURSOR FOR SELECT 1'
]) AS query;

-- A function may write on its own, so the server calls what reads in a READ ONLY transaction.
SELECT is(pg_temp.rows('SELECT tap.writes()'), '[{"writes": 1}]', 'a function''s own writing');
SET LOCAL transaction_read_only = on;
SELECT pg_temp.refuses('SELECT tap.writes()', '25006', 'is for a READ ONLY transaction to refuse');
SELECT pg_temp.refuses(
    'SELECT set_config(''transaction_read_only'', ''off'', true)', '25001',
    'which can''t be made another'
);

SELECT * FROM finish();
ROLLBACK;
