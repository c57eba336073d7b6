-- Begins to fill the vectors of another model.
-- drop: DROP FUNCTION gateway.begin_model;
CREATE OR REPLACE FUNCTION gateway.begin_model(name text, dimension integer)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_model  embedding.models;
    v_hook   regproc;
    v_queued bigint := 0;
    v_some   bigint;
BEGIN
    IF name IS NULL OR btrim(name) = '' OR dimension IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = 'A model has a name and a dimension.',
            HINT = 'For example: SELECT gateway.begin_model(''text-embedding-3-small'', 1536)';
    END IF;
    SET LOCAL ROLE storekeeper_definer;
    LOCK TABLE embedding.models IN SHARE ROW EXCLUSIVE MODE;  -- one at a time
    SELECT m.* INTO v_model FROM embedding.models AS m WHERE m.name = begin_model.name;
    IF v_model.dimension <> begin_model.dimension THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK409',
            MESSAGE = format('There is a model %s already, whose vectors have %s numbers.', name, v_model.dimension),
            HINT = 'Ask the service for that dimension, or for another model.';
    END IF;
    -- What is missing is to stay so until it waits. Who writes what is searched needs less, and does not wait.
    PERFORM FROM embedding.models AS m ORDER BY m.model_id FOR NO KEY UPDATE;
    IF v_model.model_id IS NULL THEN
        INSERT INTO embedding.models AS m (name, provider, dimension)
        VALUES (begin_model.name, 'openai', begin_model.dimension)
        RETURNING m.* INTO v_model;
    END IF;
    FOR v_hook IN
        SELECT p.oid
        FROM pg_proc AS p
        WHERE p.proname = 'queue_embeddings'
          AND p.proowner = 'storekeeper_owner'::regrole
          AND p.prokind = 'f'
          AND p.proargtypes = '21'::oidvector  -- smallint
        ORDER BY p.oid
    LOOP
        SET LOCAL ROLE storekeeper_owner;
        EXECUTE format('SELECT %s($1)', v_hook) INTO v_some USING v_model.model_id;
        v_queued := v_queued + v_some;
    END LOOP;
    -- One that was being filled gives way; at the end, as who writes may hold on to it and wait for nothing more.
    SET LOCAL ROLE storekeeper_definer;
    DELETE FROM embedding.models AS m
    WHERE m.provider <> 'built-in' AND NOT m.is_active AND m.name <> begin_model.name AND NOT v_model.is_active;
    RESET ROLE;
    RETURN v_queued;
END
$function$;

COMMENT ON FUNCTION gateway.begin_model IS $comment$
For the DBA: makes a model outside known, and has all texts that lack its vector wait for one: the function
<schema>.queue_embeddings(model_id smallint) RETURNS bigint of each business. Of the built-in model it makes the
vectors itself. Again for the same model, it looks for what is missing. Another model that was being filled is
forgotten. Who writes what is searched waits meanwhile.
@return How many texts wait now that lack a vector.
$comment$;
REVOKE ALL ON FUNCTION gateway.begin_model FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.begin_model TO storekeeper_dba;
