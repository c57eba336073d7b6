-- Which models there are, and how many texts wait for each.
-- drop: DROP FUNCTION gateway.embedding_state;
CREATE OR REPLACE FUNCTION gateway.embedding_state()
RETURNS json
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT coalesce(json_agg(json_build_object(
        'model', m.name, 'provider', m.provider, 'dimension', m.dimension, 'active', m.is_active,
        'waiting', q.waiting, 'taken', q.taken, 'failing', q.failing, 'oldest', q.oldest, 'last_error', q.last_error
    ) ORDER BY m.model_id), '[]')
    FROM embedding.models AS m
    CROSS JOIN LATERAL (
        SELECT
            count(*) AS waiting,
            count(q.ticket) AS taken,
            count(*) FILTER (WHERE q.last_error IS NOT NULL) AS failing,
            to_char(min(q.queued_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS oldest,
            max(q.last_error) AS last_error
        FROM embedding.queue AS q
        WHERE q.model_id = m.model_id
    ) AS q
$function$;

COMMENT ON FUNCTION gateway.embedding_state IS $comment$
[{model, provider, dimension, active, waiting, taken, failing, oldest, last_error}]: the models, the texts that wait
for vectors of each, those of them that somebody has taken, and those that have failed before. A model outside that is not active is being filled.
$comment$;
REVOKE ALL ON FUNCTION gateway.embedding_state FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.embedding_state TO storekeeper_gateway, storekeeper_dba;
