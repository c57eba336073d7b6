-- retail.sales_period: the days that a question is about.
BEGIN;
\ir ../tap.sql
SELECT plan(9);
SELECT results_eq(
    'SELECT date_from, date_to FROM retail.sales_period(NULL, NULL)',
    'SELECT retail.today() - 90, retail.today() - 1', 'by default the last 90 full days'
);
SELECT results_eq(
    $$SELECT date_from, date_to FROM retail.sales_period(NULL, '2026-03-31')$$,
    $$SELECT date '2026-01-01', date '2026-03-31'$$, 'the 90 days up to a last day'
);
SELECT results_eq(
    'SELECT date_from, date_to FROM retail.sales_period(retail.today(), NULL)',
    'SELECT retail.today(), retail.today()', 'from today is today'
);
SELECT results_eq(
    $$SELECT starts, ends FROM retail.sales_period('2026-03-08', '2026-03-08')$$,
    $$SELECT timestamptz '2026-03-08 00:00 America/Los_Angeles',
    timestamptz '2026-03-09 00:00 America/Los_Angeles'$$,
    'a day reaches from midnight to midnight in the stores'
);
SELECT is(
    (SELECT ends - starts FROM retail.sales_period('2026-03-08', '2026-03-08')),
    interval '23 hours',
    'also when the clocks change'
);
SELECT throws_ok(
    $$SELECT retail.sales_period('2026-01-02', '2026-01-01')$$, 'SK400',
    'the first day is not after the last'
);
SELECT lives_ok(
    $$SELECT retail.sales_period('2021-01-01', '2025-12-31')$$, 'five years are allowed'
);
SELECT throws_ok(
    $$SELECT retail.sales_period('2021-01-01', '2026-01-01')$$, 'SK400', 'a day more is not'
);
SELECT throws_ok($$SELECT retail.sales_period('-infinity', NULL)$$, 'SK400', 'nor is forever');

SELECT * FROM finish();
ROLLBACK;
