-- gateway.record_calls: the servers' record of calls.
BEGIN;
\ir ../tap.sql
SELECT plan(18);

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
    $$SELECT * FROM gateway.calls WHERE tool LIKE 'tap\_%' ORDER BY at$$,
    $$VALUES (timestamptz '2026-01-02 03:04:05.678+00', 'tap_one', 'seattle@zava.example', 'ok',
            12.5::double precision, 3, 'r1'),
        ('2026-01-02 03:04:06+00', 'tap_two', NULL, 'NOT_FOUND', 0, NULL, 'r2')$$,
    'each is as it was given'
);
SELECT is((SELECT count(*) FROM gateway.calls), :before + 2::bigint, 'and nothing else is there');

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
