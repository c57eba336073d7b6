-- Adds a tenant, or renames it.
-- drop: DROP FUNCTION gateway.put_tenant;
CREATE OR REPLACE FUNCTION gateway.put_tenant(tenant_id uuid, name text)
RETURNS void
LANGUAGE sql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
    INSERT INTO gateway.tenants (tenant_id, name) VALUES (put_tenant.tenant_id, put_tenant.name)
    ON CONFLICT (tenant_id) DO UPDATE SET name = excluded.name
$function$;

COMMENT ON FUNCTION gateway.put_tenant IS $comment$
Adds a tenant, or renames the one of this id.
$comment$;
REVOKE ALL ON FUNCTION gateway.put_tenant FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.put_tenant TO storekeeper_dba, storekeeper_loader, storekeeper_owner;
