-- Stores whose names begin as somebody began to type.
-- drop: DROP FUNCTION completion.store;
CREATE OR REPLACE FUNCTION completion.store(prefix text, context jsonb)
RETURNS SETOF text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT s.name
    FROM retail.stores AS s
    WHERE starts_with(lower(s.name), lower(store.prefix))
       OR starts_with(lower(s.name), 'zava retail ' || lower(store.prefix))
    ORDER BY s.name
$function$;

COMMENT ON FUNCTION completion.store IS $comment$
Names of the stores that you may see, typed with or without the leading "Zava Retail".
@title Stores
@param prefix   What was typed so far.
@param context  The arguments that are filled in already; they make no difference here.
@return The names.
@example SELECT * FROM completion.store('sea', '{}');
$comment$;
REVOKE ALL ON FUNCTION completion.store FROM PUBLIC;
GRANT EXECUTE ON FUNCTION completion.store TO store_managers, regional_managers, head_office;
