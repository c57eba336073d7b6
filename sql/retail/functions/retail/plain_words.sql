-- A text as plain words, with its sizes and numbers in one form.
-- drop: DROP FUNCTION retail.plain_words;
CREATE OR REPLACE FUNCTION retail.plain_words(content text)
RETURNS text
LANGUAGE plpgsql
IMMUTABLE
STRICT
PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    -- 1/2, 1-1/2, 1 1/2, 1,000, 4.5
    c_number CONSTANT text := '(?:(?:\d+[- ])?\d+/\d+|\d+(?:,\d{3})+|\d*\.?\d+)';
    c_unit   CONSTANT text := '(?: ?-? ?(?:in|ft|yd|sqft|cuft|gal|qt|pt|oz|lb|hp|volt|watt|amp|gauge|pack|degree|mm|cm)\M)';
    v_text  text := lower(plain_words.content);
    v_found text[];
    v_part  text;
    v_value text;
    v_unit  text;
    v_row   text[];
    v_extra text[] := '{}';
BEGIN
    IF v_text ~ '\d|\m(?:half|quarters?|one|two|three|four|five|six|eight|ten|twelve)[ -](?:of )?(?:an? )?(?:inch|f[oe][oe]t|gallon|quart|pint|pound|yard|ounce|volt|amp|watt|gauge)|\m(?:gallon|quart|pint)' THEN
        -- Units by one name.
        v_text := regexp_replace(v_text, '(?<=\d) ?(?:"|”|″|'''')', ' in ', 'g');
        v_text := regexp_replace(v_text, '(?<=\d) ?(?:''|’|′)(?!\w)', ' ft ', 'g');
        v_text := regexp_replace(v_text, '(?<=\d) ?-?v(?:olts?)?\M', ' volt', 'g');
        v_text := regexp_replace(v_text, '(?<=\d) ?-?w(?:atts?)?\M', ' watt', 'g');
        v_text := regexp_replace(v_text, '(?<=\d) ?-?a(?:mps?|mperes?)?\M', ' amp', 'g');
        v_text := regexp_replace(v_text, '(?<=\d) ?-?(?:pk|pc|pcs|ct|pieces?|count)\M', ' pack', 'g');
        v_text := regexp_replace(v_text, '(?<=\d)[ -]?(?:cu(?:bic|\.)? ?-?(?:ft|feet|foot))\M\.?', ' cuft', 'g');
        v_text := regexp_replace(v_text, '(?<=\d)[ -]?(?:sq(?:uare|\.)? ?-?(?:ft|feet|foot))\M\.?', ' sqft', 'g');
        v_text := regexp_replace(v_text, '\minch(?:es)?\M', 'in', 'g');
        v_text := regexp_replace(v_text, '\mfe?[eo]t\M', 'ft', 'g');
        v_text := regexp_replace(v_text, '\m(?:gallons?)\M', 'gal', 'g');
        v_text := regexp_replace(v_text, '\mquarts?\M', 'qt', 'g');
        v_text := regexp_replace(v_text, '\mpints?\M', 'pt', 'g');
        v_text := regexp_replace(v_text, '\mounces?\M', 'oz', 'g');
        v_text := regexp_replace(v_text, '\m(?:pounds?|lbs)\M', 'lb', 'g');
        v_text := regexp_replace(v_text, '\m(?:ga|awg)\M', 'gauge', 'g');
        v_text := regexp_replace(v_text, '\m(?:yards?|yds)\M', 'yd', 'g');
        -- Numbers by digits, where they count units.
        IF v_text ~ '\m(?:half|quarter|one|two|three|four|five|six|eight|ten|twelve)\M' THEN
            v_text := regexp_replace(v_text, '\m(?:a )?half(?: an?)?[ -](?=(?:in|gal|qt|pt|lb)\M)', '1/2 ', 'g');
            v_text := regexp_replace(v_text, '\mthree[ -]quarters?(?: of)?(?: an?)?[ -](?=(?:in)\M)', '3/4 ', 'g');
            v_text := regexp_replace(v_text, '\m(?:a )?quarter(?: of)?(?: an?)?[ -](?=(?:in)\M)', '1/4 ', 'g');
            FOR v_row IN SELECT ARRAY[w, n] FROM (VALUES
                ('one', '1'), ('two', '2'), ('three', '3'), ('four', '4'), ('five', '5'), ('six', '6'),
                ('eight', '8'), ('ten', '10'), ('twelve', '12')) AS t (w, n)
            LOOP
                v_text := regexp_replace(v_text, '\m' || v_row[1] || '[ -](?=(?:in|ft|yd|gal|qt|pt|oz|lb|volt|watt|amp|gauge|pack)\M)', v_row[2] || ' ', 'g');
            END LOOP;
        END IF;
        -- 2 in x 4 in x 8 ft, 2x4, 12-2, 12/2: measures that belong together.
        FOR v_found IN SELECT regexp_matches(v_text,
            '(?<![[:alnum:].])(?:' || c_number || c_unit || '?(?: ?(?:x|×|by) ?' || c_number || c_unit || '?)+|\d+(?:-\d+)+(?!/))(?![[:alnum:]])', 'g')
        LOOP
            v_part := regexp_replace(regexp_replace(v_found[1], c_unit, '', 'g'), ' ?(?:x|×|by) ?', 'x', 'g');
            IF v_part !~ 'x' THEN
                v_part := replace(v_part, '-', 'x');
            END IF;
            v_row := string_to_array(translate(v_part, './ -,', 'dvpp'), 'x');
            FOR i IN 1 .. cardinality(v_row) - 1 LOOP
                FOR j IN i + 1 .. least(cardinality(v_row), i + 3) LOOP
                    v_extra := v_extra || array_to_string(v_row[i:j], 'x');
                END LOOP;
            END LOOP;
        END LOOP;
        -- Each number, with its unit and without.
        FOR v_found IN SELECT regexp_matches(v_text, '(?<![[:alnum:].])(' || c_number || ')(?: ?-? ?(in|ft|yd|sqft|cuft|gal|qt|pt|oz|lb|hp|volt|watt|amp|gauge|pack|degree|mm|cm)\M|(?!\w))', 'g')
        LOOP
            v_value := replace(v_found[1], ',', '');
            v_unit := v_found[2];
            v_row := regexp_match(v_value, '^(?:(\d+)[- ])?(\d+)/(\d+)$');
            IF v_row IS NOT NULL THEN
                IF length(v_value) > 12 OR v_row[3]::integer = 0 THEN CONTINUE; END IF;
                IF v_row[1] IS NULL AND v_row[2]::integer >= v_row[3]::integer THEN
                    v_extra := v_extra || (v_row[2] || 'x' || v_row[3]);
                    CONTINUE;
                END IF;
                v_value := round(coalesce(v_row[1]::numeric, 0) + v_row[2]::numeric / v_row[3]::numeric, 3)::text;
            END IF;
            IF length(v_value) > 12 OR v_value !~ '\d' THEN CONTINUE; END IF;
            v_value := replace(trim_scale(v_value::numeric)::text, '.', 'd');
            v_extra := v_extra || ('n' || v_value);
            IF v_unit IS NOT NULL THEN
                v_extra := v_extra || (v_unit || v_value);
            END IF;
        END LOOP;
        v_text := regexp_replace(v_text, '(?<![[:alnum:]])(?:' || c_number || '|x)(?![[:alnum:]])', ' ', 'g');
    END IF;
    v_text := regexp_replace(v_text, '[''’]s\M', '', 'g');
    v_text := regexp_replace(v_text, '[!-/:-@\[-`{-~[:space:]]+', ' ', 'g');
    RETURN trim(v_text || ' ' || array_to_string(v_extra, ' '));
END
$function$;

COMMENT ON FUNCTION retail.plain_words IS $comment$
The words of a text in lower case, then its measures, each as a word of its own: 1/2", half inch and 0.5 in are in0d5
and n0d5 (the number alone), 2 in x 4 in x 8 ft is 2x4, 4x8 and 2x4x8, 12-2 and 12/2 are 12x2. For
retail.describe_products and retail.search_terms, which must see texts alike.
@title Plain words
@param content  A name, a description or a query.
@return The words, with blanks between them.
@example SELECT retail.plain_words('Copper pipe, half inch');
$comment$;
REVOKE ALL ON FUNCTION retail.plain_words FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.plain_words TO store_managers, regional_managers, head_office;
