-- Hands out texts that wait for a vector, each to one worker.
-- drop: DROP FUNCTION gateway.take_texts;
CREATE OR REPLACE FUNCTION gateway.take_texts(model text, how_many integer, lease interval)
RETURNS TABLE (ticket bigint, content text)
LANGUAGE sql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
    WITH due AS (
        SELECT q.model_id, q.subject, q.key
        FROM embedding.queue AS q
        WHERE q.model_id = (SELECT m.model_id FROM embedding.models AS m WHERE m.name = take_texts.model)
          AND q.not_before <= clock_timestamp()
        ORDER BY q.not_before
        LIMIT take_texts.how_many
        FOR UPDATE SKIP LOCKED
    )
    UPDATE embedding.queue AS q
    SET ticket = nextval('embedding.queue_ticket_seq'),
        not_before = clock_timestamp() + greatest(take_texts.lease, interval '1 second'),
        attempts = q.attempts + 1
    FROM due AS d
    WHERE (q.model_id, q.subject, q.key) = (d.model_id, d.subject, d.key)
    RETURNING q.ticket, q.content
$function$;

COMMENT ON FUNCTION gateway.take_texts IS $comment$
For workers: texts that wait for a vector of a model, the longest waiting first, with the ticket by which
gateway.put_embeddings takes it. Commit at once. Nobody else gets them until the lease is over; then whoever had
them is given up for dead, and its tickets are worth nothing once others have taken the texts.
$comment$;
REVOKE ALL ON FUNCTION gateway.take_texts FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.take_texts TO storekeeper_gateway, storekeeper_dba;
