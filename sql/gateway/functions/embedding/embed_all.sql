-- The vectors of many texts by the built-in model.
-- drop: DROP FUNCTION embedding.embed_all;
CREATE OR REPLACE FUNCTION embedding.embed_all(contents text[])
RETURNS TABLE (ordinal integer, embedding public.vector)
LANGUAGE sql
STABLE
STRICT
PARALLEL SAFE
ROWS 1000
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $function$
    -- A text is made of words that other texts have, too: each is divided into tokens once.
    WITH used AS (
        SELECT c.ordinal::integer AS ordinal, w.word
        FROM unnest(embed_all.contents) WITH ORDINALITY AS c (content, ordinal)
        CROSS JOIN LATERAL unnest(embedding.words(c.content)) AS w (word)
        WHERE left(c.content, 8000) ~ '\S'
    ),
    known AS MATERIALIZED (
        SELECT
            d.word,
            coalesce(
                (SELECT k.vector::public.vector FROM embedding.tokens AS k WHERE k.piece = d.word),
                (
                    SELECT public.sum(k.vector::public.vector)
                    FROM unnest(embedding.tokenise(d.word)) AS t (token_id)
                    CROSS JOIN LATERAL (
                        SELECT k.vector FROM embedding.tokens AS k WHERE k.token_id = t.token_id OFFSET 0
                    ) AS k
                )
            ) AS vector
        FROM (SELECT DISTINCT u.word FROM used AS u) AS d
    )
    SELECT c.ordinal::integer, e.embedding
    FROM unnest(embed_all.contents) WITH ORDINALITY AS c (content, ordinal)
    LEFT JOIN (
        SELECT u.ordinal, public.l2_normalize(public.sum(k.vector)) AS embedding
        FROM used AS u
        JOIN known AS k ON k.word = u.word
        GROUP BY u.ordinal
    ) AS e ON e.ordinal = c.ordinal
$function$;

COMMENT ON FUNCTION embedding.embed_all IS $comment$
embedding.embed of many texts at a time, for what is written in bulk; a few thousand a call are best. One row for each
text, with its place in the array, from 1. It refuses none: of a longer text the first 8000 characters count, and one
that is NULL or white space alone has NULL for a vector, as all have while the model is not loaded.
$comment$;
REVOKE ALL ON FUNCTION embedding.embed_all FROM PUBLIC;
GRANT EXECUTE ON FUNCTION embedding.embed_all TO storekeeper_owner, storekeeper_dba, storekeeper_loader;
DO $do$
DECLARE
    v_persona name;
BEGIN
    -- add_persona grants it to those that come later.
    FOR v_persona IN SELECT n.role FROM gateway.personas AS n LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION embedding.embed_all TO %I', v_persona);
    END LOOP;
END
$do$;
