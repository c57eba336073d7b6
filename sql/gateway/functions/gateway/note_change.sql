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
BEGIN
    INSERT INTO gateway.changes (table_name, xid, at)
    VALUES (v_table, pg_current_xact_id(), clock_timestamp());
    PERFORM pg_notify('storekeeper_changes', v_table);
    RETURN NULL;
END
$function$;

COMMENT ON FUNCTION gateway.note_change IS $comment$
Trigger function for tables that @cache tags name: a row in gateway.changes, and a notice that lets servers
forget early. On a table of yours: CREATE TRIGGER note_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE
ON … FOR EACH STATEMENT EXECUTE FUNCTION gateway.note_change().
$comment$;
REVOKE ALL ON FUNCTION gateway.note_change FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.note_change TO storekeeper_owner;
