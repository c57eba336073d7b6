-- gateway.maintain: room for the months that come, and an end to those that were kept.
BEGIN;
\ir ../tap.sql
SELECT plan(21);

SELECT be();
SELECT throws_ok('SELECT gateway.maintain()', '42501', 'no persona');
SELECT be_dba();
SET LOCAL ROLE storekeeper_dba;
SELECT throws_ok('SELECT gateway.maintain()', '42501', 'not the DBA''s role');
RESET ROLE;

CREATE FUNCTION pg_temp.partitions() RETURNS text LANGUAGE sql AS $function$
    SELECT string_agg(c.relname, ' ' ORDER BY c.relname)
    FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'gateway.calls'::regclass
$function$;
CREATE FUNCTION pg_temp.month(n integer) RETURNS text LANGUAGE sql AS $function$
    SELECT to_char(date_trunc('month', now() AT TIME ZONE 'UTC') + n * interval '1 month', '"calls_"YYYY_MM')
$function$;
CREATE FUNCTION pg_temp.record(at timestamptz, request_id text) RETURNS void LANGUAGE sql AS $function$
    SELECT gateway.record_calls(jsonb_build_array(jsonb_build_object(
        'at', at, 'tool', 'tap', 'outcome', 'ok', 'duration_ms', 1, 'request_id', request_id
    )))
$function$;
CREATE FUNCTION pg_temp.place(request_id text) RETURNS text LANGUAGE sql AS $function$
    SELECT c.tableoid::regclass::text FROM gateway.calls AS c WHERE c.request_id = place.request_id
$function$;
DELETE FROM gateway.seals;
DELETE FROM gateway.calls;
UPDATE gateway.watermarks SET entry = 1, high = NULL, xid = NULL WHERE what = 'calls';

SELECT gateway.maintain();
SELECT is(
    pg_temp.partitions(), concat_ws(' ', pg_temp.month(0), pg_temp.month(1), pg_temp.month(2), 'calls_default'),
    'this month and the next two'
);

-- Without partitions, calls are kept all the same, and moved when there are.
DO $do$
BEGIN
    EXECUTE format('DROP TABLE gateway.%I, gateway.%I', pg_temp.month(0), pg_temp.month(1));
END
$do$;
SELECT pg_temp.record(now(), 'now'), pg_temp.record(now() - interval '12 months', 'year'),
    pg_temp.record(date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC', 'first'),
    pg_temp.record((date_trunc('month', now() AT TIME ZONE 'UTC') + interval '1 month') AT TIME ZONE 'UTC', 'next'),
    pg_temp.record(now() + interval '5 years', 'future'), pg_temp.record('1999-01-01', 'past');
SELECT is(
    (SELECT count(*) FROM ONLY gateway.calls_default), 6::bigint, 'all six are in the default partition'
);
SELECT count(*) AS sealed FROM gateway.seal_calls() \gset
SET LOCAL ROLE storekeeper_gateway;
SELECT lives_ok('SELECT gateway.maintain()', 'the server''s login');
RESET ROLE;
SELECT is(
    pg_temp.partitions(),
    concat_ws(' ', pg_temp.month(-12), pg_temp.month(0), pg_temp.month(1), pg_temp.month(2), 'calls_default'),
    'a partition for each month that has calls and is kept'
);
SELECT is(pg_temp.place('now'), 'gateway.' || pg_temp.month(0), 'a call of this month is moved');
SELECT is(pg_temp.place('first'), 'gateway.' || pg_temp.month(0), 'one of its first moment');
SELECT is(pg_temp.place('next'), 'gateway.' || pg_temp.month(1), 'and of the next one''s');
SELECT is(pg_temp.place('year'), 'gateway.' || pg_temp.month(-12), 'one of a year ago');
SELECT is(pg_temp.place('future'), 'gateway.calls_default', 'one of a clock that is wrong stays');
SELECT is(pg_temp.place('past'), NULL, 'one from before what is kept is gone');
SELECT results_eq(
    'SELECT month, pruned, row_digests IS NULL FROM gateway.seals WHERE pruned',
    $$VALUES (date '1999-01-01', true, true)$$, 'its seal stays, pruned'
);
SELECT is_empty('SELECT * FROM gateway.verify_calls()', 'the record is in order');
SELECT results_eq(
    $$SELECT count(*) FROM pg_index AS i WHERE i.indrelid = ('gateway.' || pg_temp.month(0))::regclass AND i.indisvalid$$,
    'VALUES (2::bigint)', 'a new partition has the indexes'
);

-- Retention
SELECT gateway.keep('calls', '2 months');
SELECT gateway.maintain();
SELECT is(
    pg_temp.partitions(), concat_ws(' ', pg_temp.month(0), pg_temp.month(1), pg_temp.month(2), 'calls_default'),
    'a month goes as a whole'
);
SELECT is((SELECT count(*) FROM gateway.seals WHERE pruned), 2::bigint, 'and its seal is pruned');
SELECT is_empty('SELECT * FROM gateway.verify_calls()', 'the record is in order still');

-- Changes
DELETE FROM gateway.changes;
INSERT INTO gateway.changes (table_name, xid, at)
VALUES ('tap.a', '9', now() - interval '121 minutes'), ('tap.a', '10', now() - interval '3 hours'),
    ('tap.b', '8', now() - interval '119 minutes');
SELECT gateway.maintain();
SELECT results_eq(
    $$SELECT xid FROM gateway.changes WHERE table_name ~ '^tap'$$, $$VALUES ('8'::xid8)$$, 'changes of two hours'
);
SELECT is(
    (SELECT xid FROM gateway.watermarks WHERE what = 'changes'), '10'::xid8, 'and up to where they were forgotten'
);

-- Answers of writes, whatever else is in that table
DROP TABLE IF EXISTS gateway.answers;
SET LOCAL ROLE storekeeper_definer;
CREATE TABLE gateway.answers (at timestamptz);
INSERT INTO gateway.answers VALUES (now() - interval '8 days'), (now() - interval '6 days');
SELECT gateway.maintain();
SELECT results_eq('SELECT at > now() - interval ''7 days'' FROM gateway.answers', 'VALUES (true)', 'answers of a week');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
