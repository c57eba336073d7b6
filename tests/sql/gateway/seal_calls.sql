-- gateway.seal_calls: each call under one seal. What only several transactions show is in tests/test_record.py.
BEGIN;
\ir ../tap.sql
SELECT plan(21);

-- Nobody may, but the server's login.
SELECT be();
SELECT throws_ok('SELECT gateway.seal_calls()', '42501', 'no persona');
SELECT be_dba();
SET LOCAL ROLE storekeeper_dba;
SELECT throws_ok('SELECT gateway.seal_calls()', '42501', 'not the DBA''s role');
SET LOCAL ROLE storekeeper_auditor;
SELECT throws_ok('SELECT gateway.seal_calls()', '42501', 'nor the auditors''');
RESET ROLE;

DELETE FROM gateway.seals;
DELETE FROM gateway.calls;
UPDATE gateway.watermarks SET entry = 1, high = NULL, xid = NULL WHERE what = 'calls';
CREATE FUNCTION pg_temp.record(at timestamptz, request_id text, copies integer DEFAULT 1)
RETURNS void LANGUAGE sql AS $function$
    SELECT gateway.record_calls(jsonb_agg(jsonb_build_object(
        'at', at, 'tool', 'tap', 'outcome', 'ok', 'duration_ms', 0.1, 'request_id', record.request_id || n
    ))) FROM generate_series(1, copies) AS n
$function$;

SELECT is_empty('SELECT * FROM gateway.seal_calls()', 'no calls, no seal');
SELECT pg_temp.record('2026-01-31 23:59:59.999999+00', 'a', 2), pg_temp.record('2026-02-01 00:00:00+00', 'b');
SET LOCAL SESSION AUTHORIZATION storekeeper_gateway;
SELECT results_eq(
    'SELECT seal_id, length(digest), calls FROM gateway.seal_calls()',
    'VALUES (1::bigint, 64, 2), (2::bigint, 64, 1)', 'a seal for each month, in UTC'
);
SELECT is_empty('SELECT * FROM gateway.seal_calls()', 'they have theirs now');
SET LOCAL SESSION AUTHORIZATION DEFAULT;
SELECT results_eq(
    $$SELECT s.seal_id, s.month, s.calls, s.pruned,
            (SELECT string_agg(c.request_id, ' ' ORDER BY c.entry) FROM gateway.calls AS c WHERE c.entry <@ s.entries)
        FROM gateway.seals AS s ORDER BY s.seal_id$$,
    $$VALUES (1::bigint, date '2026-01-01', 2, false, 'a1 a2'), (2, '2026-02-01', 1, false, 'b1')$$,
    'what a seal says'
);

-- Each holds on to the one before, and to its calls.
SELECT results_eq(
    'SELECT s.digest FROM gateway.seals AS s ORDER BY s.seal_id',
    $$SELECT gateway.seal_digest(lag(s.digest) OVER (ORDER BY s.seal_id), s)
        FROM gateway.seals AS s ORDER BY s.seal_id$$, 'digest'
);
SELECT results_eq(
    'SELECT s.rows_digest FROM gateway.seals AS s ORDER BY s.seal_id',
    $$SELECT (SELECT sha256(string_agg(gateway.call_digest(c), '' ORDER BY c.entry))
            FROM gateway.calls AS c WHERE c.entry <@ s.entries)
        FROM gateway.seals AS s ORDER BY s.seal_id$$, 'rows_digest'
);
SELECT is(
    (SELECT length(row_digests) FROM gateway.seals WHERE seal_id = 1), 16, 'eight bytes for each call'
);

-- The next ones
SELECT pg_temp.record('2026-01-15 12:00+00', 'c');
SELECT results_eq(
    'SELECT seal_id, calls FROM gateway.seal_calls()', 'VALUES (3::bigint, 1)',
    'a month may have more than one'
);

-- An entry that was given out before, and comes later
SELECT nextval('gateway.calls_entry_seq') AS early \gset
SELECT pg_temp.record('2026-01-15 12:00+00', 'later');
SELECT results_eq('SELECT calls FROM gateway.seal_calls()', 'VALUES (1)', 'one after it was sealed');
INSERT INTO gateway.calls (entry, at, tool, outcome, duration_ms, request_id)
VALUES (:early, '2026-01-15 12:00+00', 'tap', 'ok', 0.1, 'early');
SELECT is(
    (SELECT count(*) FROM unnest(gateway.unsealed()) AS u JOIN gateway.calls AS c ON c.entry <@ u), 1::bigint,
    'a call that no seal covers, between others that are covered'
);
SELECT results_eq('SELECT calls FROM gateway.seal_calls()', 'VALUES (1)', 'gets its seal');

-- Ten thousand at once
SELECT pg_temp.record('2026-02-02 12:00+00', 'd', 10001);
SELECT results_eq('SELECT calls FROM gateway.seal_calls()', 'VALUES (10000)', '10,000 are the most');
SELECT results_eq('SELECT calls FROM gateway.seal_calls()', 'VALUES (1)', 'the rest comes next');
SELECT is(
    (SELECT sum(calls) FROM gateway.seals), (SELECT count(*) FROM gateway.calls), 'each has its seal'
);
SELECT is(
    (SELECT count(*) FROM gateway.seals AS a JOIN gateway.seals AS b ON a.seal_id < b.seal_id AND a.entries && b.entries),
    0::bigint, 'no entry is under two seals'
);

-- The digests depend on no setting.
SELECT encode(sha256(string_agg(gateway.call_digest(c), '' ORDER BY c.entry)), 'hex') AS digest
FROM gateway.calls AS c \gset
SELECT encode(sha256(string_agg(gateway.seal_digest(NULL, s), '' ORDER BY s.seal_id)), 'hex') AS seals
FROM gateway.seals AS s \gset
SET LOCAL timezone = 'Asia/Kathmandu';
SET LOCAL datestyle = 'SQL, DMY';
SET LOCAL extra_float_digits = -15;
SET LOCAL bytea_output = 'escape';
SET LOCAL intervalstyle = 'iso_8601';
SET LOCAL standard_conforming_strings = off;
SELECT is(
    (SELECT encode(sha256(string_agg(gateway.call_digest(c), '' ORDER BY c.entry)), 'hex') FROM gateway.calls AS c),
    :'digest', 'a call''s digest is the same under other settings'
);
SELECT is(
    (SELECT encode(sha256(string_agg(gateway.seal_digest(NULL, s), '' ORDER BY s.seal_id)), 'hex')
        FROM gateway.seals AS s), :'seals', 'and a seal''s'
);
SELECT throws_ok('SELECT gateway.unsealed() FROM set_config(''role'', ''storekeeper_gateway'', true)', '42501',
    'what is wanting is the gateway''s own matter');

SELECT * FROM finish();
ROLLBACK;
