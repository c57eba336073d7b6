-- How many letters two words differ by.
-- drop: DROP FUNCTION retail.edit_distance;
CREATE OR REPLACE FUNCTION retail.edit_distance(a text, b text)
RETURNS integer
LANGUAGE plpgsql
IMMUTABLE
STRICT
PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_a    CONSTANT text[] := string_to_array(edit_distance.a, NULL);
    v_b    CONSTANT text[] := string_to_array(edit_distance.b, NULL);
    v_n    CONSTANT integer := cardinality(v_b);
    v_last integer[];
    v_row  integer[] := ARRAY(SELECT j FROM generate_series(0, v_n) AS j);  -- [j + 1] is for j letters
    v_next integer[];
    v_best integer;
BEGIN
    FOR i IN 1 .. cardinality(v_a) LOOP
        v_next := ARRAY[i];
        FOR j IN 1 .. v_n LOOP
            v_best := CASE WHEN v_a[i] = v_b[j] THEN v_row[j] ELSE 1 + least(v_row[j], v_row[j + 1], v_next[j]) END;
            -- Two neighbours that changed places are one mistake.
            IF i > 1 AND j > 1 AND v_a[i] = v_b[j - 1] AND v_a[i - 1] = v_b[j] THEN
                v_best := least(v_best, v_last[j - 1] + 1);
            END IF;
            v_next[j + 1] := v_best;
        END LOOP;
        v_last := v_row;
        v_row := v_next;
    END LOOP;
    RETURN v_row[v_n + 1];
END
$function$;

COMMENT ON FUNCTION retail.edit_distance IS $comment$
How many letters must be changed, added, left out or exchanged with their neighbour to make one word of the other.
@title Edit distance
@param a  A word.
@param b  Another one.
@return 0 for equal words.
@example SELECT retail.edit_distance('screwdirver', 'screwdriver');
$comment$;
REVOKE ALL ON FUNCTION retail.edit_distance FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.edit_distance TO store_managers, regional_managers, head_office;
