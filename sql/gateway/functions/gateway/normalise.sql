-- A statement without its literals, comments and superfluous white space.
-- drop: DROP FUNCTION gateway.normalise;
CREATE OR REPLACE FUNCTION gateway.normalise(statement text)
RETURNS text
LANGUAGE plpgsql
IMMUTABLE
STRICT
PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_text  CONSTANT text := left(normalise.statement, 8000);
    -- Where a string, a quoted name, a dollar quote or a comment begins.
    v_start CONSTANT text := '(?<![[:alnum:]_$])[eE]''|''|"|--|/\*|(?<![[:alnum:]_$])\$(?:[[:alpha:]_][[:alnum:]_]*)?\$';
    v_from  integer := 1;
    v_at    integer;
    v_end   integer;
    v_next  integer;
    v_depth integer;
    v_mark  text;
    v_plain text;
    v_out   text := '';
BEGIN
    LOOP
        v_at := regexp_instr(v_text, v_start, v_from);
        v_plain := substr(v_text, v_from, CASE WHEN v_at > 0 THEN v_at - v_from ELSE length(v_text) END);
        v_plain := regexp_replace(
            v_plain, '(?<![[:alnum:]_$.])(?:0[xX][[:xdigit:]_]+|0[oObB][0-7_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?)',
            '?', 'g'
        );
        v_plain := regexp_replace(v_plain, '\s+', ' ', 'g');
        v_out := v_out || CASE WHEN right(v_out, 1) IN (' ', '') THEN ltrim(v_plain) ELSE v_plain END;
        EXIT WHEN v_at = 0;

        v_mark := regexp_substr(v_text, v_start, v_at);
        CASE
            WHEN v_mark IN ('e''', 'E''') THEN
                v_end := regexp_instr(v_text, '''(?:[^''\\]|\\.|'''')*(?:''|\\?$)', v_at, 1, 1);
                v_out := v_out || '?';
            WHEN v_mark = '''' THEN
                v_end := regexp_instr(v_text, '''(?:[^'']|'''')*(?:''|$)', v_at, 1, 1);
                v_out := v_out || '?';
            WHEN v_mark = '"' THEN
                v_end := regexp_instr(v_text, '"(?:[^"]|"")*(?:"|$)', v_at, 1, 1);
                v_out := v_out || substr(v_text, v_at, v_end - v_at);
            WHEN v_mark = '--' THEN
                v_end := nullif(regexp_instr(v_text, '[\n\r]', v_at), 0);
                v_out := v_out || CASE WHEN right(v_out, 1) IN (' ', '') THEN '' ELSE ' ' END;
            WHEN v_mark = '/*' THEN
                v_depth := 1;
                v_end := v_at + 2;
                WHILE v_depth > 0 LOOP
                    v_next := regexp_instr(v_text, '/\*|\*/', v_end);
                    IF v_next = 0 THEN
                        v_end := NULL;
                        EXIT;
                    END IF;
                    v_depth := v_depth + CASE WHEN substr(v_text, v_next, 1) = '/' THEN 1 ELSE -1 END;
                    v_end := v_next + 2;
                END LOOP;
                v_out := v_out || CASE WHEN right(v_out, 1) IN (' ', '') THEN '' ELSE ' ' END;
            ELSE
                v_end := v_at + 2 * length(v_mark)
                    + nullif(strpos(substr(v_text, v_at + length(v_mark)), v_mark), 0) - 1;
                v_out := v_out || '?';
        END CASE;
        -- What does not end goes to the end of the text.
        EXIT WHEN coalesce(v_end, 0) = 0 OR v_end > length(v_text);
        v_from := v_end;
    END LOOP;
    v_out := regexp_replace(
        v_out, '(\mIN ?\(|\mARRAY ?\[) ?[-+]?\?(?: ?, ?[-+]?\?)* ?(?=[)\]])', '\1?', 'gi'
    );
    RETURN btrim(v_out, ' ;');
END
$function$;

COMMENT ON FUNCTION gateway.normalise IS $comment$
A statement in the form in which those that differ in their literals alone are one: strings, dollar quotes and
numbers become ?, lists of them in IN and ARRAY a single one, comments go, white space is squeezed. Names,
quoted ones too, stay as they are written. Of a longer one the first 8000 characters.
$comment$;
REVOKE ALL ON FUNCTION gateway.normalise FROM PUBLIC;
