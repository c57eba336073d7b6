-- gateway.record_calls: the servers' record of calls.
BEGIN;
\ir ../tap.sql
SELECT plan(22);

CREATE FUNCTION pg_temp.records(calls text, code text, description text)
RETURNS text LANGUAGE sql AS $function$
    SELECT throws_ok(format('SELECT gateway.record_calls(%L)', calls), code, description)
$function$;
SELECT count(*) AS before FROM gateway.calls \gset

-- Nobody may, but the server's login.
SELECT be();
SELECT pg_temp.records('[]', '42501', 'no persona');
SELECT be('analyst@zava.example');
SELECT pg_temp.records('[]', '42501', 'not head office');
SELECT be_dba();
SET LOCAL ROLE storekeeper_dba;
SELECT pg_temp.records('[]', '42501', 'not the DBA''s role');
RESET ROLE;

-- The server
SET LOCAL SESSION AUTHORIZATION storekeeper_gateway;
SELECT lives_ok(
    $$SELECT gateway.record_calls('[
        {"at": "2026-01-02T03:04:05.678Z", "tool": "tap_one", "principal": "seattle@zava.example",
         "outcome": "ok", "duration_ms": 12.5, "row_count": 3, "request_id": "r1"},
        {"at": "2026-01-02T03:04:06Z", "tool": "tap_two", "principal": null,
         "outcome": "NOT_FOUND", "duration_ms": 0, "row_count": null, "request_id": "r2",
         "other": "what is not asked for"}]')$$,
    'two calls in one batch'
);
SELECT lives_ok($$SELECT gateway.record_calls('[]')$$, 'an empty batch');
SELECT lives_ok('SELECT gateway.record_calls(NULL)', 'none');
SELECT throws_ok('SELECT * FROM gateway.calls', '42501', 'the server can''t read them');
SELECT throws_ok('DELETE FROM gateway.calls', '42501', 'nor take them back');
SET LOCAL SESSION AUTHORIZATION DEFAULT;

SELECT results_eq(
    $$SELECT at, tool, principal, outcome, duration_ms, row_count, request_id, retries, cached
        FROM gateway.calls WHERE tool LIKE 'tap\_%' ORDER BY at$$,
    $$VALUES (timestamptz '2026-01-02 03:04:05.678+00', 'tap_one', 'seattle@zava.example', 'ok',
            12.5::double precision, 3, 'r1', 0, false),
        ('2026-01-02 03:04:06+00', 'tap_two', NULL, 'NOT_FOUND', 0, NULL, 'r2', 0, false)$$,
    'each is as it was given'
);
SELECT is((SELECT count(*) FROM gateway.calls), :before + 2::bigint, 'and nothing else is there');

-- All that a server can tell
SELECT gateway.record_calls(jsonb_build_array(jsonb_build_object(
    'at', '2026-01-02T03:04:05Z', 'tool', 'tap_all', 'principal', 'seattle@zava.example',
    'outcome', 'QUERY_TIMEOUT', 'sqlstate', '57014', 'duration_ms', 5001.5, 'db_ms', 5000.25,
    'row_count', 7, 'bytes', 1234, 'retries', 2, 'request_id', 'r3',
    'trace_id', '0af7651916cd43dd8448eb211c80319c', 'arguments', '{"a": [1, null]}'::jsonb, 'cached', true,
    'server', 'one:42', 'statement', 'SELECT 1  -- one', 'plan', 'Filter: (email = ''it''''s@x''::text)',
    'entry', -5
)));
SELECT results_eq(
    $$SELECT entry > 0, outcome, sqlstate, duration_ms, db_ms, row_count, bytes, retries, request_id, trace_id,
            arguments, cached, server, statement, plan
        FROM gateway.calls WHERE tool = 'tap_all'$$,
    $$VALUES (true, 'QUERY_TIMEOUT', '57014', 5001.5, 5000.25, 7, 1234, 2, 'r3',
        '0af7651916cd43dd8448eb211c80319c', '{"a": [1, null]}'::jsonb, true, 'one:42', 'SELECT ?',
        'Filter: (email = ?::text)')$$,
    'all of it is kept, the statement and the plan without literals, and entry is given out here'
);
SELECT gateway.record_calls(jsonb_build_array(jsonb_build_object(
    'at', a.at, 'tool', 'tap_' || a.n, 'outcome', 'ok', 'duration_ms', 1, 'request_id', 'r',
    'arguments', jsonb_build_object('a', repeat('x', a.n))
)))
FROM (VALUES (timestamptz '1999-01-01', 8184), (now(), 8183), ('2999-12-31', 3)) AS a (at, n);
SELECT results_eq(
    $$SELECT octet_length(arguments::text), arguments ->> 'bytes' FROM gateway.calls
        WHERE tool ~ '^tap_\d+$' ORDER BY at$$,
    $$VALUES (34, '8193'), (8192, NULL), (12, NULL)$$, 'of arguments beyond 8 kB only the size'
);
SELECT is_empty(
    $$SELECT tool FROM gateway.calls WHERE tool ~ '^tap_\d+$'
        AND (tableoid = 'gateway.calls_default'::regclass) <> (at < '2000-01-01' OR at > '2900-01-01')$$,
    'calls of months without a partition are kept, too'
);
SELECT results_eq(
    $$SELECT count(*) - count(DISTINCT entry), max(entry) - min(entry) FROM gateway.calls WHERE tool ~ '^tap_'$$,
    'VALUES (0::bigint, 5::bigint)', 'entries are given out one by one'
);
DELETE FROM gateway.calls WHERE tool ~ '^tap_(all|\d+)$';

-- What is no call
SELECT pg_temp.records('[{}]', '23502', 'a call without anything');
SELECT pg_temp.records(
    '[{"at": "2026-01-02", "tool": "t", "outcome": "ok", "duration_ms": 1}]', '23502',
    'one without a request'
);
SELECT pg_temp.records(
    '[{"at": "yesterday noon", "tool": "t", "outcome": "ok", "duration_ms": 1,
       "request_id": "r"}]', '22007', 'one at no time'
);
SELECT pg_temp.records(
    '[{"at": "2026-01-02", "tool": "t", "outcome": "ok", "duration_ms": "long",
       "request_id": "r"}]', '22P02', 'one that took no number'
);
SELECT pg_temp.records(
    '[{"at": "2026-01-02", "tool": "t", "outcome": "ok", "duration_ms": 1, "row_count": 3000000000,
       "request_id": "r"}]', '22003', 'one of three billion rows'
);
SELECT pg_temp.records('{}', '22023', 'no list');
SELECT pg_temp.records('[1]', '22023', 'a list of something else');
SELECT is(
    (SELECT count(*) FROM gateway.calls), :before + 2::bigint, 'a bad batch leaves nothing behind'
);

SELECT * FROM finish();
ROLLBACK;
