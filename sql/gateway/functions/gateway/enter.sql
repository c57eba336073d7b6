-- Begins a call: who asks, for how long, and under which name it shows in pg_stat_activity.
-- drop: DROP FUNCTION gateway.enter;
CREATE OR REPLACE FUNCTION gateway.enter(
    assertion  text,
    request_id text,
    timeout_ms integer
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_who record := gateway.authenticate(enter.assertion);
BEGIN
    PERFORM set_config('statement_timeout', enter.timeout_ms::text, true),
            set_config('application_name', 'storekeeper ' || enter.request_id, true);
    PERFORM gateway.assume(v_who.persona, v_who.context);
END
$function$;

COMMENT ON FUNCTION gateway.enter IS $comment$
The first statement of each of the server's transactions. Fails with SK401 unless the assertion
proves an active person; then the statement timeout (ms), the application name and, last, the role
of the person's persona hold until the transaction ends.
$comment$;
REVOKE ALL ON FUNCTION gateway.enter FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.enter TO storekeeper_gateway;
