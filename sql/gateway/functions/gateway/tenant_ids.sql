-- The tenants whose rows the caller may see: what every policy asks.
-- drop: DROP FUNCTION gateway.tenant_ids;
CREATE OR REPLACE FUNCTION gateway.tenant_ids()
RETURNS uuid[]
LANGUAGE sql
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT i.tenant_ids FROM gateway.identity() AS i
$function$;

COMMENT ON FUNCTION gateway.tenant_ids IS $comment$
The caller's tenants; none when nobody is signed in. In a policy write
USING (tenant_id = ANY ((SELECT gateway.tenant_ids())::uuid[])), so that it runs once a statement.
$comment$;
REVOKE ALL ON FUNCTION gateway.tenant_ids FROM PUBLIC;
