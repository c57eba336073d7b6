SET LOCAL ROLE storekeeper_owner;
DROP SCHEMA sample CASCADE;
DROP SCHEMA retail CASCADE;
RESET ROLE;

DO $do$
BEGIN
    PERFORM gateway.drop_persona('head_office'), gateway.drop_persona('regional_managers'),
        gateway.drop_persona('store_managers');
END
$do$;
