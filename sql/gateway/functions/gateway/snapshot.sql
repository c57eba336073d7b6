-- Which transactions the caller sees.
-- drop: DROP FUNCTION gateway.snapshot;
CREATE OR REPLACE FUNCTION gateway.snapshot()
RETURNS text
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    RETURN pg_current_snapshot()::text || '@' || gateway.run_id();
END
$function$;

COMMENT ON FUNCTION gateway.snapshot IS $comment$
The current snapshot and the run of the database, as text, for gateway.unchanged_since. Take it before the answer
is computed: what is committed between the two then counts as a change.
$comment$;
REVOKE ALL ON FUNCTION gateway.snapshot FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.snapshot TO storekeeper_gateway;
