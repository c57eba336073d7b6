DO $do$
DECLARE
    v_strength text;
    v_persona  gateway.personas;
    v_sandbox  name;
    v_run      name;
BEGIN
    IF (SELECT r.rolsuper FROM pg_roles AS r WHERE r.rolname = current_user) THEN
        PERFORM gateway.harden('none');
    ELSE
        SET LOCAL ROLE storekeeper_definer;
        SELECT h.strength INTO v_strength FROM gateway.hardening AS h;
        RESET ROLE;
        IF v_strength IS NOT NULL THEN
            RAISE EXCEPTION USING
                ERRCODE = 'SK403',
                MESSAGE = format('The account %I may not give back what hardening took.', current_user),
                DETAIL = 'SELECT gateway.harden(''none'');',
                HINT = format(
                    'Have a superuser run the statement above in database %I, then roll back again.',
                    current_database()
                );
        END IF;
    END IF;

    FOR v_persona IN SELECT n.* FROM gateway.personas AS n LOOP
        v_sandbox := 'sandbox_' || v_persona.role;
        v_run := 'run_' || v_persona.role;
        SET LOCAL ROLE storekeeper_definer;
        EXECUTE format('GRANT EXECUTE ON FUNCTION gateway.publishable TO %I', v_persona.role);
        EXECUTE format(
            'REVOKE EXECUTE ON FUNCTION gateway.admit_free_query, gateway.describe_table, gateway.persona,'
            ' gateway.visible_tables FROM %I', v_persona.role
        );
        EXECUTE format(
            'REVOKE EXECUTE ON FUNCTION gateway.query_types, gateway.explain_query, gateway.near_names FROM %I', v_sandbox
        );
        EXECUTE format('REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA guard FROM %I', v_sandbox);
        EXECUTE format('REVOKE USAGE ON SCHEMA guard FROM %I', v_sandbox);
        -- As add_persona of 0002 made it.
        EXECUTE format('DROP FUNCTION sandbox.%I', v_run);
        EXECUTE format(
            'CREATE FUNCTION sandbox.%I(query text, max_rows integer, max_bytes integer)'
            ' RETURNS json LANGUAGE sql STABLE SECURITY DEFINER'
            ' SET search_path = %s, pg_temp SET timezone = %L'
            ' AS ''SELECT gateway.run_query(query, max_rows, max_bytes)''',
            v_run, v_persona.free_sql_path, v_persona.free_sql_zone
        );
        EXECUTE format('REVOKE ALL ON FUNCTION sandbox.%I FROM PUBLIC', v_run);
        EXECUTE format('GRANT EXECUTE ON FUNCTION sandbox.%I TO %I', v_run, v_persona.role);
        EXECUTE format('GRANT CREATE ON SCHEMA sandbox TO %I', v_sandbox);
        RESET ROLE;
        EXECUTE format('ALTER FUNCTION sandbox.%I OWNER TO %I', v_run, v_sandbox);
        SET LOCAL ROLE storekeeper_definer;
        EXECUTE format('REVOKE CREATE ON SCHEMA sandbox FROM %I', v_sandbox);
        RESET ROLE;
    END LOOP;
END
$do$;
