-- Each change of a published function reaches running servers. Only a superuser may have it so; for
-- others each shipped migration sends the notice itself.
-- depends: 0002_gateway_functions

DO $do$
BEGIN
    IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        CREATE EVENT TRIGGER storekeeper_catalog ON ddl_command_end
            WHEN TAG IN ('CREATE FUNCTION', 'ALTER FUNCTION', 'DROP FUNCTION', 'COMMENT', 'GRANT', 'REVOKE')
            EXECUTE FUNCTION gateway.notify_catalog();
    END IF;
END
$do$;
