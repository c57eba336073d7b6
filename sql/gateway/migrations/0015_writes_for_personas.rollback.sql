DO $do$
DECLARE
    v_persona name;
BEGIN
    SET LOCAL ROLE storekeeper_definer;
    FOR v_persona IN SELECT n.role FROM gateway.personas AS n LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION gateway.once, gateway.answered FROM %I', v_persona);
    END LOOP;
    RESET ROLE;
END
$do$;
