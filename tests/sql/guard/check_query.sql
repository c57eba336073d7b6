-- guard.check_query: the texts that no privilege could refuse.
BEGIN;
\ir ../tap.sql
SELECT plan(33);

CREATE FUNCTION pg_temp.refuses(query text, code text, description text)
RETURNS text LANGUAGE sql AS $function$
    SELECT throws_ok(format('SELECT guard.check_query(%L)', query), code, description)
$function$;

-- Only the sandboxes call it.
SELECT be('analyst@zava.example');
SELECT pg_temp.refuses('SELECT 1', '42501', 'no persona');
SELECT be_dba();
SET LOCAL ROLE storekeeper_gateway;
SELECT pg_temp.refuses('SELECT 1', '42501', 'not the server''s login');
RESET ROLE;

SET LOCAL ROLE sandbox_store_managers;

-- The length, in characters
SELECT lives_ok(format('SELECT guard.check_query(%L)', repeat(U&'\00EB', 8000)), '8000 are allowed');
SELECT pg_temp.refuses(repeat('x', 8001), 'SK400', '8001 are not');

-- The schema of the built-in functions, by any of its names
SELECT pg_temp.refuses(query, 'SK403', format('%s', to_json(query)))
FROM unnest(ARRAY[
    'SELECT pg_catalog.repeat(''x'', 3)', 'SELECT PG_Catalog.repeat(''x'', 3)', '(pg_catalog.now())',
    'SELECT"pg_catalog".now()', 'SELECT "pg_catalog" . now()', E'SELECT pg_catalog\n\t\r.now()',
    'SELECT pg_catalog/**/.now()', 'SELECT pg_catalog/* /* */ */.now()', E'SELECT pg_catalog--\n.now()',
    E'SELECT pg_catalog -- x\r.now()', 'SELECT shop.pg_catalog.now()', 'SELECT 1::pg_catalog.int4',
    'SELECT 1 OPERATOR(pg_catalog.+) 1', 'SELECT U&"\0070g_catalog".now()',
    'SELECT u&"!0070g_catalog" UESCAPE ''!''.now()', 'SELECT (U&"a")', 'SELECT/**/U&"a"'
]) AS query;

-- Samples
SELECT pg_temp.refuses(query, 'SK403', format('%s', to_json(query)))
FROM unnest(ARRAY[
    'SELECT * FROM orders TABLESAMPLE system (1)', E'SELECT * FROM orders AS o\nTableSample bernoulli (1)'
]) AS query;

-- And no others
SELECT lives_ok(format('SELECT guard.check_query(%L)', query), format('%s', to_json(query)))
FROM unnest(ARRAY[
    NULL, '', 'SELECT 1', 'SELECT ''pg_catalog''', 'SELECT * FROM my_pg_catalog.t',
    'SELECT pg_catalogue.x', 'SELECT pg_catalog', 'SELECT U&''\0041''', 'SELECT "u" & "v"',
    'SELECT 1 & 2'
]) AS query;

SELECT * FROM finish();
ROLLBACK;
