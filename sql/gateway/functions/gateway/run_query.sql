-- Runs one reading statement with its caller's rights and path, and returns it as JSON.
-- drop: DROP FUNCTION gateway.run_query;
CREATE OR REPLACE FUNCTION gateway.run_query(query text, max_rows integer, max_bytes integer)
RETURNS json
LANGUAGE plpgsql
STABLE
AS $function$
-- The search path is that of the sandbox function that calls: free SQL is resolved along it.
DECLARE
    v_query     text := rtrim(run_query.query, E' \t\r\n;');
    v_cursor    refcursor;
    v_row       record;
    v_json      text;
    v_keys      text[];
    v_names     text[] := '{}';
    v_types     text[];
    v_rows      text[] := '{}';
    v_bytes     bigint := 0;
    v_name      text;
    v_copy      integer;
    v_truncated boolean := false;
BEGIN
    IF coalesce(v_query, '') = '' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = 'The query is empty.',
            HINT = 'Send one SELECT statement.';
    ELSIF length(v_query) > 8000 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = format('The query has %s characters; 8000 are allowed.', length(v_query)),
            HINT = 'Ask for less in one query, or use a tool made for the question.';
    END IF;

    BEGIN
        OPEN v_cursor NO SCROLL FOR EXECUTE v_query;
    EXCEPTION WHEN invalid_cursor_definition OR feature_not_supported OR read_only_sql_transaction THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK403',
            MESSAGE = 'Only one reading statement may run here: ' || SQLERRM || '.',
            HINT = 'Send a single SELECT, WITH … SELECT, VALUES or TABLE statement that changes and locks nothing.';
    END;

    -- A join that can't match tells names and types without running the query, so that an empty
    -- result has its columns too.
    EXECUTE format(E'SELECT q.* FROM (SELECT) AS one LEFT JOIN (%s\n) AS q ON false', v_query) INTO v_row;
    v_keys := ARRAY(SELECT k FROM json_object_keys(row_to_json(v_row)) WITH ORDINALITY AS j (k, n) ORDER BY n);
    FOREACH v_name IN ARRAY v_keys LOOP
        v_copy := 1;
        WHILE (v_name || CASE WHEN v_copy > 1 THEN '_' || v_copy ELSE '' END) = ANY (v_names) LOOP
            v_copy := v_copy + 1;
        END LOOP;
        v_names := v_names || (v_name || CASE WHEN v_copy > 1 THEN '_' || v_copy ELSE '' END);
    END LOOP;
    IF v_names <> '{}' THEN
        EXECUTE format(
            E'SELECT ARRAY[%s] FROM (SELECT) AS one LEFT JOIN (%s\n) AS q (%s) ON false',
            (SELECT string_agg(format('pg_typeof(q.c%s)::text', n), ',') FROM generate_subscripts(v_names, 1) AS n),
            v_query,
            (SELECT string_agg(format('c%s', n), ',') FROM generate_subscripts(v_names, 1) AS n)
        ) INTO v_types;
    END IF;

    LOOP
        FETCH v_cursor INTO v_row;
        EXIT WHEN NOT FOUND;
        v_json := row_to_json(v_row)::text;
        IF v_names <> v_keys THEN
            SELECT '{' || string_agg(to_json(v_names[j.n]) || ':' || j.value, ',' ORDER BY j.n) || '}'
            INTO v_json
            FROM json_each(v_json::json) WITH ORDINALITY AS j (key, value, n);
        END IF;
        v_bytes := v_bytes + octet_length(v_json);
        v_truncated := cardinality(v_rows) = run_query.max_rows OR v_bytes > run_query.max_bytes;
        EXIT WHEN v_truncated;
        v_rows := v_rows || v_json;
    END LOOP;
    CLOSE v_cursor;

    RETURN json_build_object(
        'columns', (
            SELECT coalesce(json_agg(json_build_object('name', v_names[n], 'type', v_types[n]) ORDER BY n), '[]')
            FROM generate_subscripts(v_names, 1) AS n
        ),
        'rows', ('[' || array_to_string(v_rows, ',') || ']')::json,
        'row_count', cardinality(v_rows),
        'truncated', v_truncated
    );
END
$function$;

COMMENT ON FUNCTION gateway.run_query IS $comment$
{columns: [{name, type}], rows: [{…}], row_count, truncated} of one SELECT, at most max_rows rows and
max_bytes bytes of JSON. Columns of the same name become name, name_2 and so on. Only the sandbox
functions call it.
$comment$;
REVOKE ALL ON FUNCTION gateway.run_query FROM PUBLIC;
