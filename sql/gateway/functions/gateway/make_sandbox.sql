-- Makes the function that free SQL of a persona runs in.
-- drop: DROP FUNCTION gateway.make_sandbox;
CREATE OR REPLACE FUNCTION gateway.make_sandbox(persona name)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_sandbox CONSTANT name := 'sandbox_' || make_sandbox.persona;
    v_run     CONSTANT name := 'run_' || make_sandbox.persona;
    -- Where the operators of pgvector are.
    v_vector  CONSTANT name := (
        SELECT n.nspname
        FROM pg_extension AS e
        JOIN pg_namespace AS n ON n.oid = e.extnamespace
        WHERE e.extname = 'vector'
    );
    v_persona gateway.personas;
BEGIN
    SET LOCAL ROLE storekeeper_definer;
    SELECT n.* INTO STRICT v_persona FROM gateway.personas AS n WHERE n.role = make_sandbox.persona;
    IF to_regproc(format('sandbox.%I', v_run)) IS NOT NULL THEN
        EXECUTE format('DROP FUNCTION sandbox.%I', v_run);
    END IF;
    -- SECURITY DEFINER downwards: the owner can do less than the caller, and inside such a function
    -- nobody can set a role. No parallel workers: a query has one processor.
    EXECUTE format(
        'CREATE FUNCTION sandbox.%I(query text, max_rows integer, max_bytes integer)'
        ' RETURNS json LANGUAGE sql STABLE SECURITY DEFINER'
        ' SET search_path = guard, pg_catalog, %s, %I, pg_temp SET timezone = %L'
        ' SET max_parallel_workers_per_gather = 0 SET cursor_tuple_fraction = 1'
        ' AS ''SELECT gateway.run_query(query, max_rows, max_bytes)''',
        v_run, v_persona.free_sql_path, v_vector, v_persona.free_sql_zone
    );
    EXECUTE format('REVOKE ALL ON FUNCTION sandbox.%I FROM PUBLIC', v_run);
    EXECUTE format('GRANT EXECUTE ON FUNCTION sandbox.%I TO %I', v_run, make_sandbox.persona);
    EXECUTE format('GRANT USAGE ON SCHEMA guard TO %I', v_sandbox);
    EXECUTE format('GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA guard TO %I', v_sandbox);
    EXECUTE format(
        'GRANT EXECUTE ON FUNCTION gateway.run_query, gateway.query_types, gateway.explain_query, gateway.near_names TO %I', v_sandbox
    );
    EXECUTE format('GRANT CREATE ON SCHEMA sandbox TO %I', v_sandbox);
    RESET ROLE;
    EXECUTE format('ALTER FUNCTION sandbox.%I OWNER TO %I', v_run, v_sandbox);
    EXECUTE format('REVOKE CREATE ON SCHEMA sandbox FROM %I', v_sandbox);
END
$function$;

COMMENT ON FUNCTION gateway.make_sandbox IS $comment$
Makes sandbox.run_<persona> (anew), owned by sandbox_<persona>, on the path and in the time zone of
gateway.personas. gateway.add_persona calls it; call it after a change of those.
$comment$;
REVOKE ALL ON FUNCTION gateway.make_sandbox FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.make_sandbox TO storekeeper_dba;
