-- Which orders count: one place that says so.
-- drop: DROP FUNCTION retail.counts_as_revenue;
-- The planner puts the expression in the function's place and knows of how many orders it is true.
-- Hence no pinned search_path; the body is bound when it is created.
CREATE OR REPLACE FUNCTION retail.counts_as_revenue(status text)
RETURNS boolean
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN status IN ('pending', 'shipped', 'completed');

COMMENT ON FUNCTION retail.counts_as_revenue IS $comment$
Whether an order of this status counts as revenue: pending, shipped and completed ones do, cancelled
and returned ones do not.
@title Counts as revenue
@param status  orders.status.
@return true or false.
@example SELECT sum(total_amount) FROM retail.orders WHERE retail.counts_as_revenue(status);
$comment$;
REVOKE ALL ON FUNCTION retail.counts_as_revenue FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.counts_as_revenue
    TO store_managers, regional_managers, head_office;
