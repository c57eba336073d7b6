-- Keeps the tenants, and who may see which, as retail.stores and retail.regions say.
-- drop: DROP FUNCTION retail.grant_managers;
CREATE OR REPLACE FUNCTION retail.grant_managers()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    -- Who sees only some of the stores would take the others from their managers.
    IF row_security_active('retail.stores') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK403',
            MESSAGE = format('%I may not change who manages what.', current_user),
            HINT = 'Change retail.stores and retail.regions as storekeeper_loader.';
    END IF;

    PERFORM gateway.put_tenant(s.store_id, s.name) FROM retail.stores AS s;

    -- Everybody anew, since whoever lost a store is named nowhere any more.
    PERFORM gateway.put_tenants(
        p.principal_id,
        CASE p.role
            WHEN 'store_managers' THEN ARRAY(
                SELECT s.store_id FROM retail.stores AS s WHERE s.manager_id = p.principal_id
            )
            WHEN 'regional_managers' THEN ARRAY(
                SELECT s.store_id
                FROM retail.stores AS s
                JOIN retail.regions AS r USING (region_id)
                WHERE r.manager_id = p.principal_id
            )
        END  -- NULL, every tenant, for the head office
    )
    FROM gateway.people() AS p
    WHERE p.role IN ('store_managers', 'regional_managers', 'head_office');
    RETURN NULL;
END
$function$;

COMMENT ON FUNCTION retail.grant_managers IS $comment$
Trigger: each store is a tenant; managers see the stores they manage now, the head office all.
$comment$;
REVOKE ALL ON FUNCTION retail.grant_managers FROM PUBLIC;
