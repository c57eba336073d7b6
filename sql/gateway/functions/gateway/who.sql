-- Everything the gateway knows of the caller.
-- drop: DROP FUNCTION gateway.who;
CREATE OR REPLACE FUNCTION gateway.who(
    OUT principal_id uuid,
    OUT display_name text,
    OUT email        text,
    OUT persona      name,
    OUT tenants      text[]
)
LANGUAGE sql
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT
        p.principal_id,
        p.display_name,
        p.email,
        i.persona,
        ARRAY(SELECT t.name FROM gateway.tenants AS t WHERE t.tenant_id = ANY (i.tenant_ids) ORDER BY t.name)
    FROM gateway.identity() AS i
    JOIN gateway.principals AS p USING (principal_id)
$function$;

COMMENT ON FUNCTION gateway.who IS $comment$
The caller's id, name, e-mail, persona and tenant names; NULLs when nobody is signed in.
$comment$;
REVOKE ALL ON FUNCTION gateway.who FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.who TO storekeeper_dba;
