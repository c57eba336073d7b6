-- The one store of a store manager.
-- drop: DROP FUNCTION retail.get_current_user_store;
CREATE OR REPLACE FUNCTION retail.get_current_user_store()
RETURNS uuid
LANGUAGE plpgsql
STABLE
PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_stores CONSTANT uuid[] := gateway.tenant_ids();
BEGIN
    RETURN CASE WHEN cardinality(v_stores) = 1 THEN v_stores[1] END;
END
$function$;

COMMENT ON FUNCTION retail.get_current_user_store IS $comment$
The id of the caller's store when they have exactly one, from the signed identity; otherwise NULL,
which equals nothing: whoever has no store or several sees nothing through it.
@title Store of the caller
@return The store id, or NULL.
@example SELECT name FROM retail.stores WHERE store_id = retail.get_current_user_store();
$comment$;
REVOKE ALL ON FUNCTION retail.get_current_user_store FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.get_current_user_store
    TO store_managers, regional_managers, head_office;
