-- Tells running servers that what is published has changed.
-- drop: DROP FUNCTION gateway.notify_catalog;
CREATE OR REPLACE FUNCTION gateway.notify_catalog()
RETURNS event_trigger
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    NOTIFY storekeeper_catalog;
END
$function$;

COMMENT ON FUNCTION gateway.notify_catalog IS $comment$
Event trigger function: NOTIFY storekeeper_catalog, on which servers load the catalog again.
$comment$;
REVOKE ALL ON FUNCTION gateway.notify_catalog FROM PUBLIC;
