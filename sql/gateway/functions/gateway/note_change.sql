-- Notes that a table was changed, for answers that servers keep.
-- drop: DROP FUNCTION gateway.note_change;
CREATE OR REPLACE FUNCTION gateway.note_change()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_table CONSTANT text := TG_TABLE_SCHEMA || '.' || TG_TABLE_NAME;
    v_last  CONSTANT timestamptz := (
        SELECT c.at FROM gateway.changes AS c WHERE c.table_name = v_table ORDER BY c.xid DESC LIMIT 1
    );
BEGIN
    INSERT INTO gateway.changes (table_name, xid, at)
    VALUES (v_table, pg_current_xact_id(), clock_timestamp());
    -- Transactions that notify commit one after another, and nothing depends on the notice: one a
    -- second is enough.
    IF v_last > clock_timestamp() - interval '1 second' IS NOT TRUE THEN
        PERFORM pg_notify('storekeeper_changes', v_table);
    END IF;
    RETURN NULL;
END
$function$;

COMMENT ON FUNCTION gateway.note_change IS $comment$
Trigger function for tables that @cache tags name: a row in gateway.changes, and about once a second a notice
that lets servers forget early; whether an answer still holds they ask gateway.unchanged_since. On a table of yours: CREATE TRIGGER note_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE
ON … FOR EACH STATEMENT EXECUTE FUNCTION gateway.note_change().
$comment$;
REVOKE ALL ON FUNCTION gateway.note_change FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.note_change TO storekeeper_owner;
