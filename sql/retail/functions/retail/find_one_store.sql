-- The id of the one store that a write is about.
-- drop: DROP FUNCTION retail.find_one_store;
CREATE OR REPLACE FUNCTION retail.find_one_store(store_name text)
RETURNS uuid
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_store_ids CONSTANT uuid[] := retail.find_stores(find_one_store.store_name);
BEGIN
    IF cardinality(v_store_ids) = 0 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK404',
            MESSAGE = 'There is no store that you may write to.',
            HINT = 'Sign in as somebody who has one.';
    ELSIF cardinality(v_store_ids) > 1 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = format('You have %s stores; store_name says which one is meant.', cardinality(v_store_ids)),
            HINT = (
                SELECT 'Choose one of ' || string_agg(s.name, ', ' ORDER BY s.name) || '.'
                FROM retail.stores AS s
            );
    END IF;
    RETURN v_store_ids[1];
END
$function$;

COMMENT ON FUNCTION retail.find_one_store IS $comment$
The store of this name as retail.find_stores has it; for NULL the caller's only store. SK400, with the choice in
the hint, when they have several.
@title Find one store
@param store_name  Zava Retail Seattle, or Seattle, or NULL.
@return The store id.
@example SELECT retail.find_one_store('Seattle');
$comment$;
REVOKE ALL ON FUNCTION retail.find_one_store FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.find_one_store TO store_managers, regional_managers, head_office;
