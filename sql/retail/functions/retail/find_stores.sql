-- The ids of the stores that a question is about.
-- drop: DROP FUNCTION retail.find_stores;
CREATE OR REPLACE FUNCTION retail.find_stores(store_name text)
RETURNS uuid[]
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_name     CONSTANT text := lower(trim(find_stores.store_name));
    v_store_id uuid;
BEGIN
    IF v_name IS NULL THEN
        RETURN retail.get_user_store_list();
    END IF;
    SELECT s.store_id INTO v_store_id
    FROM retail.stores AS s
    WHERE lower(s.name) IN (v_name, 'zava retail ' || v_name);
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK404',
            MESSAGE = format('You may see no store called %L.', find_stores.store_name),
            HINT = coalesce(
                (
                    SELECT 'Stores you may see: ' || string_agg(s.name, ', ' ORDER BY s.name) || '.'
                    FROM retail.stores AS s
                ),
                'There is no store that you may see.'
            );
    END IF;
    RETURN ARRAY[v_store_id];
END
$function$;

COMMENT ON FUNCTION retail.find_stores IS $comment$
The store of this name, in any letter case, with or without the leading "Zava Retail"; for NULL all
the caller's stores. SK404, with the visible names in the hint, for an unknown store and for one
that is not the caller's alike.
@title Find stores
@param store_name  Zava Retail Seattle, or Seattle, or NULL.
@return The store ids.
@example SELECT retail.find_stores('Seattle');
$comment$;
REVOKE ALL ON FUNCTION retail.find_stores FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.find_stores TO store_managers, regional_managers, head_office;
