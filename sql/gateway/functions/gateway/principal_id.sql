-- The caller's principal id.
-- drop: DROP FUNCTION gateway.principal_id;
CREATE OR REPLACE FUNCTION gateway.principal_id()
RETURNS uuid
LANGUAGE sql
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT i.principal_id FROM gateway.identity() AS i
$function$;

COMMENT ON FUNCTION gateway.principal_id IS $comment$
The caller's principal id; NULL when nobody is signed in.
$comment$;
REVOKE ALL ON FUNCTION gateway.principal_id FROM PUBLIC;
