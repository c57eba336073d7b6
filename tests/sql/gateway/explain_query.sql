-- gateway.explain_query: a plan's form; how its text is split is in gateway/run_query.sql.
BEGIN;
\ir ../tap.sql
SELECT plan(30);

CREATE FUNCTION pg_temp.plan_of(query text) RETURNS text LANGUAGE sql AS $function$
    SELECT string_agg(e, E'\n') FROM gateway.explain_query(query) AS e
$function$;
CREATE FUNCTION pg_temp.refuses(query text, code text, description text)
RETURNS text LANGUAGE sql AS $function$
    SELECT throws_ok(format('SELECT gateway.explain_query(%L)', query), code, description)
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
SELECT is(pg_temp.plan_of('SELECT 1'), 'Result', 'a plan');
SELECT ok(pg_temp.plan_of('SELECT * FROM orders') ~ 'orders', 'of a table');
SELECT ok(
    pg_temp.plan_of('SELECT 1 FROM orders JOIN stores USING (store_id) ORDER BY total_amount')
        ~ 'Sort Key: orders.total_amount', 'of several, with what is sorted by'
);
SELECT ok(
    pg_temp.plan_of('SELECT o.status, count(*) FROM orders AS o GROUP BY 1')
        !~ '[0-9]\.\.|cost|rows|width|time',
    'it has no figures: they count everybody''s rows'
);
SELECT is(pg_temp.plan_of('SELECT tap.writes()'), 'Result', 'nothing is run');
SELECT is(pg_temp.plan_of('SELECT 1;'), 'Result', 'a semicolon does no harm');

-- Options, and ways out of them
SELECT pg_temp.refuses(query, '42601', query)
FROM unnest(ARRAY[
    '(ANALYZE) SELECT 1', 'ANALYZE SELECT 1', 'VERBOSE SELECT 1', '(COSTS ON) SELECT 1',
    ') SELECT 1', ', ANALYZE) SELECT 1', '', '; SELECT 1', '-- why', 'VACUUM', 'SET ROLE head_office'
]) AS query;
SELECT pg_temp.refuses(query, '42P11', query)
FROM unnest(ARRAY[
    'SELECT 1; SELECT 2', 'SELECT 1; DELETE FROM orders', 'SELECT 1; EXPLAIN ANALYZE SELECT 1'
]) AS query;

-- What one may not read, or may not name
SELECT pg_temp.refuses('SELECT * FROM gateway.keys', '42501', 'a table of the gateway''s');
SELECT pg_temp.refuses('SELECT ctid FROM orders', '42501', 'a hidden column');
SELECT pg_temp.refuses('DELETE FROM orders', '42501', 'a write that one has no right to');
SELECT pg_temp.refuses('SELECT 1 FROM nowhere', '42P01', 'a table that is not there');
SELECT pg_temp.refuses(
    'SELECT pg_catalog.repeat(''x'', 100000000)', 'SK403', 'a built-in behind the guards'
);
SELECT pg_temp.refuses(
    'SELECT repeat(''x'', 100000000)', 'SK429', 'which the planner would have worked out'
);
SELECT pg_temp.refuses('SELECT ' || rpad('1', 7994, ' '), 'SK400', 'more than 8000 characters');

SELECT * FROM finish();
ROLLBACK;
