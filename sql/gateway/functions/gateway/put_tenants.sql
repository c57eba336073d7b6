-- Says whose rows a person may see, from the next call on.
-- drop: DROP FUNCTION gateway.put_tenants;
CREATE OR REPLACE FUNCTION gateway.put_tenants(principal_id uuid, tenant_ids uuid[])
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    UPDATE gateway.principals AS p
    SET all_tenants = put_tenants.tenant_ids IS NULL
    WHERE p.principal_id = put_tenants.principal_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK404',
            MESSAGE = format('There is no person %s.', put_tenants.principal_id),
            HINT = 'SELECT gateway.put_principal(…) adds one.';
    END IF;
    DELETE FROM gateway.principal_tenants AS pt WHERE pt.principal_id = put_tenants.principal_id;
    INSERT INTO gateway.principal_tenants (principal_id, tenant_id)
    SELECT DISTINCT put_tenants.principal_id, t.tenant_id
    FROM unnest(put_tenants.tenant_ids) AS t (tenant_id);
    NOTIFY storekeeper_catalog;
END
$function$;

COMMENT ON FUNCTION gateway.put_tenants IS $comment$
Sets a person's tenants to exactly these; NULL means every tenant, those to come included.
$comment$;
REVOKE ALL ON FUNCTION gateway.put_tenants FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.put_tenants TO storekeeper_dba, storekeeper_loader, storekeeper_owner;
