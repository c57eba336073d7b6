-- gateway.performance: figures that were worked out by hand.
BEGIN;
\ir ../tap.sql
SELECT plan(21);

CREATE FUNCTION pg_temp.record(
    tool text, duration_ms double precision, outcome text DEFAULT 'ok', more jsonb DEFAULT '{}', ago interval DEFAULT '1 h'
) RETURNS void LANGUAGE sql AS $function$
    SELECT gateway.record_calls(jsonb_build_array(jsonb_build_object(
        'at', now() - ago, 'tool', tool, 'outcome', outcome, 'duration_ms', duration_ms, 'request_id', 'r'
    ) || more))
$function$;
DELETE FROM gateway.calls;
-- Five: 10, 20, 30, 40 and 100 ms, see stats.sql. 60 of the 80 ms in which the database worked.
SELECT pg_temp.record('tap_five', ms, 'ok', '{"db_ms": 10}') FROM unnest('{20, 40, 10}'::double precision[]) AS ms;
SELECT pg_temp.record('tap_five', 100, 'QUERY_TIMEOUT', '{"db_ms": 30, "retries": 2}'),
    pg_temp.record('tap_five', 30, 'VALIDATION_ERROR', '{"cached": true}', '10 minutes'),
    pg_temp.record('tap_five', 5000, 'ok', '{}', '25 hours');
SELECT pg_temp.record('tap_two', 1, 'NOT_FOUND', '{"retries": 1}'), pg_temp.record('tap_two', 2, 'NOT_FOUND', '{"db_ms": 20}');
-- Queries: three of one form, one of another.
SELECT pg_temp.record('tap_slow', 200, 'ok', '{"statement": "SELECT 1", "request_id": "q1", "row_count": 5}'),
    pg_temp.record('tap_slow', 300, 'QUERY_TIMEOUT', '{"statement": "SELECT  2", "request_id": "q2", "plan": "Result"}'),
    pg_temp.record('tap_slow', 100, 'ok', '{"statement": "SELECT 3", "request_id": "q3"}'),
    pg_temp.record('tap_slow', 250, 'ok', '{"statement": "SELECT a", "request_id": "q4"}');

-- Nobody may ask, but the DBA, auditors and operators.
SELECT be();
SELECT throws_ok('SELECT gateway.performance()', '42501', 'no persona');
SELECT be('analyst@zava.example');
SELECT throws_ok('SELECT gateway.performance()', '42501', 'not head office');
SELECT be_dba();
SET LOCAL ROLE storekeeper_gateway;
SELECT throws_ok('SELECT gateway.performance()', '42501', 'not the server''s login');
SET LOCAL ROLE storekeeper_dba;
SELECT lives_ok('SELECT gateway.performance()', 'the DBA''s role');
SET LOCAL ROLE storekeeper_auditor;
SELECT lives_ok('SELECT gateway.performance()', 'auditors');
SET LOCAL ROLE operators;
SELECT lives_ok('SELECT gateway.performance()', 'operators');

SELECT is(
    gateway.performance()::jsonb -> 'totals',
    '{"calls": 11, "errors": 5, "cached": 1, "retries": 3, "p50_ms": 40.0, "p95_ms": 275.0, "p99_ms": 295.0}'::jsonb, 'totals'
);
SELECT is(
    gateway.performance()::jsonb -> 'tools' -> 0,
    jsonb_build_object(
        'tool', 'tap_five', 'calls', 5, 'errors', 2, 'errors_by_code', '{"QUERY_TIMEOUT": 1, "VALIDATION_ERROR": 1}'::jsonb,
        'retries', 2, 'cached', 1, 'p50_ms', 30.0, 'p95_ms', 88.0, 'p99_ms', 97.6, 'slowest_ms', 100.0,
        'db_share_percent', 75.0,
        'last_call', to_char((now() - interval '10 minutes') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
    ), 'a tool'
);
SELECT is(
    ARRAY(SELECT t ->> 'tool' FROM jsonb_array_elements(gateway.performance()::jsonb -> 'tools') AS t),
    '{tap_five,tap_slow,tap_two}', 'the most called first, then by name'
);
SELECT is(
    gateway.performance()::jsonb #> '{tools,2,errors_by_code}', '{"NOT_FOUND": 2}', 'errors are counted by code'
);
SELECT is(gateway.performance()::jsonb #> '{tools,1,db_share_percent}', 'null', 'without times there is no share');

-- Queries
SELECT results_eq(
    $$SELECT q ->> 'statement', q ->> 'request_id', q -> 'calls', q -> 'duration_ms', q ->> 'outcome', q ->> 'plan'
        FROM jsonb_array_elements(gateway.performance()::jsonb -> 'slow_queries') AS q$$,
    $$VALUES ('SELECT ?', 'q2', 3, 300.0, 'QUERY_TIMEOUT', 'Result'), ('SELECT a', 'q4', 1, 250.0, 'ok', NULL)$$,
    'the slowest of each form, and how many there were'
);
SELECT is(jsonb_array_length(gateway.performance(slow => 1)::jsonb -> 'slow_queries'), 1, 'no more than asked for');
SELECT is(gateway.performance(slow => 0)::jsonb -> 'slow_queries', '[]', 'none');

-- Of one tool; of another span
SELECT is(gateway.performance(tool => 'tap_two')::jsonb #> '{totals,calls}', '2', 'one tool');
SELECT is(gateway.performance(tool => 'tap_two')::jsonb #> '{tools,0,db_share_percent}', '100.0', 'has all of its time');
SELECT is(gateway.performance('2 days')::jsonb #> '{totals,calls}', '12', 'two days');
SELECT is(gateway.performance('30 minutes')::jsonb #> '{totals,calls}', '1', 'half an hour');
SELECT is(
    gateway.performance('30 minutes')::jsonb -> 'window',
    jsonb_build_object(
        'from', to_char((now() - interval '30 minutes') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
        'to', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'hours', 0.5
    ), 'from when to when'
);
SELECT is(
    gateway.performance(tool => 'tap_none')::jsonb - 'window',
    '{"totals": {"calls": 0, "errors": 0, "cached": 0, "retries": 0, "p50_ms": null, "p95_ms": null, "p99_ms": null},
      "tools": [], "slow_queries": []}'::jsonb, 'nothing is told of no calls'
);
SET LOCAL timezone = 'Asia/Kathmandu';
SELECT is(
    gateway.performance()::jsonb #>> '{window,to}', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
    'times are UTC, whatever the session''s zone'
);
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
