-- Runs one reading statement with its caller's rights and path, and returns it as JSON.
-- drop: DROP FUNCTION gateway.run_query;
CREATE OR REPLACE FUNCTION gateway.run_query(query text, max_rows integer, max_bytes integer)
RETURNS json
LANGUAGE plpgsql
STABLE
AS $function$
-- The search path is that of the sandbox function that calls: free SQL is resolved along it.
DECLARE
    c_gap       CONSTANT text := '(?:;|\s|--[^\n]*(?:\n|$)|/\*(?:[^*]|\*+[^*/])*\*+/)*';
    v_query     text := run_query.query;
    v_bare      text;
    v_explained text;
    v_cursor    refcursor;
    v_row       record;
    v_found     boolean;
    v_json      text;
    v_keys      text[];
    v_names     text[] := '{}';
    v_types     text[];
    v_rows      text[] := '{}';
    v_bytes     bigint := 0;
    v_name      text;
    v_copy      integer;
    v_truncated boolean := false;
    v_state     text;
    v_message   text;
    v_hint      text;
    v_hinted    text[];
    v_near      text[];
BEGIN
    PERFORM guard.check_query(v_query);
    v_bare := regexp_replace(v_query, '^' || c_gap, '');
    v_explained := substring(v_bare, '(?i)^explain\M(.*)$');
    IF coalesce(v_bare, '') = '' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = 'The query is empty.',
            HINT = 'Send one SELECT statement.';
    ELSIF v_explained ~* (
        '^' || c_gap || '\(?' || c_gap
        || '(analy[sz]e|verbose|costs|settings|generic_plan|buffers|serialize|wal|timing|summary|memory|format)\M'
    ) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = 'EXPLAIN takes no options here.',
            HINT = 'EXPLAIN SELECT … shows the plan, without costs and row estimates.';
    END IF;

    BEGIN
        IF v_explained IS NULL THEN
            OPEN v_cursor NO SCROLL FOR EXECUTE v_query;
        ELSE
            OPEN v_cursor NO SCROLL FOR SELECT e AS "QUERY PLAN" FROM gateway.explain_query(v_explained) AS e;
            v_query := 'SELECT NULL::text';
        END IF;
        FETCH v_cursor INTO v_row;
        v_found := FOUND;
    EXCEPTION
        WHEN invalid_cursor_definition OR feature_not_supported OR read_only_sql_transaction THEN
            -- Also what PostgreSQL has not built, a DISTINCT window function for one: that is no attempt to write.
            IF SQLSTATE = '0A000' AND SQLERRM !~ 'non-volatile function|data-modifying|cursor' THEN
                RAISE;
            END IF;
            RAISE EXCEPTION USING
                ERRCODE = 'SK403',
                MESSAGE = 'Only one reading statement may run here: ' || SQLERRM || '.',
                HINT = 'Send a single SELECT, WITH … SELECT, VALUES or TABLE statement that changes and locks nothing.';
        WHEN undefined_table OR undefined_column OR insufficient_privilege THEN
            GET STACKED DIAGNOSTICS
                v_state = RETURNED_SQLSTATE, v_message = MESSAGE_TEXT, v_hint = PG_EXCEPTION_HINT;
            -- relation "retail.ordrs" does not exist; column o.totl does not exist
            v_name := regexp_replace((regexp_match(v_message, '^\S+ "?([^" ]+)"? '))[1], '^.*\.', '');
            v_near := gateway.near_names(CASE v_state WHEN '42703' THEN 'column' ELSE 'table' END, v_name);
            -- PostgreSQL's own hint may name a column, or two, that is hidden from the caller.
            v_hinted := ARRAY(SELECT c[1] FROM regexp_matches(v_hint, 'column (?:named )?"(?:[^"]*\.)?([^".]+)"', 'g') AS c);
            IF v_state = '42703' AND NOT (v_hinted <> '{}' AND v_hinted <@ v_near) THEN
                v_hint := '';
            END IF;
            RAISE EXCEPTION USING
                ERRCODE = v_state,
                MESSAGE = v_message,
                DETAIL = coalesce('At character ' || nullif(strpos(run_query.query, v_name), 0), ''),
                HINT = CASE
                    WHEN v_hint <> '' THEN v_hint
                    WHEN v_state = '42501' THEN 'Queries read the tables of the business, and call functions'
                        ' that change nothing and tell of nobody else.'
                    WHEN v_near <> '{}' THEN format('Perhaps you mean %s.', array_to_string(v_near, ' or '))
                    ELSE 'Ask for the names of tables and columns first.'
                END;
    END;

    -- Without a row the record has the columns all the same, each NULL.
    v_keys := ARRAY(SELECT k FROM json_object_keys(row_to_json(v_row)) WITH ORDINALITY AS j (k, n) ORDER BY n);
    FOREACH v_name IN ARRAY v_keys LOOP
        v_copy := 1;
        WHILE (v_name || CASE WHEN v_copy > 1 THEN '_' || v_copy ELSE '' END) = ANY (v_names) LOOP
            v_copy := v_copy + 1;
        END LOOP;
        v_names := v_names || (v_name || CASE WHEN v_copy > 1 THEN '_' || v_copy ELSE '' END);
    END LOOP;
    IF v_names <> '{}' THEN
        v_types := gateway.query_types(v_query, cardinality(v_names));
    END IF;

    WHILE v_found LOOP
        -- Before it is made into text, which would take as much memory again. A list of small numbers is
        -- several times as long as its text.
        v_truncated := cardinality(v_rows) = run_query.max_rows
            OR pg_column_size(v_row) > 8 * run_query.max_bytes::bigint;
        EXIT WHEN v_truncated;
        v_json := row_to_json(v_row)::text;
        IF v_names <> v_keys THEN
            SELECT '{' || string_agg(to_json(v_names[j.n]) || ':' || j.value, ',' ORDER BY j.n) || '}'
            INTO v_json
            FROM json_each(v_json::json) WITH ORDINALITY AS j (key, value, n);
        END IF;
        v_bytes := v_bytes + octet_length(v_json);
        v_truncated := v_bytes > run_query.max_bytes;
        EXIT WHEN v_truncated;
        v_rows := v_rows || v_json;
        FETCH v_cursor INTO v_row;
        v_found := FOUND;
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
max_bytes bytes of JSON; of EXPLAIN SELECT … the plan without figures. Columns of the same name become
name, name_2 and so on. Only the sandbox functions call it.
$comment$;
REVOKE ALL ON FUNCTION gateway.run_query FROM PUBLIC;
