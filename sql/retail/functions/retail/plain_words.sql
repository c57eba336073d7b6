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
    -- 1/2, 1-1/2, 1 1/2, 1,000, 4.5. Bounds of words (\m, \M) take a tenth of the time of looking round.
    c_number CONSTANT text := '(?:(?:\d+[- ])?\d+/\d+|\d+(?:,\d{3})+|\d+(?:\.\d+)?)';
    c_unit   CONSTANT text :=
        '(?:(?:in(?:ch(?:es)?)?|(?:sq(?:uare|\.)?|cu(?:bic|\.)?)?[ -]?(?:ft|foot|feet)|yds?|yards?|gal|gallons?|qt|quarts?|pt|pints?'
        '|oz|ounces?|lbs?|pounds?|hp|v|volts?|w|watts?|a|amps?|ga|gauge|awg|packs?|pk|pieces?|pcs?|ct|count|degrees?|mm|cm)'
        '\M|["”″]|''''|[''’′])';
    c_units  CONSTANT jsonb := '{
        "\"": "inch", "”": "inch", "″": "inch", "''''": "inch", "in": "inch", "inche": "inch",
        "''": "foot", "’": "foot", "′": "foot", "ft": "foot", "feet": "foot", "yd": "yard",
        "gal": "gallon", "qt": "quart", "pt": "pint", "oz": "ounce", "lb": "pound",
        "v": "volt", "w": "watt", "a": "amp", "ga": "gauge", "awg": "gauge",
        "pk": "pack", "pc": "pack", "piece": "pack", "ct": "pack", "count": "pack"
    }';
    c_numerals CONSTANT text[] := '{one,two,three,four,five,six,seven,eight,nine,ten,eleven,twelve}';
    v_text     text := replace(lower(plain_words.content), '-by-', ' by ');
    v_found    text[];
    v_row      text[];
    v_value    text;
    v_unit     text;
    v_measures text[] := '{}';
BEGIN
    IF v_text ~ '\m(?:half|quarter|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\M' THEN
        -- By digits, where they count units, and of two by four.
        v_text := regexp_replace(v_text, '\m(?:a )?half(?: an?)?[ -](?=(?:inch|gallon|quart|pint|pound))', '1/2 ', 'g');
        v_text := regexp_replace(v_text, '\mthree[ -]quarters?(?: of)?(?: an?)?[ -](?=inch)', '3/4 ', 'g');
        v_text := regexp_replace(v_text, '\m(?:a )?quarter(?: of)?(?: an?)?[ -](?=inch)', '1/4 ', 'g');
        FOR v_found IN
            SELECT DISTINCT m FROM regexp_matches(
                v_text,
                '\m(' || array_to_string(c_numerals, '|') || ')\M(?:(?=[ -]' || c_unit || ')|(?= by\M)|(?<=\mby [a-z]+))',
                'g'
            ) AS m
        LOOP
            v_text := regexp_replace(
                v_text, '\m' || v_found[1] || '\M', array_position(c_numerals, v_found[1])::text, 'g'
            );
        END LOOP;
    END IF;
    IF v_text ~ '\d' THEN
        v_text := regexp_replace(v_text, '(^|[^\d])\.(?=\d)', '\10.', 'g');
        -- 2 in x 4 in x 8 ft, 2x4, 12-2: measures that belong together.
        IF v_text ~ '\d.{0,14}(?:x|×|by) ?[\d.]|\d-\d' THEN
            FOR v_found IN
                SELECT m FROM regexp_matches(
                    v_text,
                    '\m(?:' || c_number || '(?: ?-? ?' || c_unit || ')?(?: ?(?:x|×|by) ?' || c_number
                        || '(?: ?-? ?' || c_unit || '|\M))+|\d+(?:-\d+)+\M(?!/))',
                    'g'
                ) AS m
            LOOP
                v_value := regexp_replace(v_found[1], ' ?(?:x|×|by) ?', '×', 'g');
                IF v_value !~ '×' THEN
                    v_value := replace(v_value, '-', '×');
                END IF;
                v_row := string_to_array(
                    translate(regexp_replace(v_value, ' ?-? ?' || c_unit, '', 'g'), './ -,', 'dvpp'), '×'
                );
                FOR i IN 1 .. cardinality(v_row) - 1 LOOP
                    FOR j IN i + 1 .. least(cardinality(v_row), i + 3) LOOP
                        v_measures := v_measures || array_to_string(v_row[i:j], 'x');
                    END LOOP;
                END LOOP;
            END LOOP;
        END IF;
        -- Each number, with its unit and without.
        FOR v_found IN
            SELECT m FROM regexp_matches(
                v_text, '\m(' || c_number || ')(?: ?-? ?(' || c_unit || ')|\M)', 'g'
            ) AS m
        LOOP
            v_value := replace(v_found[1], ',', '');
            CONTINUE WHEN length(v_value) > 12;
            IF strpos(v_value, '/') > 0 THEN
                v_row := regexp_match(v_value, '^(?:(\d+)[- ])?(\d+)/(\d+)$');
                CONTINUE WHEN v_row[3]::bigint = 0;
                -- 12/2 is a cable.
                IF v_row[1] IS NULL AND v_row[2]::bigint >= v_row[3]::bigint THEN
                    v_measures := v_measures || (v_row[2] || 'x' || v_row[3]);
                    CONTINUE;
                END IF;
                v_value := round(coalesce(v_row[1]::numeric, 0) + v_row[2]::numeric / v_row[3]::numeric, 3)::text;
            END IF;
            v_value := replace(trim_scale(v_value::numeric)::text, '.', 'd');
            v_measures := v_measures || ('n' || v_value);
            IF v_found[2] IS NOT NULL THEN
                v_unit := CASE
                    WHEN v_found[2] LIKE 'sq%' THEN 'sqft'
                    WHEN v_found[2] LIKE 'cu%' THEN 'cuft'
                    ELSE rtrim(ltrim(v_found[2], ' -'), 's')
                END;
                v_unit := coalesce(c_units ->> v_unit, v_unit);
                v_measures := v_measures || (v_unit || v_value);
                -- Inches and feet are everywhere, and say nothing alone.
                IF v_unit NOT IN ('inch', 'foot') THEN
                    v_measures := v_measures || v_unit;
                END IF;
            END IF;
        END LOOP;
        v_text := regexp_replace(
            v_text,
            '\m(?:' || c_number || '(?: ?-? ?' || c_unit || '|\M)|x\M)|×',
            ' ', 'g'
        );
    END IF;
    v_text := regexp_replace(v_text, '[''’]s\M', '', 'g');
    v_text := regexp_replace(v_text, '[!-/:-@\[-`{-~[:space:]]+', ' ', 'g');
    RETURN trim(v_text || ' ' || array_to_string(v_measures, ' '));
END
$function$;

COMMENT ON FUNCTION retail.plain_words IS $comment$
The words of a text in lower case, then its measures, each as a word of its own: 1/2", half inch and 0.5 in are
inch0d5 and n0d5 (the number alone), two by four is 2x4, 2 in x 4 in x 8 ft is 2x4, 4x8 and 2x4x8, 12-2 and 12/2 are
12x2. For retail.describe_products and retail.search_terms, which must see texts alike.
@title Plain words
@param content  A name, a description or a query.
@return The words, with blanks between them.
@example SELECT retail.plain_words('Copper pipe, half inch');
$comment$;
REVOKE ALL ON FUNCTION retail.plain_words FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.plain_words TO store_managers, regional_managers, head_office;
