-- Runs free SQL in the sandbox of the caller's persona.
-- drop: DROP FUNCTION gateway.free_query;
CREATE OR REPLACE FUNCTION gateway.free_query(
    query     text,
    max_rows  integer DEFAULT 100,
    max_bytes integer DEFAULT 262144
)
RETURNS json
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_result json;
BEGIN
    -- The savepoint that EXCEPTION makes bounds READ ONLY: whoever calls this may go on to write.
    BEGIN
        PERFORM gateway.admit_free_query(current_user);
        EXECUTE format('SELECT sandbox.%I($1, $2, $3)', 'run_' || current_user)
            INTO v_result
            USING free_query.query, coalesce(free_query.max_rows, 100), coalesce(free_query.max_bytes, 262144);
    EXCEPTION WHEN SQLSTATE 'SK002' THEN
        NULL;  -- raised by nobody
    END;
    RETURN v_result;
END
$function$;

COMMENT ON FUNCTION gateway.free_query IS $comment$
For a tool of your own that offers free SQL: runs one SELECT as the powerless twin of the caller's
persona and returns {columns: [{name, type}], rows, row_count, truncated}.
$comment$;
REVOKE ALL ON FUNCTION gateway.free_query FROM PUBLIC;
