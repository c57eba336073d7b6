-- How the tools did, for those who run the database.
-- drop: SET LOCAL ROLE storekeeper_owner;
-- drop: DROP FUNCTION tool.performance_summary;
-- drop: SET LOCAL ROLE storekeeper_definer;
-- What is published belongs to storekeeper_owner, here too.
SET LOCAL ROLE storekeeper_owner;
CREATE OR REPLACE FUNCTION tool.performance_summary(
    hours     gateway.hours       DEFAULT 24,
    tool_name text                DEFAULT NULL,
    max_slow  gateway.query_count DEFAULT 10
)
RETURNS json
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT gateway.performance(
        make_interval(hours => performance_summary.hours), performance_summary.tool_name, performance_summary.max_slow
    )
$function$;

COMMENT ON FUNCTION tool.performance_summary IS $comment$
How the tools did over the last hours: calls, errors by code, cached answers, retries, milliseconds (median, 95th and
99th percentile), each tool's share of the database's work, and the slowest queries with their plans. Of all people
and servers. Call it when answers are slow or fail. No arguments and no tenant's rows are in it.
@title Performance summary
@param hours      Hours back from now; the default is a day, the most 31 days.
@param tool_name  One tool by its name; left out, all of them.
@param max_slow   How many slow queries to list, 0 to 100. Each stands for all with the same text but for literals.
@return window        From when to when, UTC.
@return totals        Figures over all calls.
@return tools         One object for each tool, the most called first.
@return slow_queries  The slowest call of each statement first; calls says how often it was slow.
@example performance_summary(hours = 1)
$comment$;
REVOKE ALL ON FUNCTION tool.performance_summary FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tool.performance_summary TO operators, storekeeper_dba;
SET LOCAL ROLE storekeeper_definer;
