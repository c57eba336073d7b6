DROP SCHEMA IF EXISTS completion, prompt, resource, tool CASCADE;
DROP SCHEMA sandbox CASCADE;
DROP SCHEMA gateway CASCADE;

-- A role stays while another database of this server still uses it, or something here that is not
-- ours; DROP OWNED BY would take its rights on the other databases too. pgvector stays: other tables
-- may have come to use it.
DO $do$
DECLARE
    v_role text;
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM storekeeper_owner, storekeeper_definer', current_database());
    ALTER DEFAULT PRIVILEGES FOR ROLE storekeeper_owner, storekeeper_definer GRANT EXECUTE ON FUNCTIONS TO PUBLIC;
    FOREACH v_role IN ARRAY ARRAY[
        'storekeeper_loader', 'storekeeper_gateway', 'storekeeper_dba', 'storekeeper_definer', 'storekeeper_owner'
    ] LOOP
        BEGIN
            EXECUTE format('DROP ROLE %I', v_role);
        EXCEPTION WHEN dependent_objects_still_exist OR insufficient_privilege THEN
            RAISE NOTICE 'Role % is still used, or a superuser made it: it stays.', v_role;
        END;
    END LOOP;
END
$do$;
