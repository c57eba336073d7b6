-- Which database this is, and which run of it.
-- drop: DROP FUNCTION gateway.run_id;
CREATE OR REPLACE FUNCTION gateway.run_id()
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT concat_ws(
        '/',
        d.oid,
        extract(epoch FROM pg_postmaster_start_time()),
        -- A crash of one backend restarts the others without the postmaster; this is when that was.
        extract(epoch FROM pg_stat_get_bgwriter_stat_reset_time())
    )
    FROM pg_database AS d
    WHERE d.datname = current_database()
$function$;

COMMENT ON FUNCTION gateway.run_id IS $comment$
Another text after each start of the server and after each recovery from a crash: transaction ids that were
handed out before, and not written down, are then handed out again. For gateway's own functions only.
$comment$;
REVOKE ALL ON FUNCTION gateway.run_id FROM PUBLIC;
