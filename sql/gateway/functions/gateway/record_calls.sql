-- Writes down a batch of calls.
-- drop: DROP FUNCTION gateway.record_calls;
CREATE OR REPLACE FUNCTION gateway.record_calls(calls jsonb)
RETURNS void
LANGUAGE sql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
    INSERT INTO gateway.calls (at, tool, principal, outcome, duration_ms, row_count, request_id)
    SELECT c.at, c.tool, c.principal, c.outcome, c.duration_ms, c.row_count, c.request_id
    FROM jsonb_to_recordset(record_calls.calls) AS c (
        at timestamptz, tool text, principal text, outcome text, duration_ms double precision,
        row_count integer, request_id text
    )
$function$;

COMMENT ON FUNCTION gateway.record_calls IS $comment$
Adds calls to the record: [{at, tool, principal, outcome, duration_ms, row_count, request_id}].
$comment$;
REVOKE ALL ON FUNCTION gateway.record_calls FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.record_calls TO storekeeper_gateway;
