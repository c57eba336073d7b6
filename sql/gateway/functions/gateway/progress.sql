-- Tells whoever waits how far the work is: a NOTICE of its own SQLSTATE.
-- drop: DROP FUNCTION gateway.progress;
CREATE OR REPLACE FUNCTION gateway.progress(
    done    double precision,
    total   double precision,
    message text DEFAULT NULL
)
RETURNS void
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF starts_with(current_user, 'sandbox_') THEN
        RAISE EXCEPTION USING
            ERRCODE = '42501',
            MESSAGE = 'A query has no progress to report.',
            HINT = 'Progress is for functions: a query could report it without end.';
    END IF;
    RAISE NOTICE USING
        ERRCODE = 'SK001',
        MESSAGE = coalesce(progress.message, ''),
        DETAIL = progress.done || '/' || progress.total;
END
$function$;

COMMENT ON FUNCTION gateway.progress IS $comment$
Reports progress from inside a function: PERFORM gateway.progress(done, total, 'text').
$comment$;
REVOKE ALL ON FUNCTION gateway.progress FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.progress TO storekeeper_loader, storekeeper_dba;
