-- tool.execute_sales_query: free SQL, behind row security and with no rights to act.
BEGIN;
\ir ../tap.sql
SELECT plan(38);

SELECT count(*) AS every,
count(*) FILTER (WHERE store_id = '00000000-0000-4000-8000-000000000001') AS seattle,
    count(*) FILTER (WHERE store_id = '00000000-0000-4000-8000-000000000002') AS bellevue
FROM retail.orders \gset
CREATE FUNCTION pg_temp.run(query text, max_rows integer DEFAULT 100)
RETURNS jsonb LANGUAGE sql AS $function$
    SELECT tool.execute_sales_query(query, max_rows)::jsonb
$function$;
CREATE FUNCTION pg_temp.refuses(query text, code text, description text)
RETURNS text LANGUAGE sql AS $function$
    SELECT throws_ok(format('SELECT tool.execute_sales_query(%L)', query), code, description)
$function$;

-- Nobody
SELECT be();
SELECT is(
    pg_temp.run('SELECT count(*) FROM orders') #>> '{rows, 0, count}', '0', 'nobody sees no orders'
);

-- The manager
SELECT be('seattle@zava.example');
SELECT is(
    pg_temp.run('SELECT count(*) FROM orders;') #>> '{rows, 0, count}', :'seattle',
    'the manager sees theirs'
);
SELECT is(
    pg_temp.run('WITH o AS (SELECT store_id FROM orders) SELECT DISTINCT store_id FROM o')
        -> 'rows',
    jsonb_build_array(jsonb_build_object('store_id', '00000000-0000-4000-8000-000000000001')),
    'and no other''s'
);
SELECT is(
    pg_temp.run($$SELECT count(*) FROM orders
        WHERE store_id = '00000000-0000-4000-8000-000000000002'$$) #>> '{rows, 0, count}', '0',
    'whatever the query asks for'
);
SELECT is(
    pg_temp.run($$SELECT timestamptz '2026-01-01 12:00Z' AS t$$) #>> '{rows, 0, t}',
    '2026-01-01T04:00:00-08:00',
    'the clock is that of the stores'
);

-- The shape of the answer
SELECT is(
    pg_temp.run($$SELECT 1 AS a, 'x'::text AS a, 2.5 AS a, a.* FROM (SELECT true AS a) AS a$$),
    '{"columns": [{"name": "a", "type": "integer"}, {"name": "a_2", "type": "text"},
        {"name": "a_3", "type": "numeric"}, {"name": "a_4", "type": "boolean"}],
      "rows": [{"a": 1, "a_2": "x", "a_3": 2.5, "a_4": true}], "row_count": 1, "truncated": false}',
    'columns of the same name are told apart'
);
SELECT is(
    pg_temp.run('SELECT order_id, total_amount FROM orders WHERE false'),
    '{"columns": [
        {"name": "order_id", "type": "uuid"}, {"name": "total_amount", "type": "numeric"}],
      "rows": [], "row_count": 0, "truncated": false}',
    'an empty result has its columns'
);
SELECT is(pg_temp.run('VALUES (1), (2)') -> 'row_count', '2', 'VALUES is a query too');
SELECT results_eq(
    $$SELECT r ->> 'row_count', r ->> 'truncated'
        FROM pg_temp.run('SELECT generate_series(1, 101)') AS r$$,
    $$VALUES ('100', 'true')$$, 'rows are capped'
);
SELECT results_eq(
    $$SELECT r ->> 'row_count', r ->> 'truncated'
        FROM pg_temp.run('SELECT generate_series(1, 100)') AS r$$,
    $$VALUES ('100', 'false')$$, 'exactly as many are not too many'
);
SELECT is(
    pg_temp.run('SELECT generate_series(1, 9)', 3) -> 'row_count', '3',
    'the caller may ask for fewer'
);
SELECT is(
    pg_temp.run('SELECT generate_series(1, 2000)', NULL) -> 'row_count', '100',
    'NULL rows are the default'
);
SELECT throws_ok(
    $$SELECT tool.execute_sales_query('SELECT 1', 1001)$$, '23514', 'not for more than 1000'
);
SELECT throws_ok($$SELECT tool.execute_sales_query('SELECT 1', 0)$$, '23514', 'nor for none');
SELECT results_eq(
    $$SELECT (r ->> 'row_count')::integer BETWEEN 1 AND 99, r ->> 'truncated', octet_length(r
        ->> 'rows') < 300000
        FROM pg_temp.run('SELECT repeat(''x'', 20000) FROM generate_series(1, 99)') AS r$$,
    $$VALUES (true, 'true', true)$$, 'bytes are capped'
);
SELECT is(pg_temp.run('SELECT') -> 'columns', '[]'::jsonb, 'a query of no columns has none');
SELECT is(
    pg_temp.run(E'SELECT 1 AS a -- why\n;\n') #>> '{rows, 0, a}', '1',
    'a comment and a semicolon do no harm'
);

-- What is no single reading statement
SELECT pg_temp.refuses('', 'SK400', 'nothing');
SELECT pg_temp.refuses(NULL, 'SK400', 'NULL');
SELECT pg_temp.refuses(
    repeat(' ', 100) || 'SELECT ' || repeat('1+', 4000) || '1', 'SK400',
    'a query of 8,000 characters'
);
SELECT pg_temp.refuses('SELECT 1; SELECT 2', 'SK403', 'two statements');
SELECT pg_temp.refuses('DELETE FROM orders', 'SK403', 'a write');
SELECT pg_temp.refuses(
    'WITH d AS (DELETE FROM orders RETURNING 1) SELECT 1', 'SK403', 'a write in a WITH'
);
SELECT pg_temp.refuses('SELECT 1 FROM orders FOR UPDATE', 'SK403', 'a lock');
SELECT pg_temp.refuses('SET ROLE head_office', 'SK403', 'SET ROLE');
SELECT pg_temp.refuses('COMMIT', 'SK403', 'the end of the transaction');
SELECT pg_temp.refuses(
    'SELECT 1) AS q ON true; DELETE FROM orders; --', '42601', 'a statement that closes ours'
);

-- What it has no right to
SELECT pg_temp.refuses(
    $$SELECT set_config('role', 'head_office', true)$$, '42501', 'another role by set_config'
);
SELECT pg_temp.refuses('SELECT * FROM gateway.principals', '42501', 'the gateway''s tables');
SELECT pg_temp.refuses('SELECT * FROM sample.products', '42501', 'the sample data''s tables');
SELECT pg_temp.refuses(
    'SELECT tool.execute_sales_query(''SELECT 1'') FROM nowhere', '42P01',
    'a table that is not there'
);
SELECT pg_temp.refuses(
    'SELECT ctid FROM orders', '42501', 'where rows lie, which tells of others'' writes'
);

-- Another identity
SELECT pg_temp.refuses(
    $$WITH s AS MATERIALIZED (SELECT tap.set('storekeeper.context', 'v|1|2|head_office', true)
        AS forged)
        SELECT count(*) FROM s, orders WHERE s.forged <> ''$$, '42501', 'a forged identity'
);

-- A colleague
SELECT be('bellevue@zava.example');
SELECT is(
    pg_temp.run('SELECT count(*) FROM orders') #>> '{rows, 0, count}', :'bellevue',
    'a colleague sees theirs'
);

-- A stranger
SELECT be_dba();
SELECT throws_ok($$SELECT be('former@zava.example')$$, 'SK401', 'a deactivated manager is refused');

-- The regional manager
SELECT be('puget-sound@zava.example');
SELECT is(
    pg_temp.run('SELECT array_agg(name ORDER BY name) AS names FROM stores') #> '{rows, 0, names}',
    '["Zava Retail Everett", "Zava Retail Seattle", "Zava Retail Tacoma"]'::jsonb,
    'the regional manager the region''s'
);

-- Head office
SELECT be('analyst@zava.example');
SELECT is(
    pg_temp.run('SELECT count(*) FROM orders') #>> '{rows, 0, count}', :'every',
    'head office sees all'
);

-- The DBA is no persona, and has no sandbox.
SELECT be_dba();
SELECT throws_ok(
    $$SELECT tool.execute_sales_query('SELECT 1')$$, 'SK401', 'who is no persona has no sandbox'
);

SELECT * FROM finish();
ROLLBACK;
