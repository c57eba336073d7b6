SET LOCAL ROLE storekeeper_owner;
COMMENT ON SCHEMA tool IS 'Published: each function here is an MCP tool of the roles that may EXECUTE it.';
DROP SCHEMA sample CASCADE;
DROP SCHEMA retail CASCADE;
RESET ROLE;

DO $do$
BEGIN
    PERFORM gateway.drop_persona('head_office'), gateway.drop_persona('regional_managers'),
        gateway.drop_persona('store_managers');
END
$do$;
