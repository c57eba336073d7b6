-- Gives texts back that got no vector.
-- drop: DROP FUNCTION gateway.fail_texts;
CREATE OR REPLACE FUNCTION gateway.fail_texts(tickets bigint[], error text, again_in interval DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '500ms'  -- below deadlock_timeout: if somebody must give way, it is the worker
AS $function$
DECLARE
    v_tickets bigint[] := fail_texts.tickets;
BEGIN
    BEGIN
        PERFORM FROM embedding.queue AS q
        WHERE q.ticket = ANY (v_tickets)
        ORDER BY q.model_id, q.subject, q.key
        FOR UPDATE;
    EXCEPTION
        WHEN lock_not_available THEN
            -- What is being replaced, maybe by a long transaction, has no ticket any more when that is done.
            v_tickets := ARRAY(
                SELECT q.ticket FROM embedding.queue AS q WHERE q.ticket = ANY (v_tickets) FOR UPDATE SKIP LOCKED
            );
    END;
    UPDATE embedding.queue AS q
    SET ticket = NULL,
        last_error = left(fail_texts.error, 500),
        not_before = clock_timestamp() + coalesce(
            fail_texts.again_in,
            least(interval '10 seconds' * 2 ^ least(q.attempts - 1, 20), interval '6 hours') * (0.5 + random() / 2)
        )
    WHERE q.ticket = ANY (v_tickets);
END
$function$;

COMMENT ON FUNCTION gateway.fail_texts IS $comment$
For workers: texts that gateway.take_texts handed out wait again, for as long as is said, or else the longer the more
often they have been tried: 5 to 10 seconds at first, 6 hours at most.
$comment$;
REVOKE ALL ON FUNCTION gateway.fail_texts FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.fail_texts TO storekeeper_gateway, storekeeper_dba;
