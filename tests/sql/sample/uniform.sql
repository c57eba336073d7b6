-- sample.uniform: numbers that look random and never change.
BEGIN;
\ir ../tap.sql
SELECT plan(12);

SET LOCAL ROLE storekeeper_loader;

-- The same on every run and every version
SELECT results_eq(
    $$SELECT (sample.uniform(42, 'tap', n) * 1e6)::bigint FROM generate_series(1, 3) AS n$$,
    'VALUES (719122::bigint), (770551), (191258)', 'the first of this seed and stream'
);
SELECT is(
    sample.uniform(42, 'tap', 1), sample.uniform(42, 'tap', 1), 'asked again it is the same'
);
SELECT is(
    (SELECT (p.provolatile, p.proparallel)::text FROM pg_proc AS p
        WHERE p.oid = 'sample.uniform'::regproc),
    '(i,s)', 'it is immutable and parallel safe'
);

-- Each another
SELECT isnt(sample.uniform(42, 'tap', 1), sample.uniform(42, 'tap', 2), 'another number');
SELECT isnt(sample.uniform(42, 'tap', 1), sample.uniform(43, 'tap', 1), 'another seed');
SELECT isnt(sample.uniform(42, 'tap', 1), sample.uniform(42, 'pat', 1), 'another stream');
SELECT is(
    (SELECT count(DISTINCT sample.uniform(42, 'tap', n)) FROM generate_series(1, 10000) AS n),
    10000::bigint, 'ten thousand differ'
);

-- Evenly spread over [0, 1)
SELECT ok(bool_and(u >= 0 AND u < 1), 'from 0 to 1')
FROM generate_series(-5000, 5000) AS n, sample.uniform(42, 'tap', n) AS u;
SELECT ok(
    max(abs(of_ten - 1000)) < 150 AND count(*) = 10, 'a tenth of them lies in each tenth'
)
FROM (
    SELECT count(*) AS of_ten
    FROM generate_series(1, 10000) AS n
    GROUP BY floor(sample.uniform(42, 'tap', n) * 10)
) AS tenth;
SELECT ok(
    abs(corr(sample.uniform(42, 'tap', n), sample.uniform(42, 'pat', n))) < 0.05,
    'two streams have nothing to do with each other'
)
FROM generate_series(1, 10000) AS n;

-- No number, no result; and who may
SELECT is(sample.uniform(42, 'tap', NULL), NULL, 'the number of NULL is NULL');
SELECT be();
SELECT throws_ok($$SELECT sample.uniform(1, 'tap', 1)$$, '42501', 'no persona may');

SELECT * FROM finish();
ROLLBACK;
