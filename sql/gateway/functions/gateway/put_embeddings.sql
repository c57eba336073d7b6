-- Hands vectors over to the business whose texts they are of.
-- drop: DROP FUNCTION gateway.put_embeddings;
CREATE OR REPLACE FUNCTION gateway.put_embeddings(embeddings json)
RETURNS integer
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '500ms'  -- below deadlock_timeout: if somebody must give way, it is the worker
AS $function$
DECLARE
    v_tickets  bigint[] := ARRAY(
        SELECT g.ticket FROM json_to_recordset(put_embeddings.embeddings) AS g (ticket bigint)
    );
    v_done     integer := 0;
    v_model_id smallint;
    v_subject  text;
    v_rows     json;
    v_hook     regproc;
    v_wrong    integer;
BEGIN
    -- No switch of models until the end of this transaction: it decides where vectors go.
    PERFORM FROM embedding.models AS m ORDER BY m.model_id FOR SHARE;
    BEGIN
        -- In the order in which all lock them. Who takes others holds on to these for a moment.
        PERFORM FROM embedding.queue AS q
        WHERE q.ticket = ANY (v_tickets)
        ORDER BY q.model_id, q.subject, q.key
        FOR UPDATE;
    EXCEPTION
        WHEN lock_not_available THEN
            -- A text that is being replaced, maybe by a long transaction, is left out.
            v_tickets := ARRAY(
                SELECT q.ticket
                FROM embedding.queue AS q
                WHERE q.ticket = ANY (v_tickets)
                ORDER BY q.model_id, q.subject, q.key
                FOR UPDATE SKIP LOCKED
            );
    END;

    SELECT m.dimension INTO v_wrong
    FROM json_to_recordset(put_embeddings.embeddings) AS g (ticket bigint, vector json)
    JOIN embedding.queue AS q USING (ticket)
    JOIN embedding.models AS m USING (model_id)
    WHERE coalesce(json_typeof(g.vector), 'null') <> 'array' OR json_array_length(g.vector) <> m.dimension
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = format('A vector of this model has %s numbers; another was given.', v_wrong),
            HINT = 'Does the service still have the same model under that name?';
    END IF;

    FOR v_model_id, v_subject, v_rows IN
        WITH done AS (
            DELETE FROM embedding.queue AS q
            USING json_to_recordset(put_embeddings.embeddings) AS g (ticket bigint, vector json)
            WHERE q.ticket = g.ticket AND q.ticket = ANY (v_tickets)
            RETURNING q.model_id, q.subject, q.key, g.vector
        )
        SELECT d.model_id, d.subject, json_agg(json_build_object('key', d.key, 'vector', d.vector) ORDER BY d.key)
        FROM done AS d
        GROUP BY d.model_id, d.subject
        ORDER BY d.model_id, d.subject
    LOOP
        -- It runs with the rights of those whose tables it fills, never with those of this function.
        SELECT p.oid INTO v_hook
        FROM pg_proc AS p
        WHERE p.pronamespace = to_regnamespace(split_part(v_subject, '.', 1))
          AND p.proname = 'store_embeddings'
          AND p.proowner = 'storekeeper_owner'::regrole
          AND p.prosecdef
          AND p.prokind = 'f'
          AND p.proargtypes = '25 21 114'::oidvector;  -- text, smallint, json
        IF NOT FOUND THEN
            RAISE EXCEPTION USING
                ERRCODE = 'SK404',
                MESSAGE = format('Nobody stores vectors of %s.', v_subject),
                HINT = 'Write <schema>.store_embeddings(text, smallint, json): sql/README.md says how.';
        END IF;
        EXECUTE format('SELECT %s($1, $2, $3)', v_hook) USING v_subject, v_model_id, v_rows;
        v_done := v_done + json_array_length(v_rows);
    END LOOP;
    RETURN v_done;
END
$function$;

COMMENT ON FUNCTION gateway.put_embeddings IS $comment$
For workers: [{ticket, vector}] of texts that gateway.take_texts handed out. Each goes to the function
<schema>.store_embeddings(subject text, model_id smallint, rows json) of its subject's schema, rows being [{key,
vector}]; storekeeper_owner owns it and it is SECURITY DEFINER, so that it can do what that role can, and no more. What
is not waited for any more is left out: a newer text came or is coming, or somebody else has taken the text over.
@return How many were stored.
$comment$;
REVOKE ALL ON FUNCTION gateway.put_embeddings FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.put_embeddings TO storekeeper_gateway, storekeeper_dba;
