-- gateway.call_digest: no column of a call can change without it.
BEGIN;
\ir ../tap.sql
SELECT plan(23);

DELETE FROM gateway.calls;
SELECT gateway.record_calls(jsonb_build_array(
    jsonb_build_object(
        'at', '2026-01-02T03:04:05.678901Z', 'tool', 'tap', 'outcome', 'ok', 'duration_ms', 0.1,
        'request_id', 'r', 'db_ms', 1, 'row_count', 1, 'bytes', 1
    )
));
-- Seen from outside, too, so that no change of the form goes unnoticed: old seals would no longer fit.
UPDATE gateway.calls SET entry = 1;
SELECT is(
    encode(gateway.call_digest(c), 'hex'),
    encode(sha256(convert_to(
        '[1, "1767323045.678901", "tap", null, "ok", null, "3fb999999999999a", "3ff0000000000000", 1, 1, 0, "r", '
        'null, null, false, null, null, null]', 'UTF8'
    )), 'hex'),
    'its form'
) FROM gateway.calls AS c;

CREATE FUNCTION pg_temp.tells(set_clause text) RETURNS boolean LANGUAGE plpgsql AS $function$
DECLARE
    v_before bytea := (SELECT gateway.call_digest(c) FROM gateway.calls AS c);
    v_after  bytea;
BEGIN
    EXECUTE 'UPDATE gateway.calls SET ' || set_clause;
    SELECT gateway.call_digest(c) INTO v_after FROM gateway.calls AS c;
    RETURN v_before <> v_after;
END
$function$;
SELECT ok(pg_temp.tells(change), change) FROM unnest(ARRAY[
    'entry = entry + 1', 'at = at + interval ''1 microsecond''', 'tool = ''other''', 'principal = ''''',
    'outcome = ''OK''', 'sqlstate = ''57014''', 'duration_ms = 0.1::double precision + 1e-16', 'db_ms = NULL',
    'row_count = NULL', 'bytes = 0', 'retries = 1', 'request_id = ''R''', 'trace_id = ''0''',
    'arguments = ''{"a": 1}''', 'arguments = ''{"a": "1"}''', 'cached = true', 'server = ''s''',
    'statement = ''s''', 'plan = ''p'''
]) AS change;
SELECT is(
    (SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute AS a
        WHERE a.attrelid = 'gateway.calls'::regclass AND a.attnum > 0 AND NOT a.attisdropped),
    '{entry,at,tool,principal,outcome,sqlstate,duration_ms,db_ms,row_count,bytes,retries,request_id,trace_id,arguments,'
    'cached,server,statement,plan}'::text[], 'these are all columns'
);
-- Columns don't run into one another.
SELECT isnt(
    gateway.call_digest((1, 'epoch', 'a', 'b', '', '', 0, 0, 0, 0, 0, '', '', NULL, false, '', '', '')::gateway.calls),
    gateway.call_digest((1, 'epoch', 'a", "b', NULL, '', '', 0, 0, 0, 0, 0, '', '', NULL, false, '', '', '')::gateway.calls),
    'a text can''t pass for two'
);

SELECT be();
SELECT throws_ok('SELECT gateway.call_digest(NULL)', '42501', 'no persona asks');
SELECT be_dba();

SELECT * FROM finish();
ROLLBACK;
