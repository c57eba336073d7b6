-- retail.counts_as_revenue: which statuses count.
BEGIN;
\ir ../tap.sql
SELECT plan(3);
SELECT results_eq(
    $$SELECT s, retail.counts_as_revenue(s)
        FROM unnest(ARRAY['pending', 'shipped', 'completed', 'cancelled', 'returned']) AS s$$,
    $$VALUES ('pending', true), ('shipped', true), ('completed', true), ('cancelled', false),
    ('returned', false)$$,
    'pending, shipped and completed orders count'
);
SELECT is_empty(
    'SELECT status FROM retail.orders WHERE retail.counts_as_revenue(status) IS NULL',
    'each order counts or does not'
);

-- A function call in the plan would hide the statuses from the planner, and cost a call a row.
CREATE FUNCTION pg_temp.plan_of(query text) RETURNS SETOF text LANGUAGE plpgsql AS $function$
BEGIN
    RETURN QUERY EXECUTE 'EXPLAIN (VERBOSE) ' || query;
END
$function$;
SELECT is_empty(
    $$SELECT 1 FROM pg_temp.plan_of('SELECT 1 FROM retail.orders
        WHERE retail.counts_as_revenue(status)') AS line
        WHERE line LIKE '%counts_as_revenue%'$$,
    'the planner puts the expression in the call''s place'
);

SELECT * FROM finish();
ROLLBACK;
