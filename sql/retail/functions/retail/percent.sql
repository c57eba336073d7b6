-- A part of a whole in percent.
-- drop: DROP FUNCTION retail.percent;
-- The planner puts the expression in the function's place. Hence no pinned search_path; the body is
-- bound when it is created.
CREATE OR REPLACE FUNCTION retail.percent(part numeric, whole numeric)
RETURNS numeric
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN round(100 * part / nullif(whole, 0), 1);

COMMENT ON FUNCTION retail.percent IS $comment$
100 x part / whole, to one decimal place; NULL when the whole is zero.
A change in percent is retail.percent(now - before, before).
@title Percent
@param part   The part.
@param whole  What it is a part of.
@return Percent.
@example SELECT retail.percent(20, 80); -- 25.0
$comment$;
REVOKE ALL ON FUNCTION retail.percent FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.percent TO store_managers, regional_managers, head_office;
