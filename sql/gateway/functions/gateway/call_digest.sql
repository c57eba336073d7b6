-- The digest of one call in the record.
-- drop: DROP FUNCTION gateway.call_digest;
CREATE OR REPLACE FUNCTION gateway.call_digest(call gateway.calls)
RETURNS bytea
LANGUAGE sql
STABLE
-- Bound here, so that it costs no call of its own for each row. No value is written in a form that a
-- setting decides: times as seconds, floating-point numbers by their bytes.
RETURN sha256(convert_to(jsonb_build_array(
    (call).entry, extract(epoch FROM (call).at)::text, (call).tool, (call).principal, (call).outcome,
    (call).sqlstate, encode(float8send((call).duration_ms), 'hex'), encode(float8send((call).db_ms), 'hex'),
    (call).row_count, (call).bytes, (call).retries, (call).request_id, (call).trace_id, (call).arguments,
    (call).cached, (call).server, (call).statement, (call).plan
)::text, 'UTF8'));

COMMENT ON FUNCTION gateway.call_digest IS $comment$
SHA-256 over all columns of a call, in a text that depends on no setting of the session.
$comment$;
REVOKE ALL ON FUNCTION gateway.call_digest FROM PUBLIC;
