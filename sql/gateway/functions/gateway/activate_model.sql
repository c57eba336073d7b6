-- Has texts be searched by the vectors of another model from now on.
-- drop: DROP FUNCTION gateway.activate_model;
CREATE OR REPLACE FUNCTION gateway.activate_model(name text, incomplete boolean DEFAULT false)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_model   embedding.models;
    v_waiting bigint;
    v_hook    regproc;
BEGIN
    SET LOCAL ROLE storekeeper_definer;
    LOCK TABLE embedding.models IN SHARE ROW EXCLUSIVE MODE;  -- one at a time
    -- Whoever puts vectors holds them until its end.
    PERFORM FROM embedding.models AS m ORDER BY m.model_id FOR UPDATE;
    SELECT m.* INTO v_model FROM embedding.models AS m WHERE m.name = activate_model.name;
    IF v_model.model_id IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK404',
            MESSAGE = format('There is no model %s.', coalesce(name, 'NULL')),
            HINT = 'storekeeper embed --model makes one known and fills it.';
    END IF;
    IF v_model.is_active THEN
        RESET ROLE;
        RETURN;
    END IF;
    SELECT count(*) INTO v_waiting FROM embedding.queue AS q WHERE q.model_id = v_model.model_id;
    IF v_waiting > 0 AND NOT coalesce(incomplete, false) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK409',
            MESSAGE = format('%s texts still wait for a vector of %s.', v_waiting, name),
            HINT = 'Run storekeeper embed, or say incomplete => true: search finds those by their words alone.';
    END IF;
    UPDATE embedding.models AS m SET is_active = false WHERE m.is_active;
    UPDATE embedding.models AS m SET is_active = true WHERE m.model_id = v_model.model_id;
    DELETE FROM embedding.models AS m WHERE m.provider <> 'built-in' AND NOT m.is_active;
    FOR v_hook IN
        SELECT p.oid
        FROM pg_proc AS p
        WHERE p.proname = 'swap_embeddings'
          AND p.proowner = 'storekeeper_owner'::regrole
          AND p.prokind = 'f'
          AND p.proargtypes = '21'::oidvector  -- smallint
        ORDER BY p.oid
    LOOP
        SET LOCAL ROLE storekeeper_owner;
        EXECUTE format('SELECT %s($1)', v_hook) USING v_model.model_id;
    END LOOP;
    RESET ROLE;
    NOTIFY storekeeper_catalog;
END
$function$;

COMMENT ON FUNCTION gateway.activate_model IS $comment$
For the DBA: the switch to a model that has been filled. In one short transaction the function
<schema>.swap_embeddings(model_id smallint) of each business puts its vectors in place of those before. SK409 while
texts still wait for a vector, unless incomplete. The model outside that was used before is forgotten. It waits for
searches that run; set lock_timeout, or new ones wait with it.
$comment$;
REVOKE ALL ON FUNCTION gateway.activate_model FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.activate_model TO storekeeper_dba;
