-- Writes down calls: a batch of them, or one in the transaction that it is about.
-- drop: DROP FUNCTION gateway.record_calls;
CREATE OR REPLACE FUNCTION gateway.record_calls(calls jsonb)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    -- Before the sequence gives out a number: gateway.seal_calls reckons with that.
    PERFORM pg_current_xact_id();
    INSERT INTO gateway.calls (
        at, tool, principal, outcome, sqlstate, duration_ms, db_ms, row_count, bytes, retries,
        request_id, trace_id, arguments, cached, server, statement, plan
    )
    SELECT
        c.at, c.tool, c.principal, c.outcome, c.sqlstate, c.duration_ms, c.db_ms, c.row_count, c.bytes,
        coalesce(c.retries, 0), c.request_id, c.trace_id,
        CASE
            WHEN octet_length(c.arguments::text) > 8192
            THEN jsonb_build_object('truncated', true, 'bytes', octet_length(c.arguments::text))
            ELSE nullif(c.arguments, 'null')
        END,
        coalesce(c.cached, false), c.server,
        CASE WHEN c.statement IS NOT NULL THEN gateway.normalise(c.statement) END,
        CASE WHEN c.plan IS NOT NULL THEN
            left(regexp_replace(c.plan, '''(?:[^'']|'''')*(?:''|$)', '?', 'g'), 16000)
        END
    FROM jsonb_to_recordset(record_calls.calls) AS c (
        at timestamptz, tool text, principal text, outcome text, sqlstate text, duration_ms double precision,
        db_ms double precision, row_count integer, bytes integer, retries integer, request_id text,
        trace_id text, arguments jsonb, cached boolean, server text, statement text, plan text
    );
END
$function$;

COMMENT ON FUNCTION gateway.record_calls IS $comment$
Adds calls to the record: an array of objects with the columns of gateway.calls but entry. at, tool, outcome,
duration_ms and request_id must be there. Statements lose their literals, plans their texts, and of
arguments beyond 8 kB only the size is kept. Rows are appended without any lock.
$comment$;
REVOKE ALL ON FUNCTION gateway.record_calls FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.record_calls TO storekeeper_gateway;
