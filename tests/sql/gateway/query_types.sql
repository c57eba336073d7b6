-- gateway.query_types: the types of a query's columns, which is not run.
BEGIN;
\ir ../tap.sql
SELECT plan(27);

CREATE FUNCTION pg_temp.refuses(query text, code text, description text)
RETURNS text LANGUAGE sql AS $function$
    SELECT throws_ok(format('SELECT gateway.query_types(%L, 1)', query), code, description)
$function$;
CREATE FUNCTION tap.writes() RETURNS integer LANGUAGE plpgsql VOLATILE AS $function$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'TAP00', MESSAGE = 'It was run.';
END
$function$;

-- Only the sandboxes call it.
SELECT be('analyst@zava.example');
SELECT pg_temp.refuses('SELECT 1', '42501', 'no persona');
SELECT be_dba();
SET LOCAL ROLE storekeeper_gateway;
SELECT pg_temp.refuses('SELECT 1', '42501', 'not the server''s login');
SET LOCAL ROLE storekeeper_dba;
SELECT pg_temp.refuses('SELECT 1', '42501', 'not the DBA''s role');

-- The manager's
SELECT be('seattle@zava.example');
SET LOCAL ROLE NONE;
SET LOCAL ROLE sandbox_store_managers;
SET LOCAL search_path = guard, pg_catalog, tap, retail, public, pg_temp;
SELECT is(gateway.query_types(query, cardinality(types)), types, format('%s', to_json(query)))
FROM (
    VALUES ('SELECT 1', '{integer}'::text[]),
        ('SELECT 1 AS a, ''x'' AS a, NULL AS a', '{integer,text,text}'),
        ('SELECT 1.5, now(), ''{1}''::bigint[], row(1)',
            '{numeric,timestamp with time zone,bigint[],record}'),
        ('SELECT order_id, total_amount FROM orders', '{uuid,numeric}'),
        ('TABLE categories', '{smallint,character varying}'),
        ('VALUES (1, true)', '{integer,boolean}'),
        ('SELECT 1 UNION ALL SELECT 2.5 ORDER BY 1 LIMIT 1', '{numeric}'),
        ('WITH a AS (SELECT date ''2026-01-01'' AS d) SELECT d FROM a', '{date}'),
        ('SELECT 1;', '{integer}'), ('SELECT 1 ; ;', '{integer}'), ('SELECT 1 -- why', '{integer}'),
        (E'SELECT 1; -- why\n', '{integer}'), ('SELECT 1; /* why; */', '{integer}'),
        ('SELECT '';'' -- ;', '{text}'), ('SELECT ''; -- '' AS a;', '{text}'),
        ('SELECT 1 AS a WHERE false', '{integer}'),
        ('SELECT tap.writes()', '{integer}'), ('SELECT 1 / (total_amount * 0) FROM orders', '{numeric}')
) AS t (query, types);
SELECT is(
    gateway.query_types('SELECT 1; SELECT 2', 1), '{unknown}',
    'of what is no single SELECT nothing is known'
);
SELECT is(gateway.query_types('SELECT (', 2), '{unknown,unknown}', 'nor of what is none');

-- What one may not read, or may not name
SELECT pg_temp.refuses('SELECT name FROM gateway.keys', '42501', 'a table of the gateway''s');
SELECT pg_temp.refuses('SELECT ctid FROM orders', '42501', 'a hidden column');
SELECT pg_temp.refuses(
    'SELECT pg_catalog.repeat(''x'', 100000000)', 'SK403', 'a built-in behind the guards'
);
SELECT pg_temp.refuses(
    'SELECT 1) AS q (c1) ON true; DELETE FROM orders; SELECT FROM (SELECT) AS q LEFT JOIN (SELECT 1',
    '0A000', 'a way out, and a write'
);

SELECT * FROM finish();
ROLLBACK;
