-- Gives each persona that is there already the sandbox and the rights that add_persona gives now.
-- depends: 0007_gateway_hardening

DO $do$
DECLARE
    v_persona name;
BEGIN
    FOR v_persona IN SELECT n.role FROM gateway.personas AS n LOOP
        PERFORM gateway.make_sandbox(v_persona);
        SET LOCAL ROLE storekeeper_definer;
        EXECUTE format(
            'GRANT EXECUTE ON FUNCTION gateway.admit_free_query, gateway.describe_table, gateway.persona,'
            ' gateway.visible_tables TO %I', v_persona
        );
        EXECUTE format('REVOKE EXECUTE ON FUNCTION gateway.publishable FROM %I', v_persona);
        RESET ROLE;
    END LOOP;
END
$do$;
