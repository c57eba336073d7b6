DO $do$
DECLARE
    v_persona name;
BEGIN
    IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        PERFORM gateway.harden('none');
    END IF;
    FOR v_persona IN SELECT n.role FROM gateway.personas AS n LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION gateway.publishable TO %I', v_persona);
        EXECUTE format('REVOKE USAGE ON SCHEMA guard FROM %I', 'sandbox_' || v_persona);
    END LOOP;
END
$do$;
