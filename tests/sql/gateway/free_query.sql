-- gateway.free_query: free SQL as the powerless twin of whoever asks.
BEGIN;
\ir ../tap.sql
SELECT plan(46);

SELECT count(*) AS every,
    count(*) FILTER (WHERE store_id = '00000000-0000-4000-8000-000000000001') AS seattle,
    count(*) FILTER (WHERE store_id = '00000000-0000-4000-8000-000000000002') AS bellevue
FROM retail.orders \gset
CREATE FUNCTION pg_temp.value_of(query text) RETURNS text LANGUAGE sql AS $function$
    SELECT v.value
    FROM json_array_elements(gateway.free_query(query) -> 'rows') AS r, json_each_text(r) AS v
$function$;
CREATE FUNCTION pg_temp.refuses(query text, code text, description text)
RETURNS text LANGUAGE sql AS $function$
    SELECT throws_ok(format('SELECT gateway.free_query(%L)', query), code, description)
$function$;

-- Nobody
SELECT be();
SELECT is(pg_temp.value_of('SELECT count(*) FROM orders'), '0', 'nobody sees no orders');

-- The manager
SELECT be('seattle@zava.example');
SELECT is(pg_temp.value_of('SELECT count(*) FROM orders'), :'seattle', 'the manager sees theirs');
SELECT is(
    pg_temp.value_of($$SELECT count(*) FROM orders
        WHERE store_id = '00000000-0000-4000-8000-000000000002'$$), '0', 'and no colleague''s'
);
SELECT is(
    pg_temp.value_of('SELECT current_user'), 'sandbox_store_managers', 'it runs as the sandbox'
);
SELECT is(
    pg_temp.value_of('SELECT tap.setting(''search_path'')'), 
    'guard, pg_catalog, retail, public, pg_temp', 'on the persona''s path, behind the guards'
);
SELECT is(
    pg_temp.value_of('SELECT tap.setting(''timezone'')'), 'America/Los_Angeles',
    'in the persona''s time zone'
);
SELECT is(current_user::text, 'store_managers', 'and afterwards the manager is as before');

-- The caps
SELECT is(
    gateway.free_query('SELECT generate_series(1, 1000) AS n') ->> 'row_count', '100',
    '100 rows unless said otherwise'
);
SELECT is(
    gateway.free_query('SELECT generate_series(1, 1000) AS n', NULL, NULL) ->> 'row_count', '100',
    'NULL is not otherwise'
);
SELECT is(
    gateway.free_query('SELECT generate_series(1, 1000) AS n', 500) ->> 'row_count', '500', 'more'
);
SELECT results_eq(
    $$SELECT r ->> 'row_count', r ->> 'truncated' FROM gateway.free_query(
        'SELECT repeat(''x'', 65530) AS x FROM generate_series(1, 9)') AS r$$,
    $$VALUES ('3', 'true')$$, '256 KiB unless said otherwise'
);
SELECT results_eq(
    $$SELECT r ->> 'row_count', r ->> 'truncated' FROM gateway.free_query(
        'SELECT repeat(''x'', 65530) AS x FROM generate_series(1, 9)', 9, 1000000) AS r$$,
    $$VALUES ('9', 'false')$$, 'more'
);

-- What the SQL itself gets wrong keeps its own code.
SELECT pg_temp.refuses('SELECT 1 FROM nowhere', '42P01', 'a table that is not there');
SELECT pg_temp.refuses('SELECT nothing FROM orders', '42703', 'a column that is not there');
SELECT pg_temp.refuses('SELECT nothing()', '42883', 'a function that is not there');
SELECT pg_temp.refuses('SELEC 1', '42601', 'a slip of the pen');
SELECT pg_temp.refuses('SELECT $1', '42P02', 'a parameter that nobody gives');
SELECT pg_temp.refuses('SELECT 1 / 0', '22012', 'a division by zero');
SELECT pg_temp.refuses('SELECT 1 / n FROM generate_series(1, 0, -1) AS n', '22012', 'a late one');
SELECT pg_temp.refuses('SELECT ''x''::integer', '22P02', 'what is no number');

-- What is no single reading statement
SELECT pg_temp.refuses('DELETE FROM orders', 'SK403', 'a write');
SELECT pg_temp.refuses('SELECT 1; SELECT 2', 'SK403', 'two statements');
SELECT pg_temp.refuses('SELECT 1 FROM orders FOR UPDATE', 'SK403', 'a lock');
SELECT pg_temp.refuses(NULL, 'SK400', 'none');

-- What it must not become
SELECT pg_temp.refuses(
    format('SELECT set_config(''role'', %L, true)', role), '42501', 'the role ' || role
) FROM unnest('{head_office,store_managers,none}'::text[]) AS role;
SELECT pg_temp.refuses(
    'SELECT set_config(''session_authorization'', ''storekeeper_gateway'', true)', '42501',
    'another login'
);
SELECT pg_temp.refuses(
    $$WITH s AS MATERIALIZED (
            SELECT tap.set('storekeeper.context', repeat('0', 64) || '|1|2|x|y|z', true) AS c
        )
        SELECT count(*) FROM orders, s WHERE s.c <> ''$$, '42501', 'another person'
);
SELECT is(
    pg_temp.value_of(
        $$WITH s AS MATERIALIZED (SELECT tap.set('storekeeper.context', '', true) AS c)
            SELECT count(*) FROM orders, s WHERE s.c IS NULL OR s.c = ''$$
    ), '0', 'nobody it may become, and then sees nothing'
);

-- What it must not call
SELECT be('seattle@zava.example');
SELECT pg_temp.refuses(query, '42501', query)
FROM unnest(ARRAY[
    'SELECT gateway.mac(''context'', ''x'')', 'SELECT gateway.identity()',
    'SELECT gateway.sign_context(''analyst@zava.example'')', 'SELECT * FROM gateway.keys',
    'SELECT gateway.enter(NULL, NULL, 0)', 'SELECT gateway.assume(''head_office'', NULL)',
    'SELECT sandbox.run_head_office(''SELECT 1'', 1, 1)', 'SELECT pg_read_file(''/etc/passwd'')'
]) AS query;

-- A colleague
SELECT be('bellevue@zava.example');
SELECT is(pg_temp.value_of('SELECT count(*) FROM orders'), :'bellevue', 'a colleague sees theirs');

-- A stranger
SELECT be_dba();
SELECT throws_ok($$SELECT be('former@zava.example')$$, 'SK401', 'who is deactivated sees nothing');

-- The regional manager
SELECT be('puget-sound@zava.example');
SELECT is(
    pg_temp.value_of('SELECT count(DISTINCT store_id) FROM orders'), '3',
    'the regional manager sees three stores'
);

-- Head office
SELECT be('analyst@zava.example');
SELECT is(pg_temp.value_of('SELECT count(*) FROM orders'), :'every', 'head office sees all');
SELECT is(pg_temp.value_of('SELECT current_user'), 'sandbox_head_office', 'in its own sandbox');
SELECT throws_ok(
    $$SELECT sandbox.run_store_managers('SELECT 1', 1, 100)$$, '42501', 'and in no other'
);

-- Who is no persona has no sandbox.
SELECT be_dba();
SELECT pg_temp.refuses('SELECT 1', 'SK401', 'not the DBA');
SET LOCAL ROLE storekeeper_gateway;
SELECT pg_temp.refuses('SELECT 1', '42501', 'not the server''s login');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
