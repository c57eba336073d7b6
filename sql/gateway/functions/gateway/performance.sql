-- Calls, errors, times and slow queries as one report.
-- drop: DROP FUNCTION gateway.performance;
CREATE OR REPLACE FUNCTION gateway.performance(
    since interval DEFAULT interval '24 hours',
    tool  text     DEFAULT NULL,
    slow  integer  DEFAULT 10
)
RETURNS json
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    -- The server's login can take the role of operators, but not be one whom nobody signed in.
    IF NOT has_function_privilege(gateway.persona(), 'gateway.performance(interval,text,integer)', 'EXECUTE') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK403',
            MESSAGE = format('%I may not see the figures of all calls.', gateway.persona()),
            HINT = 'Sign in as one of the operators.';
    END IF;
    RETURN (
        WITH
        call AS MATERIALIZED (
            SELECT
                c.at, c.tool, c.outcome, c.duration_ms, c.db_ms, c.row_count, c.retries, c.request_id, c.cached,
                c.statement, c.plan
            FROM gateway.calls AS c
            WHERE c.at > now() - performance.since
              AND c.at <= now()
              AND (performance.tool IS NULL OR c.tool = performance.tool)
        ),
        failure AS (
            SELECT e.tool, json_object_agg(e.outcome, e.errors ORDER BY e.errors DESC, e.outcome) AS by_code
            FROM (
                SELECT c.tool, c.outcome, count(*) AS errors
                FROM call AS c
                WHERE c.outcome <> 'ok'
                GROUP BY c.tool, c.outcome
            ) AS e
            GROUP BY e.tool
        ),
        figures AS (
            -- One row for each tool, and one for all.
            SELECT
                c.tool,
                grouping(c.tool) = 1 AS total,
                count(*) AS calls,
                count(*) FILTER (WHERE c.outcome <> 'ok') AS errors,
                count(*) FILTER (WHERE c.cached) AS cached,
                coalesce(sum(c.retries), 0) AS retries,
                percentile_cont('{0.5,0.95,0.99}'::double precision[]) WITHIN GROUP (ORDER BY c.duration_ms) AS ms,
                max(c.duration_ms) AS slowest,
                sum(c.db_ms) AS db,
                sum(sum(c.db_ms) FILTER (WHERE true)) OVER (PARTITION BY grouping(c.tool)) AS all_db,
                max(c.at) AS last_call
            FROM call AS c
            GROUP BY GROUPING SETS ((c.tool), ())
        ),
        query AS (
            SELECT q.*
            FROM (
                SELECT
                    c.*,
                    count(*) OVER (PARTITION BY c.statement) AS times,
                    row_number() OVER (PARTITION BY c.statement ORDER BY c.duration_ms DESC, c.at DESC) AS place
                FROM call AS c
                WHERE c.statement IS NOT NULL
            ) AS q
            WHERE q.place = 1
            ORDER BY q.duration_ms DESC, q.at DESC
            LIMIT greatest(performance.slow, 0)
        )
        SELECT json_build_object(
            'window', json_build_object(
                'from', to_char((now() - performance.since) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
                'to', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
                'hours', round((extract(epoch FROM performance.since) / 3600)::numeric, 1)
            ),
            'totals', (
                SELECT json_build_object(
                    'calls', f.calls, 'errors', f.errors, 'cached', f.cached, 'retries', f.retries,
                    'p50_ms', round(f.ms[1]::numeric, 1), 'p95_ms', round(f.ms[2]::numeric, 1),
                    'p99_ms', round(f.ms[3]::numeric, 1)
                )
                FROM figures AS f
                WHERE f.total
            ),
            'tools', coalesce((
                SELECT json_agg(json_build_object(
                    'tool', f.tool, 'calls', f.calls, 'errors', f.errors,
                    'errors_by_code', coalesce(e.by_code, '{}'),
                    'retries', f.retries, 'cached', f.cached,
                    'p50_ms', round(f.ms[1]::numeric, 1), 'p95_ms', round(f.ms[2]::numeric, 1),
                    'p99_ms', round(f.ms[3]::numeric, 1), 'slowest_ms', round(f.slowest::numeric, 1),
                    'db_share_percent', round((100 * f.db / nullif(f.all_db, 0))::numeric, 1),
                    'last_call', to_char(f.last_call AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
                ) ORDER BY f.calls DESC, f.tool)
                FROM figures AS f
                LEFT JOIN failure AS e USING (tool)
                WHERE NOT f.total
            ), '[]'),
            'slow_queries', coalesce((
                SELECT json_agg(json_build_object(
                    'at', to_char(q.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
                    'tool', q.tool, 'statement', q.statement, 'calls', q.times,
                    'duration_ms', round(q.duration_ms::numeric, 1), 'rows', q.row_count, 'outcome', q.outcome,
                    'request_id', q.request_id, 'plan', q.plan
                ) ORDER BY q.duration_ms DESC, q.at DESC)
                FROM query AS q
            ), '[]')
        )
    );
END
$function$;

COMMENT ON FUNCTION gateway.performance IS $comment$
{window, totals, tools, slow_queries} of the record of calls over a span, of one tool or of all. db_share_percent
is a tool's part of the time in which the database worked for all that are listed. slow_queries has the
slowest call of each normalised statement, and how many there were. Times of day are UTC.
$comment$;
REVOKE ALL ON FUNCTION gateway.performance FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.performance TO storekeeper_dba, storekeeper_auditor, operators;
