-- Calls, errors and times by tool.
-- drop: DROP FUNCTION gateway.stats;
CREATE OR REPLACE FUNCTION gateway.stats(since interval DEFAULT interval '24 hours')
RETURNS TABLE (
    tool           text,
    calls          bigint,
    errors         bigint,
    p50_ms         numeric,
    p95_ms         numeric,
    p99_ms         numeric,
    slowest_ms     numeric,
    last_call      timestamptz,
    errors_by_code json,
    retries        bigint,
    cached         bigint
)
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT
        c.tool,
        count(*),
        count(*) FILTER (WHERE c.outcome <> 'ok'),
        round(percentile_cont(0.5) WITHIN GROUP (ORDER BY c.duration_ms)::numeric, 1),
        round(percentile_cont(0.95) WITHIN GROUP (ORDER BY c.duration_ms)::numeric, 1),
        round(percentile_cont(0.99) WITHIN GROUP (ORDER BY c.duration_ms)::numeric, 1),
        round(max(c.duration_ms)::numeric, 1),
        max(c.at),
        (
            SELECT coalesce(json_object_agg(e.outcome, e.errors ORDER BY e.errors DESC, e.outcome), '{}')
            FROM (
                SELECT o.outcome, count(*) AS errors
                FROM unnest(array_agg(c.outcome) FILTER (WHERE c.outcome <> 'ok')) AS o (outcome)
                GROUP BY o.outcome
            ) AS e
        ),
        sum(c.retries),
        count(*) FILTER (WHERE c.cached)
    FROM gateway.calls AS c
    WHERE c.at > now() - stats.since
    GROUP BY c.tool
    ORDER BY count(*) DESC, c.tool
$function$;

COMMENT ON FUNCTION gateway.stats IS $comment$
Calls, errors and milliseconds by tool over the last 24 hours (or another span), of all servers.
$comment$;
REVOKE ALL ON FUNCTION gateway.stats FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.stats TO storekeeper_dba, storekeeper_auditor;
