DO $do$
BEGIN
    IF to_regclass('_yoyo_migration') IS NOT NULL THEN
        REVOKE SELECT ON _yoyo_migration FROM storekeeper_definer;
    END IF;
    IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        DROP EVENT TRIGGER IF EXISTS storekeeper_catalog;
        CREATE EVENT TRIGGER storekeeper_catalog ON ddl_command_end
            WHEN TAG IN (
                'CREATE FUNCTION', 'ALTER FUNCTION', 'DROP FUNCTION', 'ALTER ROUTINE', 'DROP ROUTINE',
                'ALTER TYPE', 'ALTER DOMAIN', 'ALTER TABLE', 'ALTER SCHEMA', 'DROP SCHEMA', 'DROP OWNED',
                'COMMENT', 'GRANT', 'REVOKE'
            )
            EXECUTE FUNCTION gateway.notify_catalog();
    END IF;
END
$do$;

SET LOCAL ROLE storekeeper_definer;

DROP TABLE gateway.watermarks;
DROP TABLE gateway.changes;
DROP TABLE gateway.retention;
DROP TABLE gateway.seals;

ALTER TABLE gateway.calls RENAME TO calls_sealed;
CREATE TABLE gateway.calls (
    at           timestamptz NOT NULL,
    tool         text NOT NULL,
    principal    text,
    outcome      text NOT NULL,
    duration_ms  double precision NOT NULL,
    row_count    integer,
    request_id   text NOT NULL
);
CREATE INDEX calls_at_idx ON gateway.calls (at);
COMMENT ON TABLE gateway.calls IS 'The record of calls, written by the servers in batches.';
COMMENT ON COLUMN gateway.calls.outcome IS 'ok, or the error code.';
INSERT INTO gateway.calls (at, tool, principal, outcome, duration_ms, row_count, request_id)
SELECT c.at, c.tool, c.principal, c.outcome, c.duration_ms, c.row_count, c.request_id
FROM gateway.calls_sealed AS c
ORDER BY c.entry;
DROP TABLE gateway.calls_sealed;

DROP DOMAIN gateway.query_count;
DROP DOMAIN gateway.hours;
REVOKE USAGE ON SCHEMA gateway FROM storekeeper_auditor;

RESET ROLE;

SET LOCAL ROLE storekeeper_owner;
REVOKE USAGE ON SCHEMA tool FROM storekeeper_dba;
RESET ROLE;

DO $do$
BEGIN
    PERFORM gateway.drop_persona('operators');
    -- The role stays while another database of this server still uses it.
    BEGIN
        DROP ROLE storekeeper_auditor;
    EXCEPTION WHEN dependent_objects_still_exist OR insufficient_privilege THEN
        RAISE NOTICE 'Role storekeeper_auditor is still used, or a superuser made it: it stays.';
    END;
END
$do$;
