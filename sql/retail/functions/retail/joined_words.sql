-- Neighbouring words as one: tool box as toolbox.
-- drop: DROP FUNCTION retail.joined_words;
CREATE OR REPLACE FUNCTION retail.joined_words(plain_words text)
RETURNS text
LANGUAGE sql
IMMUTABLE
STRICT
PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT coalesce(string_agg(w.word || w.next, ' ' ORDER BY w.n), '')
    FROM (
        SELECT s.word, lead(s.word) OVER (ORDER BY s.n) AS next, s.n
        FROM string_to_table(joined_words.plain_words, ' ') WITH ORDINALITY AS s (word, n)
    ) AS w
    WHERE w.word ~ '^[a-z]{2,}$' AND w.next ~ '^[a-z]{2,}$'
$function$;

COMMENT ON FUNCTION retail.joined_words IS $comment$
Each two words that stand side by side, written as one, as some people write what others write as two.
@title Joined words
@param plain_words  As retail.plain_words gives them.
@return Words, with blanks between them.
@example SELECT retail.joined_words('steel tool box');
$comment$;
REVOKE ALL ON FUNCTION retail.joined_words FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.joined_words TO store_managers, regional_managers, head_office;
