-- What is left of a word without a letter or two.
-- drop: DROP FUNCTION retail.shorter_words;
CREATE OR REPLACE FUNCTION retail.shorter_words(word text)
RETURNS text[]
LANGUAGE sql
IMMUTABLE
STRICT
PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $function$
    WITH one AS (
        SELECT i, overlay(shorter_words.word PLACING '' FROM i FOR 1) AS shorter
        FROM generate_series(1, length(shorter_words.word)) AS i
        -- Of an endless one it would be endlessly many.
        WHERE length(shorter_words.word) <= 40
    )
    SELECT array_agg(DISTINCT s.shorter)
    FROM (
        SELECT shorter_words.word
        UNION ALL
        SELECT o.shorter FROM one AS o
        UNION ALL
        SELECT overlay(o.shorter PLACING '' FROM j FOR 1)
        FROM one AS o, generate_series(o.i, length(o.shorter)) AS j
        WHERE length(shorter_words.word) > 7
    ) AS s (shorter)
$function$;

COMMENT ON FUNCTION retail.shorter_words IS $comment$
The word itself and each text that is left when a letter, or in words of more than seven letters two, are taken away.
Two words that differ by as many letters have one of these in common; the converse does not hold: retail.edit_distance.
@title Shorter words
@param word  One of twenty letters has 211 of them; one of more than 40 has itself alone.
@return The texts.
@example SELECT retail.shorter_words('saw');
$comment$;
REVOKE ALL ON FUNCTION retail.shorter_words FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.shorter_words TO store_managers, regional_managers, head_office;
