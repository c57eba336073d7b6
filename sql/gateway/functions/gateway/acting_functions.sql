-- The built-in functions with which free SQL could act on more than its own answer.
-- drop: DROP FUNCTION gateway.acting_functions;
CREATE OR REPLACE FUNCTION gateway.acting_functions()
RETURNS TABLE (function_oid oid, family text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT p.oid, f.family
    FROM (
        VALUES ('settings', '{set_config, setseed}'::name[]),
               ('locks', '{
                    pg_advisory_lock, pg_advisory_lock_shared, pg_advisory_unlock, pg_advisory_unlock_all,
                    pg_advisory_unlock_shared, pg_advisory_xact_lock, pg_advisory_xact_lock_shared,
                    pg_try_advisory_lock, pg_try_advisory_lock_shared, pg_try_advisory_xact_lock,
                    pg_try_advisory_xact_lock_shared}'),
               ('notifications', '{pg_notify}'),
               ('signals', '{pg_cancel_backend, pg_terminate_backend}'),
               ('transactions', '{pg_current_xact_id, pg_export_snapshot, txid_current}'),
               ('replication', '{
                    pg_copy_logical_replication_slot, pg_copy_physical_replication_slot,
                    pg_create_logical_replication_slot, pg_create_physical_replication_slot,
                    pg_drop_replication_slot, pg_logical_emit_message, pg_logical_slot_get_binary_changes,
                    pg_logical_slot_get_changes, pg_logical_slot_peek_binary_changes,
                    pg_logical_slot_peek_changes, pg_replication_slot_advance, pg_sync_replication_slots}'),
               ('large objects', '{
                    lo_close, lo_creat, lo_create, lo_from_bytea, lo_get, lo_lseek, lo_lseek64, lo_open,
                    lo_put, lo_tell, lo_tell64, lo_truncate, lo_truncate64, lo_unlink, loread, lowrite}'),
               ('SQL text', '{
                    cursor_to_xml, cursor_to_xmlschema, database_to_xml, database_to_xml_and_xmlschema,
                    database_to_xmlschema, query_to_xml, query_to_xml_and_xmlschema, query_to_xmlschema,
                    schema_to_xml, schema_to_xml_and_xmlschema, schema_to_xmlschema, table_to_xml,
                    table_to_xml_and_xmlschema, table_to_xmlschema, ts_rewrite, ts_stat}')
    ) AS f (family, names)
    JOIN pg_proc AS p ON p.proname = ANY (f.names)
    WHERE p.pronamespace = 'pg_catalog'::regnamespace
      -- ts_rewrite(query, target, substitute) runs no SQL.
      AND NOT (p.proname = 'ts_rewrite' AND p.pronargs = 3)
$function$;

COMMENT ON FUNCTION gateway.acting_functions IS $comment$
Built-in functions by family that change settings, lock, notify, signal, take transaction ids, write the
log, keep large objects, or run SQL texts. No free SQL is served while it could call them.
$comment$;
REVOKE ALL ON FUNCTION gateway.acting_functions FROM PUBLIC;
