-- A text as the words that the built-in model divides into tokens, each with the spaces before it.
-- drop: DROP FUNCTION embedding.words;
CREATE OR REPLACE FUNCTION embedding.words(content text)
RETURNS text[]
LANGUAGE sql
IMMUTABLE
STRICT
PARALLEL SAFE
RETURN string_to_array(
    CASE
        -- Spaces that stand together go with the word behind them.
        WHEN left(words.content, 8000) ~ '^ |  |▁'
            THEN regexp_replace('▁' || replace(left(words.content, 8000), ' ', '▁'), '([^▁])▁', '\1 ▁', 'g')
        ELSE '▁' || replace(left(words.content, 8000), ' ', ' ▁')
    END,
    ' '
);

COMMENT ON FUNCTION embedding.words IS $comment$
The words of the first 8000 characters of a text, with ▁ for each space and for the one that the model sets before a text. No token of the model
goes on from a word to the next, so each can be divided on its own.
$comment$;
REVOKE ALL ON FUNCTION embedding.words FROM PUBLIC;
GRANT EXECUTE ON FUNCTION embedding.words TO storekeeper_owner, storekeeper_dba, storekeeper_loader;
DO $do$
DECLARE
    v_persona name;
BEGIN
    -- add_persona grants it to those that come later.
    FOR v_persona IN SELECT n.role FROM gateway.personas AS n LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION embedding.words TO %I', v_persona);
    END LOOP;
END
$do$;
