-- search hardening: written by storekeeper ship from the object files named below.
-- depends: 0021_gateway_search_by_meaning

SET LOCAL ROLE storekeeper_definer;
SET LOCAL check_function_bodies = off;

-- object: functions/gateway/activate_model.sql
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

-- object: functions/gateway/begin_model.sql
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

-- object: functions/gateway/catalog.sql
-- What is published to whoever asks, with the types that it speaks of.
-- drop: DROP FUNCTION gateway.catalog;
CREATE OR REPLACE FUNCTION gateway.catalog()
RETURNS json
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
    WITH RECURSIVE published AS (
        SELECT n.nspname, p.*
        FROM pg_proc AS p
        JOIN pg_namespace AS n ON n.oid = p.pronamespace
        WHERE n.nspname IN ('tool', 'resource', 'prompt', 'completion')
          AND gateway.publishable(p.oid)
          AND has_schema_privilege(gateway.persona(), n.oid, 'USAGE')
          AND has_function_privilege(gateway.persona(), p.oid, 'EXECUTE')
    ),
    argument AS (
        SELECT
            f.oid AS function_oid,
            a.n,
            f.proargnames[a.n] AS name,
            a.type_oid,
            coalesce(f.proargmodes[a.n], 'i') AS mode,
            count(*) FILTER (WHERE coalesce(f.proargmodes[a.n], 'i') IN ('i', 'b', 'v'))
                OVER (PARTITION BY f.oid ORDER BY a.n) AS input_n
        FROM published AS f,
             unnest(coalesce(f.proallargtypes, f.proargtypes::oid[])) WITH ORDINALITY AS a (type_oid, n)
    ),
    type (oid) AS (
        SELECT t.oid
        FROM (
            SELECT a.type_oid FROM argument AS a
            UNION
            SELECT f.prorettype FROM published AS f
        ) AS t (oid)
        UNION
        SELECT x.oid
        FROM type
        JOIN pg_type AS t USING (oid)
        CROSS JOIN LATERAL (
            SELECT t.typelem WHERE t.typcategory = 'A'
            UNION ALL
            SELECT t.typbasetype WHERE t.typtype = 'd'
            UNION ALL
            SELECT a.atttypid FROM pg_attribute AS a
            WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
        ) AS x (oid)
    )
    SELECT json_build_object(
        'instructions', obj_description('tool'::regnamespace, 'pg_namespace'),
        'who', (SELECT row_to_json(w) FROM gateway.who() AS w),
        'watched', gateway.watched_tables(),
        'embedding_model', (SELECT m.name FROM embedding.models AS m WHERE m.is_active AND m.provider <> 'built-in'),
        'embedding_dimension', (SELECT m.dimension FROM embedding.models AS m WHERE m.is_active AND m.provider <> 'built-in'),
        'database', gateway.run_id(),
        'functions', coalesce((
            SELECT json_agg(json_build_object(
                'schema', f.nspname,
                'name', f.proname,
                'source', md5(pg_get_functiondef(f.oid)),
                'comment', coalesce(obj_description(f.oid, 'pg_proc'), ''),
                'writes', f.provolatile = 'v',
                'returns_set', f.proretset,
                'result_type', f.prorettype::text,
                'timeout', (
                    SELECT split_part(c.setting, '=', 2) FROM unnest(f.proconfig) AS c (setting)
                    WHERE c.setting LIKE 'statement_timeout=%'
                ),
                'arguments', coalesce((
                    SELECT json_agg(json_build_object(
                        'name', coalesce(a.name, ''),
                        'type', a.type_oid::text,
                        'required', a.input_n <= f.pronargs - f.pronargdefaults,
                        'default', pg_get_function_arg_default(f.oid, a.n::integer)
                    ) ORDER BY a.n)
                    FROM argument AS a
                    WHERE a.function_oid = f.oid AND a.mode IN ('i', 'b', 'v')
                ), '[]'),
                'columns', coalesce((
                    SELECT json_agg(json_build_object('name', a.name, 'type', a.type_oid::text) ORDER BY a.n)
                    FROM argument AS a
                    WHERE a.function_oid = f.oid AND a.mode IN ('o', 'b', 't')
                ), '[]')
            ) ORDER BY f.nspname, f.proname)
            FROM published AS f
        ), '[]'),
        'types', coalesce((
            SELECT json_object_agg(t.oid::text, json_build_object(
                'name', format_type(t.oid, NULL),
                'kind', CASE WHEN t.typcategory = 'A' THEN 'array' ELSE
                    CASE t.typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' WHEN 'c' THEN 'composite' ELSE 'base' END
                END,
                'comment', CASE WHEN t.typtype IN ('d', 'e', 'c') THEN obj_description(t.oid, 'pg_type') END,
                'inner', CASE WHEN t.typcategory = 'A' THEN t.typelem WHEN t.typtype = 'd' THEN t.typbasetype END::text,
                'labels', (
                    SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum AS e WHERE e.enumtypid = t.oid
                ),
                'checks', (
                    SELECT json_agg(pg_get_constraintdef(c.oid) ORDER BY c.conname)
                    FROM pg_constraint AS c WHERE c.contypid = t.oid AND c.contype = 'c'
                ),
                'attributes', (
                    SELECT json_agg(json_build_object('name', a.attname, 'type', a.atttypid::text) ORDER BY a.attnum)
                    FROM pg_attribute AS a
                    WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
                )
            ))
            FROM type
            JOIN pg_type AS t USING (oid)
        ), '{}')
    )
$function$;

COMMENT ON FUNCTION gateway.catalog IS $comment$
{instructions, who, watched, embedding_model, embedding_dimension, functions: […], types: {oid: …}} of tool, resource,
prompt and completion: what the caller's persona may execute, with comments, arguments, results and everything a
JSON Schema of their types needs. source changes when the function does; watched are the tables of gateway.watched_tables;
embedding_model is the service's whose vectors are searched, of embedding_dimension numbers; null for the built-in one.
$comment$;
REVOKE ALL ON FUNCTION gateway.catalog FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.catalog TO storekeeper_dba;

-- object: functions/gateway/fail_texts.sql
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

-- object: functions/gateway/put_embeddings.sql
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

-- object: functions/gateway/queue_texts.sql
-- Has texts wait for vectors of the models outside.
-- drop: DROP FUNCTION gateway.queue_texts;
CREATE OR REPLACE FUNCTION gateway.queue_texts(
    subject  text,
    keys     text[],
    contents text[],
    model_id smallint DEFAULT NULL
)
RETURNS void
LANGUAGE sql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
    -- In the order in which all lock these rows. A model that is being forgotten is waited for, and left out.
    INSERT INTO embedding.queue AS q (model_id, subject, key, content)
    SELECT m.model_id, queue_texts.subject, t.key, t.content
    FROM unnest(queue_texts.keys, queue_texts.contents) AS t (key, content)
    CROSS JOIN embedding.models AS m
    WHERE m.provider <> 'built-in'
      AND (queue_texts.model_id IS NULL OR m.model_id = queue_texts.model_id AND NOT EXISTS (
            SELECT FROM embedding.queue AS w
            WHERE w.model_id = m.model_id AND w.subject = queue_texts.subject AND w.key = t.key
      ))
    ORDER BY m.model_id, t.key COLLATE "C"
    FOR KEY SHARE OF m
    ON CONFLICT ON CONSTRAINT queue_pkey DO UPDATE
    SET content = excluded.content, queued_at = excluded.queued_at, not_before = excluded.not_before,
        attempts = 0, ticket = NULL, last_error = NULL
    WHERE queue_texts.model_id IS NULL AND q.content <> excluded.content
$function$;

COMMENT ON FUNCTION gateway.queue_texts IS $comment$
For the triggers of a business on what is searched by meaning: the new texts, by key, of a subject (schema.table).
Each waits for every model outside, the one that is used and one that is being filled; where there is none, nothing
happens. A text that waits is replaced by a newer one, also while somebody has taken it. With a model_id: for that
model alone, and what waits already stays. Give a key once.
$comment$;
REVOKE ALL ON FUNCTION gateway.queue_texts FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.queue_texts TO storekeeper_owner, storekeeper_loader;

-- end of objects
NOTIFY storekeeper_catalog;
