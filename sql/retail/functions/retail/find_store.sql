-- The id of a visible store by its name.
-- drop: DROP FUNCTION retail.find_store;
CREATE OR REPLACE FUNCTION retail.find_store(store_name text)
RETURNS uuid
LANGUAGE plpgsql
STABLE
STRICT
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_name     CONSTANT text := lower(trim(find_store.store_name));
    v_store_id uuid;
BEGIN
    SELECT s.store_id INTO v_store_id
    FROM retail.stores AS s
    WHERE lower(s.name) IN (v_name, 'zava retail ' || v_name);
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK404',
            MESSAGE = format('There is no store %L among those you may see.', find_store.store_name),
            HINT = coalesce(
                (SELECT 'Stores you may see: ' || string_agg(s.name, ', ' ORDER BY s.name) || '.' FROM retail.stores AS s),
                'There is no store that you may see.'
            );
    END IF;
    RETURN v_store_id;
END
$function$;

COMMENT ON FUNCTION retail.find_store IS $comment$
The store of this name, in any letter case, with or without the leading "Zava Retail"; NULL for NULL.
SK404, with the visible names in the hint, for an unknown store and for one that is not the caller's alike.
@title Find a store
@param store_name  Zava Retail Seattle, or Seattle.
@return The store id.
@example SELECT retail.find_store('Seattle');
$comment$;
REVOKE ALL ON FUNCTION retail.find_store FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.find_store TO store_managers, regional_managers, head_office;
