-- The people who may call, for the DBA.
-- drop: DROP FUNCTION gateway.people;
CREATE OR REPLACE FUNCTION gateway.people()
RETURNS TABLE (
    principal_id uuid,
    email        text,
    display_name text,
    role         name,
    active       boolean,
    stores       jsonb
)
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT
        p.principal_id, p.email, p.display_name, p.role, p.active,
        coalesce(
            (
                SELECT jsonb_agg(jsonb_build_object('store_id', t.tenant_id, 'name', t.name) ORDER BY t.name)
                FROM gateway.tenants AS t
                LEFT JOIN gateway.principal_tenants AS pt
                    ON pt.tenant_id = t.tenant_id AND pt.principal_id = p.principal_id
                WHERE p.all_tenants OR pt.principal_id IS NOT NULL
            ),
            '[]'
        )
    FROM gateway.principals AS p
    ORDER BY p.role, p.email
$function$;

COMMENT ON FUNCTION gateway.people IS $comment$
Every person: id, e-mail, name, persona, whether active, and the stores (tenants) they may see.
$comment$;
REVOKE ALL ON FUNCTION gateway.people FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.people TO storekeeper_dba, storekeeper_loader;
