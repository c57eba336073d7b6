-- Does an answer from then still hold?
-- drop: DROP FUNCTION gateway.unchanged_since;
CREATE OR REPLACE FUNCTION gateway.unchanged_since(snapshot text, tables text[])
RETURNS boolean
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_then pg_snapshot := unchanged_since.snapshot;
BEGIN
    RETURN coalesce(
        -- Not of a future that a restored database has lost.
        pg_snapshot_xmax(v_then) <= pg_snapshot_xmax(pg_current_snapshot())
        AND NOT EXISTS (
            SELECT FROM gateway.watermarks AS w WHERE w.what = 'changes' AND w.xid >= pg_snapshot_xmin(v_then)
        )
        AND NOT EXISTS (
            SELECT
            FROM gateway.changes AS c
            WHERE c.table_name = ANY (
                    unchanged_since.tables
                    || '{ddl,gateway.personas,gateway.principals,gateway.principal_tenants}'::text[]
                )
              AND c.xid >= pg_snapshot_xmin(v_then)
              AND NOT pg_visible_in_snapshot(c.xid, v_then)
        ),
        false
    );
END
$function$;

COMMENT ON FUNCTION gateway.unchanged_since IS $comment$
True when everything that was committed to these tables (schema.table, with the trigger of gateway.note_change),
to the people and their rights, and to definitions was visible in that snapshot already. False also
when the snapshot is older than what gateway.retention keeps of changes.
$comment$;
REVOKE ALL ON FUNCTION gateway.unchanged_since FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.unchanged_since TO storekeeper_gateway;
