-- gateway.verify_calls: nothing is changed, taken away or put in unseen.
BEGIN;
\ir ../tap.sql
SELECT plan(37);

SELECT be();
SELECT throws_ok('SELECT * FROM gateway.verify_calls()', '42501', 'no persona may ask');
SELECT be_dba();
SET LOCAL ROLE storekeeper_gateway;
SELECT throws_ok('SELECT * FROM gateway.verify_calls()', '42501', 'nor the server''s login');
RESET ROLE;

-- Four seals: two calls, two of another month, three, one.
DELETE FROM gateway.seals;
DELETE FROM gateway.calls;
UPDATE gateway.watermarks SET entry = 1, high = NULL, xid = NULL WHERE what = 'calls';
ALTER SEQUENCE gateway.calls_entry_seq RESTART 1;
CREATE FUNCTION pg_temp.record(VARIADIC request_ids text[]) RETURNS void LANGUAGE sql AS $function$
    SELECT gateway.record_calls(jsonb_agg(jsonb_build_object(
        'at', CASE WHEN r.id ~ '^b' THEN '2026-02-03' ELSE '2026-01-31' END, 'tool', 'tap', 'outcome', 'ok',
        'duration_ms', 1, 'request_id', r.id, 'arguments', '{"a": 1}'::jsonb
    ))) FROM unnest(request_ids) AS r (id);
$function$;
SELECT is_empty('SELECT * FROM gateway.verify_calls()', 'an empty record is in order');
SELECT pg_temp.record('a1', 'a2');
SELECT results_eq(
    'SELECT seal_id, month, problem FROM gateway.verify_calls()',
    $$VALUES (NULL::bigint, date '2026-01-01', 'calls older than an hour are under no seal: 2, entries 1 to 2; '
        'no server seals them, or they were put in past the server')$$, 'old calls want a seal'
);
SELECT gateway.record_calls(jsonb_build_array(jsonb_build_object(
    'at', now() - interval '59 minutes', 'tool', 'tap', 'outcome', 'ok', 'duration_ms', 1, 'request_id', 'new'
)));
SELECT is((SELECT count(*) FROM gateway.verify_calls()), 1::bigint, 'new ones not yet');
DELETE FROM gateway.calls WHERE request_id = 'new';
SELECT count(*) AS sealed FROM gateway.seal_calls() \gset
SELECT pg_temp.record('b1', 'b2');
SELECT count(*) AS sealed FROM gateway.seal_calls() \gset
SELECT pg_temp.record('c1', 'c2', 'c3');
SELECT count(*) AS sealed FROM gateway.seal_calls() \gset
SELECT pg_temp.record('d1');
SELECT count(*) AS sealed FROM gateway.seal_calls() \gset
-- The watermark moves only from one transaction to another.
UPDATE gateway.watermarks SET entry = 10 WHERE what = 'calls';
SELECT is_empty('SELECT * FROM gateway.verify_calls()', 'all is sealed');
SELECT is((SELECT max(entry) FROM gateway.calls), 9::bigint, 'entry 3 was never written');

-- What it says after this statement, which is undone again.
CREATE FUNCTION pg_temp.says(statement text) RETURNS text LANGUAGE plpgsql AS $function$
DECLARE
    v_said text;
BEGIN
    EXECUTE statement;
    SELECT coalesce(string_agg(concat_ws(' ', v.seal_id, to_char(v.month, 'MM:'), v.problem), E'\n'), 'nothing') INTO v_said
    FROM gateway.verify_calls() AS v;
    RAISE EXCEPTION USING ERRCODE = 'TAP00';
EXCEPTION WHEN SQLSTATE 'TAP00' THEN
    RETURN v_said;
END
$function$;
CREATE FUNCTION pg_temp.finds(statement text, want text, description text) RETURNS text LANGUAGE sql AS $function$
    SELECT is(pg_temp.says(statement), want, description)
$function$;

-- Calls
SELECT pg_temp.finds(
    format('UPDATE gateway.calls SET %s WHERE request_id = ''c2''', change), '3 01: call c2, entry 7, was altered', change
) FROM unnest(ARRAY[
    'principal = ''somebody''', 'outcome = ''NOT_FOUND''', 'arguments = ''{"a": 2}''', 'duration_ms = 2', 'plan = ''''',
    'at = at - interval ''1 microsecond''', 'at = ''2026-02-01''', 'row_count = 0'
]) AS change;
SELECT pg_temp.finds(
    'UPDATE gateway.calls SET request_id = ''x'' WHERE request_id = ''b1''', '2 02: call x, entry 4, was altered',
    'the request id itself'
);
SELECT pg_temp.finds(
    'DELETE FROM gateway.calls WHERE request_id = ''a1''', '1 01: the call with entry 1 was removed', 'a call removed'
);
SELECT pg_temp.finds(
    'DELETE FROM gateway.calls WHERE request_id ~ ''^b''', '2 02: all 2 calls were removed: entries {[4,6)}',
    'all of a seal'
);
SELECT pg_temp.finds(
    'UPDATE gateway.calls SET request_id = CASE request_id WHEN ''c1'' THEN ''c3'' ELSE ''c1'' END'
    ' WHERE request_id IN (''c1'', ''c3'')',
    E'3 01: call c3, entry 6, was altered\n3 01: call c1, entry 8, was altered', 'two exchanged'
);
SELECT pg_temp.finds(
    'INSERT INTO gateway.calls (entry, at, tool, outcome, duration_ms, request_id)'
    ' VALUES (7, ''2026-01-01'', ''tap'', ''ok'', 1, ''y'')',
    '3 01: call y was added with entry 7 of another', 'one added under an entry that is taken'
);
SELECT ok(
    pg_temp.says(
        'INSERT INTO gateway.calls (entry, at, tool, outcome, duration_ms, request_id)'
        ' VALUES (3, now(), ''tap'', ''ok'', 1, ''y'')'
    ) ~ '^\d\d: the record has moved on, and under no seal is call y, entry 3: put in past the server',
    'one added under an entry that never was'
);
SELECT pg_temp.finds(
    'UPDATE gateway.calls SET entry = 3 WHERE request_id = ''d1''',
    E'4 01: all 1 calls were removed: entries {[9,10)}\n01: the record has moved on, and under no seal is call d1, entry 3: '
    'put in past the server, or its seal was removed', 'one moved'
);

-- The watermark
SELECT pg_temp.finds('DELETE FROM gateway.watermarks', 'nothing', 'without a watermark all is well still');
SELECT is(
    pg_temp.says(
        'UPDATE gateway.watermarks SET entry = 1000 WHERE what = ''calls'';'
        'SELECT pg_temp.record(''e1''); SELECT gateway.seal_calls()'
    ),
    '01: the record has moved on, and under no seal is call e1, entry 10: put in past the server, or its seal was removed',
    'one that was moved ahead leaves calls without a seal'
);

-- Seals
SELECT pg_temp.finds(
    format('UPDATE gateway.seals SET %s WHERE seal_id = 2', change),
    '2 02: seal 2 was altered, or stands where another was', change
) FROM unnest(ARRAY['digest = ''\x00''', 'sealed_at = sealed_at - interval ''1 day''']) AS change;
SELECT ok(
    pg_temp.says(format('UPDATE gateway.seals SET %s WHERE seal_id = 2', change))
        ~ '^2 \d\d: seal 2 was altered, or stands where another was(\n2 |$)', change
) FROM unnest(ARRAY['month = ''2026-03-01''', 'calls = 3', 'rows_digest = ''\x00''', 'entries = ''{[4,5)}''']) AS change;
SELECT pg_temp.finds(
    'DELETE FROM gateway.seals WHERE seal_id = 2',
    E'3 01: seal 2 was removed\n02: the record has moved on, and under no seal are 2 calls, entries 4 to 5: '
    'put in past the server, or its seal was removed', 'a seal removed'
);
SELECT pg_temp.finds(
    'DELETE FROM gateway.seals WHERE seal_id <= 2; DELETE FROM gateway.calls WHERE entry < 6',
    '3 01: seals 1 to 2 were removed', 'the first ones, with their calls'
);
SELECT ok(
    pg_temp.says('UPDATE gateway.seals SET seal_id = -1 WHERE seal_id = 2; UPDATE gateway.seals SET seal_id = 2 WHERE seal_id = 3;'
        'UPDATE gateway.seals SET seal_id = 3 WHERE seal_id = -1')
        ~ '^2 01: seal 2 was altered, or stands where another was\n3 02: seal 3 was altered', 'two in another order'
);
SELECT pg_temp.finds(
    $$UPDATE gateway.calls SET row_count = 0 WHERE request_id = 'c2';
    UPDATE gateway.seals AS s SET row_digests = (
        SELECT string_agg(substr(gateway.call_digest(c), 1, 8), '' ORDER BY c.entry) FROM gateway.calls AS c WHERE c.entry <@ s.entries
    ) WHERE s.seal_id = 3$$,
    '3 01: the calls of seal 3 are not those that it was put on', 'a call altered with what would tell which'
);
SELECT pg_temp.finds(
    'DELETE FROM gateway.seals WHERE seal_id = 4; DELETE FROM gateway.calls WHERE entry = 9', 'nothing',
    'the newest seal taken away with its calls is for the servers'' logs to show'
);

-- What retention dropped
SELECT pg_temp.finds(
    'UPDATE gateway.seals SET pruned = true, row_digests = NULL WHERE month = ''2026-02-01'';'
    'DELETE FROM gateway.calls WHERE at >= ''2026-02-01''', 'nothing', 'seals of a month that was dropped are links alone'
);
SELECT pg_temp.finds(
    'UPDATE gateway.seals SET pruned = true, row_digests = NULL, digest = ''\x00'' WHERE month = ''2026-02-01''',
    '2 02: seal 2 was altered, or stands where another was', 'and no weaker'
);

SELECT * FROM finish();
ROLLBACK;
