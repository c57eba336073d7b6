DROP SCHEMA IF EXISTS completion, prompt, resource, tool CASCADE;
DROP SCHEMA sandbox CASCADE;
DROP SCHEMA gateway CASCADE;

-- A role stays while another database of this server still uses it. pgvector stays too: other
-- tables may have come to use it.
DO $do$
DECLARE
    v_role text;
BEGIN
    FOREACH v_role IN ARRAY ARRAY[
        'storekeeper_loader', 'storekeeper_gateway', 'storekeeper_dba', 'storekeeper_definer', 'storekeeper_owner'
    ] LOOP
        EXECUTE format('DROP OWNED BY %I', v_role);
        BEGIN
            EXECUTE format('DROP ROLE %I', v_role);
        EXCEPTION WHEN dependent_objects_still_exist THEN
            RAISE NOTICE 'Role % is still used elsewhere and stays.', v_role;
        END;
    END LOOP;
END
$do$;
