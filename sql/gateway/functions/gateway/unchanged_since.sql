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
    v_then pg_snapshot := split_part(unchanged_since.snapshot, '@', 1);
BEGIN
    RETURN coalesce(
        -- After a crash or a restore, ids that were handed out are handed out again.
        split_part(unchanged_since.snapshot, '@', 2) = gateway.run_id()
        AND NOT EXISTS (
            SELECT FROM gateway.watermarks AS w WHERE w.what = 'changes' AND w.xid >= pg_snapshot_xmin(v_then)
        )
        AND NOT EXISTS (
            SELECT
            FROM gateway.changes AS c
            WHERE c.table_name = ANY (
                    unchanged_since.tables
                    || '{ddl,gateway.personas,gateway.principals,gateway.principal_tenants,gateway.tenants}'::text[]
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
