-- gateway.stats: figures that were worked out by hand.
BEGIN;
\ir ../tap.sql
SELECT plan(15);

CREATE FUNCTION pg_temp.record(
    tool text, duration_ms double precision, outcome text DEFAULT 'ok', ago interval DEFAULT '1 h'
) RETURNS void LANGUAGE sql AS $function$
    SELECT gateway.record_calls(jsonb_build_array(jsonb_build_object(
        'at', now() - ago, 'tool', tool, 'outcome', outcome, 'duration_ms', duration_ms,
        'request_id', 'r'
    )))
$function$;

-- Five calls: 10, 20, 30, 40 and 100 ms. Between the fourth and the fifth lie 60 ms, of which
-- p95 takes 0.95 * 4 - 3 = 0.8 and p99 0.96.
SELECT pg_temp.record('tap_five', ms) FROM unnest('{100, 20, 40, 10}'::double precision[]) AS ms;
SELECT pg_temp.record('tap_five', 30, 'VALIDATION_ERROR', '10 minutes');
SELECT pg_temp.record('tap_five', 5000, 'ok', '25 hours');
-- Two: 1 and 2 ms, both in error.
SELECT pg_temp.record('tap_two', 1, 'NOT_FOUND'), pg_temp.record('tap_two', 2, 'MCP_ERROR');
SELECT pg_temp.record('tap_one', 0.26);
SELECT pg_temp.record('tap_other', 7);

-- Nobody may ask, but the DBA's role.
SELECT be();
SELECT throws_ok('SELECT * FROM gateway.stats()', '42501', 'no persona');
SELECT be('analyst@zava.example');
SELECT throws_ok('SELECT * FROM gateway.stats()', '42501', 'not head office');
SELECT be_dba();
SET LOCAL ROLE storekeeper_gateway;
SELECT throws_ok('SELECT * FROM gateway.stats()', '42501', 'not the server''s login');

-- The DBA
SET LOCAL ROLE storekeeper_dba;
SELECT results_eq(
    $$SELECT calls, errors, last_call FROM gateway.stats() WHERE tool = 'tap_five'$$,
    $$VALUES (5::bigint, 1::bigint, now() - interval '10 minutes')$$,
    'calls, errors and the last of 24 hours'
);
SELECT results_eq(
    $$SELECT p50_ms, p95_ms, p99_ms, slowest_ms FROM gateway.stats() WHERE tool = 'tap_five'$$,
    'VALUES (30.0, 88.0, 97.6, 100.0)', 'their times'
);
SELECT results_eq(
    $$SELECT calls, errors, p50_ms, p95_ms, p99_ms, slowest_ms
        FROM gateway.stats() WHERE tool = 'tap_two'$$,
    'VALUES (2::bigint, 2::bigint, 1.5, 2.0, 2.0, 2.0)', 'of two, rounded to a tenth'
);
SELECT results_eq(
    $$SELECT p50_ms, p95_ms, p99_ms, slowest_ms FROM gateway.stats() WHERE tool = 'tap_one'$$,
    'VALUES (0.3, 0.3, 0.3, 0.3)', 'of one they are its own'
);
SELECT results_eq(
    $$SELECT tool FROM gateway.stats() WHERE tool LIKE 'tap\_%'$$,
    $$VALUES ('tap_five'), ('tap_two'), ('tap_one'), ('tap_other')$$,
    'the most called first, then by name'
);

-- What came later
SELECT results_eq(
    $$SELECT errors_by_code::text, retries, cached FROM gateway.stats() WHERE tool = 'tap_two'$$,
    $$VALUES ('{ "MCP_ERROR" : 1, "NOT_FOUND" : 1 }', 0::bigint, 0::bigint)$$, 'errors by code'
);
SET LOCAL ROLE storekeeper_auditor;
SELECT results_eq(
    $$SELECT errors_by_code::text FROM gateway.stats() WHERE tool = 'tap_one'$$, $$VALUES ('{}')$$, 'for auditors, too'
);
SET LOCAL ROLE storekeeper_dba;

-- Another span
SELECT results_eq(
    $$SELECT calls, slowest_ms FROM gateway.stats('2 days') WHERE tool = 'tap_five'$$,
    'VALUES (6::bigint, 5000.0)', 'two days have the call of yesterday'
);
SELECT results_eq(
    $$SELECT calls, p50_ms FROM gateway.stats('30 minutes') WHERE tool LIKE 'tap\_%'$$,
    'VALUES (1::bigint, 30.0)', 'half an hour has the last alone'
);
SELECT is_empty(
    $$SELECT 1 FROM gateway.stats('10 minutes') WHERE tool LIKE 'tap\_%'$$,
    'a call just as old as the span is outside it'
);
SELECT is_empty($$SELECT 1 FROM gateway.stats('0')$$, 'no time has no calls');
SELECT is_empty('SELECT 1 FROM gateway.stats(NULL)', 'nor has NULL');

SELECT * FROM finish();
ROLLBACK;
