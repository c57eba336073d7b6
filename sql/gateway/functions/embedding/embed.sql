-- The vector of a text by the built-in model.
-- drop: DROP FUNCTION embedding.embed;
CREATE OR REPLACE FUNCTION embedding.embed(content text)
RETURNS public.vector
LANGUAGE plpgsql
STABLE
STRICT
PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
-- Plans for three words and for three hundred are the same.
SET plan_cache_mode = force_generic_plan
AS $function$
DECLARE
    v_whole  public.vector;
    v_others text;
    v_parts  public.vector;
BEGIN
    IF length(embed.content) > 8000 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = format('The text has %s characters, more than 8000.', length(embed.content)),
            HINT = 'Say in fewer words what it is about, or give its beginning.';
    ELSIF embed.content !~ '\S' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = 'The text is empty.',
            HINT = 'Say in a few words what it is about.';
    END IF;
    -- Most words are a token of their own. A NULL of sum() is none at all.
    SELECT public.sum(t.vector::public.vector), string_agg(w.word, '') FILTER (WHERE t.vector IS NULL)
    INTO v_whole, v_others
    FROM unnest(embedding.words(embed.content)) AS w (word)
    LEFT JOIN LATERAL (
        SELECT k.vector FROM embedding.tokens AS k WHERE k.piece = w.word OFFSET 0
    ) AS t ON true;
    IF v_others IS NOT NULL THEN
        SELECT public.sum(t.vector::public.vector) INTO v_parts
        FROM unnest(embedding.tokenise(v_others)) AS w (token_id)
        CROSS JOIN LATERAL (
            SELECT k.vector FROM embedding.tokens AS k WHERE k.token_id = w.token_id OFFSET 0
        ) AS t;
    END IF;
    RETURN public.l2_normalize(coalesce(v_whole OPERATOR(public.+) v_parts, v_whole, v_parts));
END
$function$;

COMMENT ON FUNCTION embedding.embed IS $comment$
The unit vector of a text by the built-in model: the mean of its tokens' vectors. It tells upper from lower case and
cuts nothing off. NULL while the model is not loaded (storekeeper init). SK400 for a text of white space alone and
for one of more than 8000 characters. For many texts at a time embedding.embed_all is faster.
$comment$;
REVOKE ALL ON FUNCTION embedding.embed FROM PUBLIC;
GRANT EXECUTE ON FUNCTION embedding.embed TO storekeeper_owner, storekeeper_dba, storekeeper_loader;
DO $do$
DECLARE
    v_persona name;
BEGIN
    -- add_persona grants it to those that come later.
    FOR v_persona IN SELECT n.role FROM gateway.personas AS n LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION embedding.embed TO %I', v_persona);
    END LOOP;
END
$do$;
