-- At psql: be this person until the transaction ends.
-- drop: DROP FUNCTION gateway.impersonate;
CREATE OR REPLACE FUNCTION gateway.impersonate(principal text)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_who record := gateway.sign_impersonation(impersonate.principal);
BEGIN
    PERFORM gateway.assume(v_who.persona, v_who.context);
END
$function$;

COMMENT ON FUNCTION gateway.impersonate IS $comment$
For the DBA: BEGIN; SELECT gateway.impersonate('e-mail or id'); and then every statement of the
transaction sees just what that person sees.
$comment$;
REVOKE ALL ON FUNCTION gateway.impersonate FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.impersonate TO storekeeper_dba;
