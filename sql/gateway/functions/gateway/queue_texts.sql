-- Has texts wait for vectors of the models outside.
-- drop: DROP FUNCTION gateway.queue_texts;
CREATE OR REPLACE FUNCTION gateway.queue_texts(
    subject  text,
    keys     text[],
    contents text[],
    model_id smallint DEFAULT NULL
)
RETURNS void
LANGUAGE sql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
    -- In the order in which all lock these rows. A model that is being forgotten is waited for, and left out.
    INSERT INTO embedding.queue AS q (model_id, subject, key, content)
    SELECT m.model_id, queue_texts.subject, t.key, t.content
    FROM unnest(queue_texts.keys, queue_texts.contents) AS t (key, content)
    CROSS JOIN embedding.models AS m
    WHERE m.provider <> 'built-in'
      AND (queue_texts.model_id IS NULL OR m.model_id = queue_texts.model_id AND NOT EXISTS (
            SELECT FROM embedding.queue AS w
            WHERE w.model_id = m.model_id AND w.subject = queue_texts.subject AND w.key = t.key
      ))
    ORDER BY m.model_id, t.key COLLATE "C"
    FOR KEY SHARE OF m
    ON CONFLICT ON CONSTRAINT queue_pkey DO UPDATE
    SET content = excluded.content, queued_at = excluded.queued_at, not_before = excluded.not_before,
        attempts = 0, ticket = NULL, last_error = NULL
    WHERE queue_texts.model_id IS NULL AND q.content <> excluded.content
$function$;

COMMENT ON FUNCTION gateway.queue_texts IS $comment$
For the triggers of a business on what is searched by meaning: the new texts, by key, of a subject (schema.table).
Each waits for every model outside, the one that is used and one that is being filled; where there is none, nothing
happens. A text that waits is replaced by a newer one, also while somebody has taken it. With a model_id: for that
model alone, and what waits already stays. Give a key once.
$comment$;
REVOKE ALL ON FUNCTION gateway.queue_texts FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.queue_texts TO storekeeper_owner, storekeeper_loader;
