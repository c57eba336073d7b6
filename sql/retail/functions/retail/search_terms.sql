-- What a query looks for in the words of products.
-- drop: DROP FUNCTION retail.search_terms;
CREATE OR REPLACE FUNCTION retail.search_terms(query text)
RETURNS TABLE (place integer, word text, lexeme text, weight real, products integer, kind text, spelt text)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $function$
DECLARE
    v_words   CONSTANT text[] := (string_to_array(retail.plain_words(search_terms.query), ' '))[1:60];
    -- As retail.plain_words writes a number, alone or with its unit.
    c_units   CONSTANT text := 'inch|foot|sqft|cuft|yard|gallon|quart|pint|ounce|pound|hp|volt|watt|amp|gauge|pack|degree|mm|cm';
    c_measure CONSTANT text := '^(n|' || c_units || ')(\d+(?:d\d+)?)$';
    v_word    text;
    v_told    text;
    v_measure text[];
    v_known   boolean;
    v_limit   integer;
    v_shorter text[];
    v_tried   integer := 0;
BEGIN
    FOR v_place IN 1 .. coalesce(cardinality(v_words), 0) LOOP
        v_word := v_words[v_place];
        v_told := v_word;
        v_known := false;
        IF v_word ~ '\d' THEN
            v_measure := regexp_match(v_word, c_measure);
            v_told := CASE
                WHEN v_measure IS NOT NULL THEN concat_ws(' ', replace(v_measure[2], 'd', '.'), nullif(v_measure[1], 'n'))
                WHEN v_word ~ '^\d[\ddvp]*(?:x\d[\ddvp]*)+$' THEN translate(v_word, 'dvp', './-')
                ELSE v_word
            END;
        END IF;
        FOR place, word, lexeme, weight, products, kind IN
            SELECT v_place, v_told, l.lexeme, 1, k.products, 'word'
            FROM unnest(tsvector_to_array(to_tsvector('english', v_word))) AS l (lexeme)
            LEFT JOIN LATERAL (
                SELECT k.products FROM search.lexemes AS k WHERE k.lexeme = l.lexeme AND k.products > 0 OFFSET 0
            ) AS k ON true
        LOOP
            IF products IS NOT NULL THEN
                RETURN NEXT;
                v_known := true;
            END IF;
        END LOOP;
        IF v_word ~ '^[a-z]{2,}$' AND v_words[v_place + 1] ~ '^[a-z]{2,}$' THEN
            RETURN QUERY
            SELECT v_place, v_word || ' ' || v_words[v_place + 1], k.lexeme, 0.8::real, k.products, 'joined', NULL
            FROM search.lexemes AS k
            WHERE k.lexeme = (ts_lexize('english_stem', v_word || v_words[v_place + 1]))[1] AND k.products > 0;
        END IF;
        -- What others say for it. Each further word of that has a place of its own.
        RETURN QUERY
        SELECT v_place + 100 * (m.n::integer - 1), y.word, k.lexeme, 0.8::real, k.products, 'synonym', y.means
        FROM search.synonyms AS y
        CROSS JOIN LATERAL unnest(tsvector_to_array(to_tsvector('english', y.means))) WITH ORDINALITY AS m (lexeme, n)
        CROSS JOIN LATERAL (
            SELECT k.lexeme, k.products FROM search.lexemes AS k WHERE k.lexeme = m.lexeme AND k.products > 0 OFFSET 0
        ) AS k
        WHERE y.word = ANY (ARRAY[
            v_word, rtrim(v_word, 's'), v_word || ' ' || v_words[v_place + 1], v_word || ' ' || rtrim(v_words[v_place + 1], 's')
        ]);
        v_known := v_known OR FOUND;

        -- R13 as R-13 is written.
        IF NOT v_known AND v_word ~ '^[a-z]{1,3}\d{1,4}$' AND v_measure IS NULL THEN
            RETURN QUERY
            SELECT v_place + 100 * (h.n - 1), v_word, h.lexeme, 0.8::real, h.products, 'divided', NULL
            FROM (
                SELECT h.n::integer, k.lexeme, k.products, count(*) OVER () AS known
                FROM unnest(ARRAY[rtrim(v_word, '0123456789'), 'n' || ltrim(v_word, 'abcdefghijklmnopqrstuvwxyz')])
                    WITH ORDINALITY AS h (lexeme, n)
                JOIN search.lexemes AS k ON k.lexeme = h.lexeme AND k.products > 0
            ) AS h
            WHERE h.known = 2;
            CONTINUE;
        END IF;
        -- Neither a word of the catalogue nor one that says nothing; units are never misspelt.
        IF v_known OR v_word !~ '^[a-z]{4,20}$' OR v_word ~ ('^(?:' || c_units || ')$') OR ts_lexize('english_stem', v_word) = '{}' THEN
            CONTINUE;
        END IF;

        -- Not typed to its end.
        RETURN QUERY
        SELECT DISTINCT ON (k.lexeme) v_place, v_word, k.lexeme, 0.7::real, k.products, 'begun', w.word
        FROM (
            SELECT DISTINCT w.word, w.lexeme FROM search.words AS w
            WHERE w.word > v_word AND w.word < v_word || '~'
            ORDER BY w.word LIMIT 20
        ) AS w
        CROSS JOIN LATERAL (
            SELECT k.lexeme, k.products FROM search.lexemes AS k WHERE k.lexeme = w.lexeme AND k.products > 0 OFFSET 0
        ) AS k
        ORDER BY k.lexeme, w.word;
        CONTINUE WHEN FOUND;

        -- Two words written as one.
        RETURN QUERY
        SELECT DISTINCT v_place, v_word, k.lexeme, 0.7::real, k.products, 'divided', h.word
        FROM (
            SELECT a.word AS first, b.word AS second
            FROM generate_series(3, length(v_word) - 3) AS n
            JOIN search.words AS a ON a.word = left(v_word, n)
            JOIN search.words AS b ON b.word = substr(v_word, n + 1)
            ORDER BY n DESC
            LIMIT 1
        ) AS d
        CROSS JOIN LATERAL (VALUES (d.first), (d.second)) AS h (word)
        JOIN search.words AS w ON w.word = h.word
        CROSS JOIN LATERAL (
            SELECT k.lexeme, k.products FROM search.lexemes AS k WHERE k.lexeme = w.lexeme AND k.products > 0 OFFSET 0
        ) AS k;
        CONTINUE WHEN FOUND;

        -- Misspelt, unless the model knows it as a word: then it is one that the catalogue does not have.
        CONTINUE WHEN EXISTS (SELECT FROM embedding.tokens AS t WHERE t.piece = '▁' || v_word);
        v_tried := v_tried + 1;
        CONTINUE WHEN v_tried > 20;
        v_shorter := retail.shorter_words(v_word);
        v_limit := CASE WHEN length(v_word) <= 7 THEN 1 ELSE 2 END;
        RETURN QUERY
        SELECT v_place, v_word, c.lexeme, 0.7::real, c.products, 'corrected', c.word
        FROM (
            SELECT
                n.word, n.lexeme, n.distance, k.products,
                min(n.distance) OVER () AS nearest,
                row_number() OVER (ORDER BY n.distance, k.products DESC, n.word) AS turn,
                row_number() OVER (PARTITION BY n.lexeme ORDER BY n.distance, n.word) AS form
            FROM (
                SELECT DISTINCT w.word, w.lexeme, retail.edit_distance(v_word, w.word) AS distance
                FROM search.words AS w
                WHERE w.shorter && v_shorter
                  AND abs(length(w.word) - length(v_word)) <= v_limit
            ) AS n
            CROSS JOIN LATERAL (
                SELECT k.lexeme, k.products FROM search.lexemes AS k WHERE k.lexeme = n.lexeme AND k.products > 0 OFFSET 0
            ) AS k
            WHERE n.distance <= v_limit
        ) AS c
        WHERE c.distance = c.nearest AND c.turn <= 5 AND c.form = 1
        ORDER BY c.turn;
    END LOOP;
END
$function$;

COMMENT ON FUNCTION retail.search_terms IS $comment$
The words of a query as search.lexemes has them, those that are near to it where the catalogue does not have it
(begun: the beginning of a word; divided: two words in one, or letters and a number; corrected: one letter off, or two
in words of more than seven; joined: two words that the catalogue writes as one, beside both; synonym: by
search.synonyms), and how much each counts.
@title Terms of a query
@param query  What somebody looks for.
@return place     Of the word in the query.
@return word      As it was typed; measures as retail.plain_words has them: 0.5 inch, 2x4.
@return lexeme    What is looked for.
@return weight    1 for words as typed.
@return products  How many products have it.
@return kind      word, joined, synonym, begun, divided or corrected.
@return spelt     As the catalogue spells it, where it was typed otherwise.
@example SELECT * FROM retail.search_terms('cordles screwdirver');
$comment$;
REVOKE ALL ON FUNCTION retail.search_terms FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.search_terms TO store_managers, regional_managers, head_office;
