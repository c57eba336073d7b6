-- sample.make_uuid: ids that look random and never change.
BEGIN;
\ir ../tap.sql
SELECT plan(11);

SET LOCAL ROLE storekeeper_loader;

-- The same on every run and every version
SELECT results_eq(
    $$SELECT sample.make_uuid(42, 'tap', n) FROM generate_series(1, 2) AS n$$,
    $$VALUES ('0577030b-b920-4c39-927b-df06c0dc3e42'::uuid),
        ('f918a85b-0e50-41c7-96bb-f549bc52da68')$$, 'the first of this seed and stream'
);
SELECT is(
    sample.make_uuid(42, 'tap', 1), sample.make_uuid(42, 'tap', 1), 'asked again it is the same'
);
SELECT is(
    (SELECT (p.provolatile, p.proparallel)::text FROM pg_proc AS p
        WHERE p.oid = 'sample.make_uuid'::regproc),
    '(i,s)', 'it is immutable and parallel safe'
);

-- Each another
SELECT isnt(sample.make_uuid(42, 'tap', 1), sample.make_uuid(42, 'tap', 2), 'another number');
SELECT isnt(sample.make_uuid(42, 'tap', 1), sample.make_uuid(43, 'tap', 1), 'another seed');
SELECT isnt(sample.make_uuid(42, 'tap', 1), sample.make_uuid(42, 'pat', 1), 'another stream');
SELECT is(
    (SELECT count(DISTINCT sample.make_uuid(42, 'tap', n)) FROM generate_series(1, 10000) AS n),
    10000::bigint, 'ten thousand differ'
);

-- Of the form that gen_random_uuid() gives: version 4, variant 8, 9, a or b
SELECT is_empty(
    $$SELECT u FROM generate_series(1, 10000) AS n, sample.make_uuid(42, 'tap', n) AS u
        WHERE u::text !~ '^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$'$$,
    'version and variant are right'
);
SELECT is(
    (SELECT count(DISTINCT (substr(u::text, place, 1), place))
        FROM generate_series(1, 10000) AS n, sample.make_uuid(42, 'tap', n) AS u,
            generate_series(1, 36) AS place
        WHERE place NOT IN (9, 14, 15, 19, 20, 24)),
    30 * 16::bigint, 'any digit is at any other place'
);

-- No number, no result; and who may
SELECT is(sample.make_uuid(42, 'tap', NULL), NULL, 'the id of NULL is NULL');
SELECT be();
SELECT throws_ok($$SELECT sample.make_uuid(1, 'tap', 1)$$, '42501', 'no persona may');

SELECT * FROM finish();
ROLLBACK;
