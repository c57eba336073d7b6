-- Tells running servers that what is published has changed.
-- drop: DROP FUNCTION gateway.notify_catalog;
CREATE OR REPLACE FUNCTION gateway.notify_catalog()
RETURNS event_trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    NOTIFY storekeeper_catalog;
    -- No definition may fail because its change can't be noted.
    IF to_regclass('gateway.changes') IS NOT NULL THEN
        -- Once a transaction is enough for gateway.unchanged_since.
        INSERT INTO gateway.changes (table_name, xid, at)
        SELECT 'ddl', pg_current_xact_id(), clock_timestamp()
        WHERE NOT EXISTS (
            SELECT FROM gateway.changes AS c WHERE c.table_name = 'ddl' AND c.xid = pg_current_xact_id()
        );
    END IF;
END
$function$;

COMMENT ON FUNCTION gateway.notify_catalog IS $comment$
Event trigger function: NOTIFY storekeeper_catalog, on which servers load the catalog again, and a row in
gateway.changes, so that no answer from before is given after it.
$comment$;
REVOKE ALL ON FUNCTION gateway.notify_catalog FROM PUBLIC;
