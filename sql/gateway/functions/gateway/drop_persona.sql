-- Takes a persona away, and its people with it.
-- drop: DROP FUNCTION gateway.drop_persona;
CREATE OR REPLACE FUNCTION gateway.drop_persona(role name)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_role name;
BEGIN
    SET LOCAL ROLE storekeeper_definer;
    DELETE FROM gateway.principals AS p WHERE p.role = drop_persona.role;
    DELETE FROM gateway.personas AS n WHERE n.role = drop_persona.role;
    RESET ROLE;
    FOREACH v_role IN ARRAY ARRAY['sandbox_' || drop_persona.role, drop_persona.role] LOOP
        EXECUTE format('DROP OWNED BY %I', v_role);
        BEGIN
            EXECUTE format('DROP ROLE %I', v_role);
        EXCEPTION WHEN dependent_objects_still_exist OR insufficient_privilege THEN
            RAISE NOTICE 'Role % is used in another database, or a superuser made it: it stays.', v_role;
        END;
    END LOOP;
END
$function$;

COMMENT ON FUNCTION gateway.drop_persona IS $comment$
For the DBA: removes a persona, its people, its sandbox and, unless another database uses them, its roles.
$comment$;
REVOKE ALL ON FUNCTION gateway.drop_persona FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.drop_persona TO storekeeper_dba;
