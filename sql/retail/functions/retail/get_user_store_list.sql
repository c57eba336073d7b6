-- The stores whose rows the caller may see.
-- drop: DROP FUNCTION retail.get_user_store_list;
CREATE OR REPLACE FUNCTION retail.get_user_store_list()
RETURNS uuid[]
LANGUAGE plpgsql
STABLE
PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    -- PL/pgSQL keeps its plan; before 18 a SQL function is planned again in every query.
    RETURN gateway.tenant_ids();
END
$function$;

COMMENT ON FUNCTION retail.get_user_store_list IS $comment$
The ids of the caller's stores, from the signed identity; none when nobody is signed in.
@title Stores of the caller
@return The store ids.
@example SELECT * FROM retail.stores WHERE store_id = ANY (retail.get_user_store_list());
$comment$;
REVOKE ALL ON FUNCTION retail.get_user_store_list FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.get_user_store_list
    TO store_managers, regional_managers, head_office;
