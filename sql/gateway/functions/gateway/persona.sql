-- The role that the caller is to be taken for when rights are looked up.
-- drop: DROP FUNCTION gateway.persona;
CREATE OR REPLACE FUNCTION gateway.persona()
RETURNS name
LANGUAGE sql
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT coalesce(i.persona, session_user) FROM gateway.identity() AS i
$function$;

COMMENT ON FUNCTION gateway.persona IS $comment$
The caller's persona; the account that is logged in when nobody is signed in. For a SECURITY DEFINER function
that looks into the catalogs on somebody's behalf: has_table_privilege(gateway.persona(), …).
$comment$;
REVOKE ALL ON FUNCTION gateway.persona FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.persona TO storekeeper_owner, storekeeper_dba;
