-- The types of a query's columns, without running it.
-- drop: DROP FUNCTION gateway.query_types;
CREATE OR REPLACE FUNCTION gateway.query_types(query text, column_count integer)
RETURNS text[]
LANGUAGE plpgsql
STABLE
AS $function$
-- The search path is that of the sandbox function that calls.
DECLARE
    c_tail  CONSTANT text := ';(?:;|\s|--[^\n]*(?:\n|$)|/\*(?:[^*]|\*+[^*/])*\*+/)*$';
    v_names CONSTANT text[] := ARRAY(SELECT 'c' || n FROM generate_series(1, query_types.column_count) AS n);
    v_query text;
    v_types text[];
BEGIN
    PERFORM guard.check_query(query_types.query);
    -- As it is, or without the semicolon at its end, or what is behind that: which it must be the parser knows.
    FOREACH v_query IN ARRAY ARRAY[
        query_types.query, rtrim(query_types.query, E'; \t\r\n'), regexp_replace(query_types.query, c_tail, '')
    ] LOOP
        BEGIN
            -- A join that can't match, so nothing runs. The line's end closes a last comment.
            EXECUTE format(
                E'SELECT ARRAY[%s] FROM (SELECT) AS one LEFT JOIN (%s\n) AS q (%s) ON false',
                (SELECT string_agg(format('pg_typeof(q.%s)::text', n), ', ') FROM unnest(v_names) AS n),
                v_query,
                array_to_string(v_names, ', ')
            ) INTO v_types;
            RETURN v_types;
        EXCEPTION WHEN syntax_error THEN
            CONTINUE;
        END;
    END LOOP;
    RETURN array_fill('unknown'::text, ARRAY[query_types.column_count]);
END
$function$;

COMMENT ON FUNCTION gateway.query_types IS $comment$
The names of the types of the columns of a SELECT that has so many. Only the sandbox functions call it.
$comment$;
REVOKE ALL ON FUNCTION gateway.query_types FROM PUBLIC;
