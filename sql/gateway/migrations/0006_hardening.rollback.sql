DROP TABLE gateway.hardening;
DROP SCHEMA guard;

-- The role stays while another database of this server still uses it.
DO $do$
BEGIN
    DROP ROLE storekeeper_trusted;
EXCEPTION WHEN dependent_objects_still_exist OR insufficient_privilege THEN
    RAISE NOTICE 'Role storekeeper_trusted is still used, or a superuser made it: it stays.';
END
$do$;
