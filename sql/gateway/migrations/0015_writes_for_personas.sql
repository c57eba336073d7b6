-- Gives each persona that is there already what add_persona gives now: writes that happen once.
-- depends: 0013_gateway_record_and_writes

DO $do$
DECLARE
    v_persona name;
BEGIN
    SET LOCAL ROLE storekeeper_definer;
    FOR v_persona IN SELECT n.role FROM gateway.personas AS n LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION gateway.once, gateway.answered TO %I', v_persona);
    END LOOP;
    RESET ROLE;
END
$do$;
