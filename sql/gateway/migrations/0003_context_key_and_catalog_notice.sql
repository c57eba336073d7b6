-- The key that signs contexts is born here and never leaves. And each change of a published function
-- reaches running servers: only a superuser may have that by event trigger; for others each shipped
-- migration sends the notice itself.
-- depends: 0002_gateway_functions

DO $do$
BEGIN
    PERFORM gateway.install_key(
        'context',
        sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))
    );
    IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
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
