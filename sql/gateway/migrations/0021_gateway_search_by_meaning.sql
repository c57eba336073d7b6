-- search by meaning: written by storekeeper ship from the object files named below.
-- depends: 0018_embedding_queue

SET LOCAL ROLE storekeeper_definer;
SET LOCAL check_function_bodies = off;

-- object: functions/embedding/embed.sql
-- The vector of a text by the built-in model.
-- drop: DROP FUNCTION embedding.embed;
CREATE OR REPLACE FUNCTION embedding.embed(content text)
RETURNS public.vector
LANGUAGE plpgsql
STABLE
STRICT
PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
-- Plans for three words and for three hundred are the same.
SET plan_cache_mode = force_generic_plan
AS $function$
DECLARE
    v_whole  public.vector;
    v_others text;
    v_parts  public.vector;
BEGIN
    IF length(embed.content) > 8000 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = format('The text has %s characters, more than 8000.', length(embed.content)),
            HINT = 'Say in fewer words what it is about, or give its beginning.';
    ELSIF embed.content !~ '\S' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = 'The text is empty.',
            HINT = 'Say in a few words what it is about.';
    END IF;
    -- Most words are a token of their own. A NULL of sum() is none at all.
    SELECT public.sum(t.vector::public.vector), string_agg(w.word, '') FILTER (WHERE t.vector IS NULL)
    INTO v_whole, v_others
    FROM unnest(embedding.words(embed.content)) AS w (word)
    LEFT JOIN LATERAL (
        SELECT k.vector FROM embedding.tokens AS k WHERE k.piece = w.word OFFSET 0
    ) AS t ON true;
    IF v_others IS NOT NULL THEN
        SELECT public.sum(t.vector::public.vector) INTO v_parts
        FROM unnest(embedding.tokenise(v_others)) AS w (token_id)
        CROSS JOIN LATERAL (
            SELECT k.vector FROM embedding.tokens AS k WHERE k.token_id = w.token_id OFFSET 0
        ) AS t;
    END IF;
    RETURN public.l2_normalize(coalesce(v_whole OPERATOR(public.+) v_parts, v_whole, v_parts));
END
$function$;

COMMENT ON FUNCTION embedding.embed IS $comment$
The unit vector of a text by the built-in model: the mean of its tokens' vectors. It tells upper from lower case and
cuts nothing off. NULL while the model is not loaded (storekeeper init). SK400 for a text of white space alone and
for one of more than 8000 characters. For many texts at a time embedding.embed_all is faster.
$comment$;
REVOKE ALL ON FUNCTION embedding.embed FROM PUBLIC;
GRANT EXECUTE ON FUNCTION embedding.embed TO storekeeper_owner, storekeeper_dba, storekeeper_loader;
DO $do$
DECLARE
    v_persona name;
BEGIN
    -- add_persona grants it to those that come later.
    FOR v_persona IN SELECT n.role FROM gateway.personas AS n LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION embedding.embed TO %I', v_persona);
    END LOOP;
END
$do$;

-- object: functions/embedding/embed_all.sql
-- The vectors of many texts by the built-in model.
-- drop: DROP FUNCTION embedding.embed_all;
CREATE OR REPLACE FUNCTION embedding.embed_all(contents text[])
RETURNS TABLE (ordinal integer, embedding public.vector)
LANGUAGE sql
STABLE
STRICT
PARALLEL SAFE
ROWS 1000
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $function$
    -- A text is made of words that other texts have, too: each is divided into tokens once.
    WITH used AS (
        SELECT c.ordinal::integer AS ordinal, w.word
        FROM unnest(embed_all.contents) WITH ORDINALITY AS c (content, ordinal)
        CROSS JOIN LATERAL unnest(embedding.words(c.content)) AS w (word)
        WHERE left(c.content, 8000) ~ '\S'
    ),
    known AS MATERIALIZED (
        SELECT
            d.word,
            coalesce(
                (SELECT k.vector::public.vector FROM embedding.tokens AS k WHERE k.piece = d.word),
                (
                    SELECT public.sum(k.vector::public.vector)
                    FROM unnest(embedding.tokenise(d.word)) AS t (token_id)
                    CROSS JOIN LATERAL (
                        SELECT k.vector FROM embedding.tokens AS k WHERE k.token_id = t.token_id OFFSET 0
                    ) AS k
                )
            ) AS vector
        FROM (SELECT DISTINCT u.word FROM used AS u) AS d
    )
    SELECT c.ordinal::integer, e.embedding
    FROM unnest(embed_all.contents) WITH ORDINALITY AS c (content, ordinal)
    LEFT JOIN (
        SELECT u.ordinal, public.l2_normalize(public.sum(k.vector)) AS embedding
        FROM used AS u
        JOIN known AS k ON k.word = u.word
        GROUP BY u.ordinal
    ) AS e ON e.ordinal = c.ordinal
$function$;

COMMENT ON FUNCTION embedding.embed_all IS $comment$
embedding.embed of many texts at a time, for what is written in bulk; a few thousand a call are best. One row for each
text, with its place in the array, from 1. It refuses none: of a longer text the first 8000 characters count, and one
that is NULL or white space alone has NULL for a vector, as all have while the model is not loaded.
$comment$;
REVOKE ALL ON FUNCTION embedding.embed_all FROM PUBLIC;
GRANT EXECUTE ON FUNCTION embedding.embed_all TO storekeeper_owner, storekeeper_dba, storekeeper_loader;
DO $do$
DECLARE
    v_persona name;
BEGIN
    -- add_persona grants it to those that come later.
    FOR v_persona IN SELECT n.role FROM gateway.personas AS n LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION embedding.embed_all TO %I', v_persona);
    END LOOP;
END
$do$;

-- object: functions/embedding/tokenise.sql
-- A text as the tokens of the built-in model.
-- drop: DROP FUNCTION embedding.tokenise;
CREATE OR REPLACE FUNCTION embedding.tokenise(pieces text)
RETURNS integer[]
LANGUAGE plpgsql
STABLE
STRICT
PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
-- Plans for three words and for three hundred are the same.
SET plan_cache_mode = force_generic_plan
AS $function$
DECLARE
    v_text    CONSTANT text := left(tokenise.pieces, 8001);
    v_size    CONSTANT integer := length(v_text);
    v_char    CONSTANT text[] := string_to_array(v_text, NULL);
    -- No piece goes on from a letter to a space, so nothing need be looked for behind the next space.
    v_runs    CONSTANT boolean := strpos(v_text, '▁▁') > 0;
    -- Parts of 64 letters, each with the beginning of the next: to count to a letter from the first costs time.
    v_parts   CONSTANT text[] := CASE
        WHEN v_size <= 64 THEN ARRAY[v_text]
        ELSE ARRAY(SELECT substr(v_text, n, 80) FROM generate_series(1, v_size, 64) AS n)
    END;
    -- What could be joined, in the order in which it is: where it begins, how long it is, its token.
    v_starts  integer[];
    v_sizes   integer[];
    v_tokens  integer[];
    v_last    integer;
    -- By where a piece begins: its size (0 inside of one), its token, and where the piece before it begins.
    v_size_at integer[] := array_fill(1, ARRAY[v_size + 16]);
    v_at      integer[] := array_fill(NULL::integer, ARRAY[v_size]);
    v_before  integer[];
    -- By 16 * start + size: where in that order a piece is.
    v_turn    integer[] := array_fill(NULL::integer, ARRAY[16 * v_size + 32]);
    v_now     integer;
    v_next    integer;
    v_start   integer;
    v_left    integer;
    v_whole   integer;
    v_other   integer;
    v_bytes   bytea;
    v_found   integer[] := '{}';
BEGIN
    SELECT array_agg(c.start), array_agg(c.size), array_agg(c.token_id), count(c.rank)
    INTO v_starts, v_sizes, v_tokens, v_last
    FROM (
        SELECT p.start, p.size, t.token_id, t.rank
        FROM (
            SELECT r.start, r.rest, generate_series(1, length(r.rest)) AS size
            FROM (
                SELECT
                    s.start::integer AS start,
                    CASE
                        WHEN v_runs THEN substr(v_parts[(s.start - 1) / 64 + 1], ((s.start - 1) % 64)::integer + 1, 16)
                        ELSE s.letter || split_part(
                            substr(v_parts[(s.start - 1) / 64 + 1], ((s.start - 1) % 64)::integer + 2, 15), '▁', 1
                        )
                    END AS rest
                FROM unnest(v_char) WITH ORDINALITY AS s (letter, start)
                OFFSET 0
            ) AS r
            OFFSET 0
        ) AS p
        CROSS JOIN LATERAL (
            SELECT k.token_id, k.rank FROM embedding.tokens AS k WHERE k.piece = left(p.rest, p.size) OFFSET 0
        ) AS t
        ORDER BY t.rank NULLS LAST, p.start
    ) AS c;

    v_before := ARRAY(SELECT generate_series(0, v_size + 15));
    FOR v_i IN 1 .. v_last LOOP
        v_turn[16 * v_starts[v_i] + v_sizes[v_i]] := v_i;
    END LOOP;
    FOR v_i IN v_last + 1 .. coalesce(cardinality(v_starts), 0) LOOP
        v_at[v_starts[v_i]] := v_tokens[v_i];
    END LOOP;

    v_now := 1;
    WHILE v_now <= v_last LOOP
        v_start := v_starts[v_now];
        v_whole := v_sizes[v_now];
        v_left := v_size_at[v_start];
        v_next := v_now + 1;
        -- Two pieces that together are this one: more than one way of dividing it is in the model.
        IF v_left BETWEEN 1 AND v_whole - 1 AND v_size_at[v_start + v_left] = v_whole - v_left THEN
            v_size_at[v_start] := v_whole;
            v_size_at[v_start + v_left] := 0;
            v_at[v_start] := v_tokens[v_now];
            v_before[v_start + v_whole] := v_start;
            -- With its neighbours it may make what should have been joined already: then that is next.
            v_other := v_before[v_start];
            IF v_start + v_whole - v_other <= 16 AND v_other > 0 THEN
                v_next := least(v_next, v_turn[16 * v_other + v_start + v_whole - v_other]);
            END IF;
            v_other := v_whole + v_size_at[v_start + v_whole];
            IF v_other <= 16 THEN
                v_next := least(v_next, v_turn[16 * v_start + v_other]);
            END IF;
        END IF;
        v_now := v_next;
    END LOOP;

    v_start := 1;
    WHILE v_start <= v_size LOOP
        IF v_at[v_start] IS NULL THEN
            -- What has no token goes byte by byte.
            v_bytes := convert_to(v_char[v_start], 'UTF8');
            FOR v_i IN 0 .. octet_length(v_bytes) - 1 LOOP
                v_found := v_found || get_byte(v_bytes, v_i) + 3;
            END LOOP;
        ELSE
            v_found := v_found || v_at[v_start];
        END IF;
        v_start := v_start + v_size_at[v_start];
    END LOOP;
    RETURN v_found;
END
$function$;

COMMENT ON FUNCTION embedding.tokenise IS $comment$
The ids of the tokens of a text in the form that embedding.words gives (one word, or several put together again),
just as the model's own tokeniser divides it: letter by letter at first, then the pair of the lowest rank is joined,
the leftmost of them first, until no pair is a piece. Control tokens (<s>, </s>, <unk>) are read as any other text.
Of more than 8001 characters the first ones.
$comment$;
REVOKE ALL ON FUNCTION embedding.tokenise FROM PUBLIC;
GRANT EXECUTE ON FUNCTION embedding.tokenise TO storekeeper_owner, storekeeper_dba, storekeeper_loader;
DO $do$
DECLARE
    v_persona name;
BEGIN
    -- add_persona grants it to those that come later.
    FOR v_persona IN SELECT n.role FROM gateway.personas AS n LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION embedding.tokenise TO %I', v_persona);
    END LOOP;
END
$do$;

-- object: functions/embedding/words.sql
-- A text as the words that the built-in model divides into tokens, each with the spaces before it.
-- drop: DROP FUNCTION embedding.words;
CREATE OR REPLACE FUNCTION embedding.words(content text)
RETURNS text[]
LANGUAGE sql
IMMUTABLE
STRICT
PARALLEL SAFE
RETURN string_to_array(
    CASE
        -- Spaces that stand together go with the word behind them.
        WHEN left(words.content, 8000) ~ '^ |  |▁'
            THEN regexp_replace('▁' || replace(left(words.content, 8000), ' ', '▁'), '([^▁])▁', '\1 ▁', 'g')
        ELSE '▁' || replace(left(words.content, 8000), ' ', ' ▁')
    END,
    ' '
);

COMMENT ON FUNCTION embedding.words IS $comment$
The words of the first 8000 characters of a text, with ▁ for each space and for the one that the model sets before a text. No token of the model
goes on from a word to the next, so each can be divided on its own.
$comment$;
REVOKE ALL ON FUNCTION embedding.words FROM PUBLIC;
GRANT EXECUTE ON FUNCTION embedding.words TO storekeeper_owner, storekeeper_dba, storekeeper_loader;
DO $do$
DECLARE
    v_persona name;
BEGIN
    -- add_persona grants it to those that come later.
    FOR v_persona IN SELECT n.role FROM gateway.personas AS n LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION embedding.words TO %I', v_persona);
    END LOOP;
END
$do$;

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

-- object: functions/gateway/add_persona.sql
-- Makes a role that calls can run as, with the powerless twin that its free SQL runs as.
-- drop: DROP FUNCTION gateway.add_persona;
CREATE OR REPLACE FUNCTION gateway.add_persona(
    role          name,
    description   text,
    free_sql_path text DEFAULT 'public',
    free_sql_zone text DEFAULT 'UTC'
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_sandbox CONSTANT name := 'sandbox_' || add_persona.role;
    v_may     CONSTANT boolean NOT NULL := (
        SELECT r.rolsuper OR r.rolcreaterole FROM pg_roles AS r WHERE r.rolname = current_user
    );
    v_todo    text[] := '{}';
    v_role    name;
BEGIN
    -- Roles belong to the whole server and may be there from another database.
    FOREACH v_role IN ARRAY ARRAY[add_persona.role, v_sandbox] LOOP
        IF to_regrole(quote_ident(v_role)) IS NULL AND v_may THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', v_role);
        END IF;
        IF to_regrole(quote_ident(v_role)) IS NULL THEN
            v_todo := v_todo || format('CREATE ROLE %I NOLOGIN;', v_role)
                || format('GRANT %I TO %I WITH ADMIN TRUE, SET TRUE;', v_role, current_user);
        ELSIF NOT pg_has_role(current_user, v_role, 'MEMBER WITH ADMIN OPTION') THEN
            v_todo := v_todo || format('GRANT %I TO %I WITH ADMIN TRUE, SET TRUE;', v_role, current_user);
        ELSIF NOT pg_has_role(current_user, v_role, 'SET') THEN
            EXECUTE format('GRANT %I TO %I WITH SET TRUE', v_role, current_user);
        END IF;
    END LOOP;
    IF v_todo <> '{}' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK403',
            MESSAGE = format('The account %I may not make the persona %I.', current_user, add_persona.role),
            DETAIL = array_to_string(v_todo, E'\n'),
            HINT = 'Have a superuser run the statements above, then try again.';
    END IF;
    EXECUTE format('GRANT %I TO storekeeper_gateway, storekeeper_dba WITH INHERIT FALSE, SET TRUE', add_persona.role);
    EXECUTE format('GRANT %I TO %I WITH INHERIT TRUE, SET FALSE', add_persona.role, v_sandbox);

    SET LOCAL ROLE storekeeper_owner;
    EXECUTE format('GRANT USAGE ON SCHEMA tool, resource, prompt, completion TO %I', add_persona.role);
    SET LOCAL ROLE storekeeper_definer;
    INSERT INTO gateway.personas (role, description, free_sql_path, free_sql_zone)
    VALUES (add_persona.role, add_persona.description, add_persona.free_sql_path, add_persona.free_sql_zone);
    EXECUTE format('GRANT USAGE ON SCHEMA gateway, sandbox, embedding TO %I', add_persona.role);
    EXECUTE format(
        'GRANT EXECUTE ON FUNCTION gateway.admit_free_query, gateway.answered, gateway.catalog,'
        ' gateway.describe_table, gateway.free_query, gateway.once, gateway.persona, gateway.principal_id,'
        ' gateway.progress, gateway.tenant_ids, gateway.visible_tables, gateway.who, embedding.embed,'
        ' embedding.embed_all, embedding.tokenise, embedding.words TO %I', add_persona.role
    );
    EXECUTE format('GRANT SELECT (token_id, piece, rank, vector) ON embedding.tokens TO %I', add_persona.role);
    EXECUTE format(
        'GRANT SELECT (model_id, name, provider, dimension, distance, is_active) ON embedding.models TO %I',
        add_persona.role
    );
    RESET ROLE;
    PERFORM gateway.make_sandbox(add_persona.role);
END
$function$;

COMMENT ON FUNCTION gateway.add_persona IS $comment$
For the DBA: makes the role, its sandbox role and its sandbox function, and grants both what a call
needs. free_sql_path: the schemas whose tables free SQL may name unqualified; free_sql_zone: the time
zone in which free SQL tells days apart. Grant the role SELECT on your tables and EXECUTE on its tools.
$comment$;
REVOKE ALL ON FUNCTION gateway.add_persona FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.add_persona TO storekeeper_dba;

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
    -- One that was being filled gives way.
    DELETE FROM embedding.models AS m
    WHERE m.provider <> 'built-in' AND NOT m.is_active AND m.name <> begin_model.name
      AND NOT coalesce(v_model.is_active, false);
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
{instructions, who, watched, embedding_model, functions: […], types: {oid: …}} of tool, resource, prompt and completion: what the
caller's persona may execute, with comments, arguments, results and everything a JSON Schema of their types
needs. source changes when the function does; watched are the tables of gateway.watched_tables;
embedding_model is the service's whose vectors are searched, null for the built-in one.
$comment$;
REVOKE ALL ON FUNCTION gateway.catalog FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.catalog TO storekeeper_dba;

-- object: functions/gateway/doctor.sql
-- Is this database set up as Storekeeper needs it?
-- drop: DROP FUNCTION gateway.doctor;
CREATE OR REPLACE FUNCTION gateway.doctor()
RETURNS TABLE (subject text, ok boolean, finding text, hint text)
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT
        'PostgreSQL',
        current_setting('server_version_num')::integer BETWEEN 160000 AND 189999,
        'version ' || current_setting('server_version'),
        'Storekeeper is tested on PostgreSQL 16 to 18.'
    UNION ALL
    SELECT
        'pgvector',
        coalesce(max(string_to_array(e.extversion, '.')::integer[]) >= '{0,8}', false),
        coalesce('version ' || max(e.extversion), 'not installed'),
        'CREATE EXTENSION vector; version 0.8 or newer.'
    FROM pg_extension AS e
    WHERE e.extname = 'vector'
    UNION ALL
    SELECT
        'keys',
        count(*) = 2,
        coalesce(string_agg(k.name, ', ' ORDER BY k.name), 'none'),
        'storekeeper init installs the key that servers prove themselves with.'
    FROM gateway.keys AS k
    UNION ALL
    SELECT
        'people',
        count(*) FILTER (WHERE p.active) > 0,
        format('%s active, %s inactive', count(*) FILTER (WHERE p.active), count(*) FILTER (WHERE NOT p.active)),
        'SELECT gateway.put_principal(…) adds a person.'
    FROM gateway.principals AS p
    UNION ALL
    SELECT
        'row security',
        count(*) FILTER (WHERE NOT (c.relrowsecurity AND c.relforcerowsecurity)) = 0,
        CASE WHEN count(*) FILTER (WHERE NOT (c.relrowsecurity AND c.relforcerowsecurity)) = 0
            THEN format('enabled and forced on all %s tables with policies', count(*))
            ELSE 'not enabled and forced on '
                || string_agg(c.oid::regclass::text, ', ') FILTER (WHERE NOT (c.relrowsecurity AND c.relforcerowsecurity))
        END,
        'ALTER TABLE … ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;'
    FROM pg_class AS c
    WHERE EXISTS (SELECT FROM pg_policy AS y WHERE y.polrelid = c.oid)
    UNION ALL
    SELECT
        'roles',
        count(*) = 0,
        coalesce(string_agg(format('%s is superuser or has BYPASSRLS', r.rolname), '; '), 'no call runs with more than its persona''s rights'),
        'ALTER ROLE … NOSUPERUSER NOBYPASSRLS;'
    FROM pg_roles AS r
    WHERE (r.rolsuper OR r.rolbypassrls)
      AND (
            r.rolname IN ('storekeeper_gateway', 'storekeeper_owner', 'storekeeper_definer')
         OR r.rolname IN (SELECT n.role FROM gateway.personas AS n UNION SELECT ('sandbox_' || n.role)::name FROM gateway.personas AS n)
      )
    UNION ALL
    SELECT
        'published functions',
        bool_and(obj_description(p.oid, 'pg_proc') IS NOT NULL AND gateway.publishable(p.oid)) IS NOT FALSE,
        count(*) FILTER (WHERE gateway.publishable(p.oid)) || ' published'
            || coalesce('; without a comment: ' || string_agg(p.oid::regprocedure::text, ', ')
                FILTER (WHERE obj_description(p.oid, 'pg_proc') IS NULL), '')
            || coalesce('; left out: ' || string_agg(p.oid::regprocedure::text, ', ')
                FILTER (WHERE NOT gateway.publishable(p.oid)), ''),
        'COMMENT ON FUNCTION … tells a model what a tool answers. A tool has a plain name of its own, named '
            || 'arguments and concrete types.'
    FROM pg_proc AS p
    JOIN pg_namespace AS n ON n.oid = p.pronamespace
    WHERE n.nspname IN ('tool', 'resource', 'prompt', 'completion')
    UNION ALL
    SELECT
        'tenant guards',
        count(*) = 0,
        coalesce('none on ' || string_agg(c.oid::regclass::text, ', '), 'a restrictive policy on every table with policies'),
        'CREATE POLICY tenant_guard ON … AS RESTRICTIVE FOR ALL TO PUBLIC USING (… gateway.tenant_ids() …);'
    FROM pg_class AS c
    WHERE EXISTS (SELECT FROM pg_policy AS y WHERE y.polrelid = c.oid)
      AND NOT EXISTS (
            SELECT FROM pg_policy AS y
            WHERE y.polrelid = c.oid AND NOT y.polpermissive AND y.polcmd = '*' AND 0 = ANY (y.polroles)
      )
    UNION ALL
    SELECT
        'sandboxes',
        count(*) = 0,
        coalesce(
            string_agg(format('that of %s is not as gateway.make_sandbox makes it', n.role), '; '),
            'each is powerless, and owns the function it runs in'
        ),
        'SELECT gateway.make_sandbox(''…''); and take from the role what else was granted to it.'
    FROM gateway.personas AS n
    LEFT JOIN pg_roles AS r ON r.rolname = 'sandbox_' || n.role
    LEFT JOIN pg_proc AS p
        ON p.proname = 'run_' || n.role AND p.pronamespace = 'sandbox'::regnamespace AND p.proowner = r.oid
    WHERE p.oid IS NULL
       OR NOT p.prosecdef
       OR p.provolatile <> 's'
       OR NOT EXISTS (
            SELECT FROM unnest(p.proconfig) AS c (setting)
            WHERE starts_with(c.setting, 'search_path=guard, pg_catalog, ' || n.free_sql_path || ', ')
       )
       OR r.rolcanlogin OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication
       OR EXISTS (
            SELECT FROM pg_auth_members AS m
            WHERE m.member = r.oid AND (m.roleid <> to_regrole(quote_ident(n.role)) OR m.set_option)
       )
       -- What it owns, or was granted beside the persona's rights and what gateway.make_sandbox grants.
       OR EXISTS (
            SELECT FROM pg_shdepend AS d
            JOIN pg_database AS b ON b.oid = d.dbid AND b.datname = current_database()
            LEFT JOIN pg_proc AS f ON f.oid = d.objid AND d.classid = 'pg_proc'::regclass
            WHERE d.refclassid = 'pg_authid'::regclass AND d.refobjid = r.oid
              AND (d.classid, d.objid) <> ('pg_namespace'::regclass, 'guard'::regnamespace)
              AND (
                    f.pronamespace IN ('guard'::regnamespace, 'sandbox'::regnamespace)
                 OR f.oid IN (
                        'gateway.explain_query'::regproc, 'gateway.near_names'::regproc,
                        'gateway.query_types'::regproc, 'gateway.run_query'::regproc
                    )
              ) IS NOT TRUE
       )
    UNION ALL
    SELECT
        'hidden columns',
        count(*) = 0,
        coalesce(
            string_agg(format('%s reads %s whole', n.role, c.oid::regclass), '; '),
            'no persona reads ctid, xmin or tableoid of a table with policies'
        ),
        'Grant SELECT by column: ctid and xmin count other tenants'' writes.'
    FROM gateway.personas AS n
    JOIN pg_class AS c
        ON c.relrowsecurity AND c.relkind IN ('r', 'p') AND has_table_privilege('sandbox_' || n.role, c.oid, 'SELECT')
    UNION ALL
    SELECT
        'past row security',
        count(*) = 0,
        coalesce(
            string_agg(format('%s runs as %s, whom row security does not bind', x.what, x.owner), '; '),
            'no view or function of a persona runs as one whom row security does not bind'
        ),
        'CREATE VIEW … WITH (security_invoker = true); ALTER FUNCTION … OWNER TO storekeeper_owner, or SECURITY INVOKER.'
    FROM (
        SELECT DISTINCT v.what, r.rolname AS owner
        FROM gateway.personas AS n
        CROSS JOIN LATERAL (
            SELECT c.oid::regclass::text, c.relowner
            FROM pg_class AS c
            WHERE c.relkind IN ('v', 'm')
              AND c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
              AND NOT coalesce(c.reloptions && '{security_invoker=true,security_invoker=on,security_invoker=1}', false)
              AND has_any_column_privilege(n.role, c.oid, 'SELECT')
            UNION ALL
            SELECT p.oid::regprocedure::text, p.proowner
            FROM pg_proc AS p
            WHERE p.prosecdef
              AND p.pronamespace <> 'pg_catalog'::regnamespace
              AND has_function_privilege(n.role, p.oid, 'EXECUTE')
        ) AS v (what, owner)
        JOIN pg_roles AS r ON r.oid = v.owner AND (r.rolsuper OR r.rolbypassrls)
    ) AS x
    UNION ALL
    SELECT
        'login',
        count(*) = 0,
        coalesce('defaults of its own: ' || string_agg(c.setting, ', '), 'storekeeper_gateway has no defaults of its own'),
        'ALTER ROLE storekeeper_gateway RESET ALL; unless you set them: a tool that executes its argument can have done it.'
    FROM pg_db_role_setting AS s
    JOIN pg_roles AS r ON r.oid = s.setrole AND r.rolname = 'storekeeper_gateway'
    CROSS JOIN unnest(s.setconfig) AS c (setting)
    WHERE c.setting NOT LIKE 'temp_file_limit=%'
      AND s.setdatabase IN (0, (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database()))
    UNION ALL
    SELECT
        'free SQL',
        count(*) FILTER (WHERE e.faulty AND NOT e.accepted) = 0,
        CASE
            WHEN count(*) FILTER (WHERE e.acting AND NOT e.accepted) > 0 THEN 'not served'
            ELSE CASE max(e.strength)
                WHEN 'own' THEN 'hardened as a database of our own'
                WHEN 'shared' THEN 'hardened as a shared database'
                ELSE 'not hardened, which the DBA has accepted'
            END
        END
            || coalesce('; within its reach: ' || string_agg(DISTINCT e.family || e.what, ', '), ''),
        CASE
            WHEN max(e.strength) IS NULL THEN 'storekeeper harden own; shared where others use the database too.'
            ELSE format('storekeeper harden %s; then REVOKE what is still granted by name.', max(e.strength))
        END
    FROM (
        SELECT
            h.strength,
            x.family,
            x.acting,
            x.family IS NOT NULL AND (x.acting OR h.strength = 'own') AS faulty,
            coalesce(x.acting AND x.family = ANY (h.accepted), false) AS accepted,
            CASE WHEN cardinality(x.what) <= 5 THEN format(' (%s)', array_to_string(x.what, ', ')) ELSE '' END AS what
        FROM (SELECT) AS one
        LEFT JOIN gateway.hardening AS h ON true
        LEFT JOIN (gateway.personas AS n CROSS JOIN LATERAL gateway.exposures(n.role) AS x) ON true
    ) AS e
    UNION ALL
    SELECT
        'temporary files',
        current_setting('temp_file_limit') <> '-1' OR EXISTS (
            SELECT
            FROM pg_db_role_setting AS s
            JOIN pg_roles AS r ON r.oid = s.setrole AND r.rolname = 'storekeeper_gateway'
            LEFT JOIN pg_database AS d ON d.oid = s.setdatabase
            CROSS JOIN unnest(s.setconfig) AS c (setting)
            WHERE (s.setdatabase = 0 OR d.datname = current_database())
              AND c.setting LIKE 'temp_file_limit=%' AND c.setting <> 'temp_file_limit=-1'
        ),
        'temp_file_limit of storekeeper_gateway',
        'ALTER ROLE storekeeper_gateway SET temp_file_limit = ''1GB''; as a superuser, or storekeeper harden.'
    UNION ALL
    SELECT
        'cache',
        count(*) = 0,
        coalesce(
            string_agg(format('%s: nobody notes changes of %s', x.what, x.tables), '; '),
            'each table that a @cache tag names is watched'
        ),
        'CREATE TRIGGER note_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON … FOR EACH STATEMENT EXECUTE '
            || 'FUNCTION gateway.note_change(); or mend the tag: @cache 5m schema.table, schema.table'
    FROM (
        SELECT p.oid::regprocedure::text AS what, string_agg(DISTINCT t.name, ', ' ORDER BY t.name) AS tables
        FROM pg_proc AS p
        JOIN pg_namespace AS n ON n.oid = p.pronamespace
        CROSS JOIN regexp_matches(obj_description(p.oid, 'pg_proc'), '(?n)^@cache[ \t]+(.*)$', 'g') AS m (tag)
        CROSS JOIN regexp_split_to_table(m.tag[1], '[,[:space:]]+') AS t (name)
        WHERE n.nspname IN ('tool', 'resource', 'prompt', 'completion')
          AND t.name <> ''
          -- The time to live comes first.
          AND t.name !~ '^\d+[a-z]*$'
          AND t.name <> ALL (gateway.watched_tables())
        GROUP BY p.oid
    ) AS x
    UNION ALL
    SELECT
        'embeddings',
        bool_or(m.provider <> 'built-in' OR m.name IS NOT NULL AND t.are_there) IS TRUE,
        CASE
            WHEN count(m.name) = 0 THEN 'no model: search goes by words alone'
            WHEN bool_or(m.provider = 'built-in' AND NOT t.are_there) THEN format('%s is not loaded', max(m.name))
            ELSE format('%s, %s dimensions', max(m.name), max(m.dimension))
        END,
        'storekeeper init loads the built-in model.'
    FROM (SELECT EXISTS (SELECT FROM embedding.tokens)) AS t (are_there)
    LEFT JOIN embedding.models AS m ON m.is_active
    UNION ALL
    SELECT
        'change notice',
        true,
        CASE WHEN EXISTS (SELECT FROM pg_event_trigger AS t WHERE t.evtname = 'storekeeper_catalog' AND t.evtenabled <> 'D')
            THEN 'every change of a published function reaches running servers'
            ELSE 'shipped migrations reach running servers; after a change by hand run NOTIFY storekeeper_catalog'
        END,
        NULL
    UNION ALL
    SELECT b.subject, b.ok, b.finding, b.hint
    FROM gateway.examine_business() AS b
$function$;

COMMENT ON FUNCTION gateway.doctor IS $comment$
What is as Storekeeper needs it in this database and what is not, with a hint for each.
$comment$;
REVOKE ALL ON FUNCTION gateway.doctor FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.doctor TO storekeeper_dba;

-- object: functions/gateway/embedding_state.sql
-- Which models there are, and how many texts wait for each.
-- drop: DROP FUNCTION gateway.embedding_state;
CREATE OR REPLACE FUNCTION gateway.embedding_state()
RETURNS json
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT coalesce(json_agg(json_build_object(
        'model', m.name, 'provider', m.provider, 'dimension', m.dimension, 'active', m.is_active,
        'waiting', q.waiting, 'taken', q.taken, 'failing', q.failing, 'oldest', q.oldest, 'last_error', q.last_error
    ) ORDER BY m.model_id), '[]')
    FROM embedding.models AS m
    CROSS JOIN LATERAL (
        SELECT
            count(*) AS waiting,
            count(q.ticket) AS taken,
            count(*) FILTER (WHERE q.last_error IS NOT NULL) AS failing,
            to_char(min(q.queued_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS oldest,
            max(q.last_error) AS last_error
        FROM embedding.queue AS q
        WHERE q.model_id = m.model_id
    ) AS q
$function$;

COMMENT ON FUNCTION gateway.embedding_state IS $comment$
[{model, provider, dimension, active, waiting, taken, failing, oldest, last_error}]: the models, the texts that wait
for vectors of each, those of them that somebody has taken, and those that have failed before. A model outside that is not active is being filled.
$comment$;
REVOKE ALL ON FUNCTION gateway.embedding_state FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.embedding_state TO storekeeper_gateway, storekeeper_dba;

-- object: functions/gateway/fail_texts.sql
-- Gives texts back that got no vector.
-- drop: DROP FUNCTION gateway.fail_texts;
CREATE OR REPLACE FUNCTION gateway.fail_texts(tickets bigint[], error text, again_in interval DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM FROM embedding.queue AS q
    WHERE q.ticket = ANY (fail_texts.tickets)
    ORDER BY q.model_id, q.subject, q.key
    FOR UPDATE;
    UPDATE embedding.queue AS q
    SET ticket = NULL,
        last_error = left(fail_texts.error, 500),
        not_before = clock_timestamp() + coalesce(
            fail_texts.again_in,
            least(interval '10 seconds' * 2 ^ least(q.attempts - 1, 20), interval '6 hours') * (0.5 + random())
        )
    WHERE q.ticket = ANY (fail_texts.tickets);
END
$function$;

COMMENT ON FUNCTION gateway.fail_texts IS $comment$
For workers: texts that gateway.take_texts handed out wait again, for as long as is said, or else the longer the more
often they have been tried: 10 seconds at first, 6 hours at most.
$comment$;
REVOKE ALL ON FUNCTION gateway.fail_texts FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.fail_texts TO storekeeper_gateway, storekeeper_dba;

-- object: functions/gateway/health.sql
-- How the database is, for a server that is asked.
-- drop: DROP FUNCTION gateway.health;
CREATE OR REPLACE FUNCTION gateway.health()
RETURNS json
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_applied CONSTANT text[] := gateway.applied_migrations();
BEGIN
    RETURN json_build_object(
        'database', json_build_object(
            'version', current_setting('server_version'),
            'in_recovery', pg_is_in_recovery(),
            'started_at', to_char(pg_postmaster_start_time() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
        ),
        'migrations', json_build_object(
            'applied', cardinality(v_applied),
            'newest', v_applied[cardinality(v_applied)]
        ),
        'record', json_build_object(
            'newest_seal', (
                SELECT json_build_object(
                    'seal_id', s.seal_id, 'digest', encode(s.digest, 'hex'),
                    'sealed_at', to_char(s.sealed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
                )
                FROM gateway.seals AS s
                ORDER BY s.seal_id DESC
                LIMIT 1
            ),
            'unsealed', (
                SELECT count(*)
                FROM unnest(gateway.unsealed()) AS g (entries)
                CROSS JOIN LATERAL (
                    SELECT FROM gateway.calls AS c
                    WHERE c.entry >= lower(g.entries) AND c.entry < coalesce(upper(g.entries), 9223372036854775807)
                    ORDER BY c.entry
                    LIMIT 100000
                ) AS c
            ),
            'partitions_until', (
                SELECT to_char(to_date(max(c.relname), '"calls_"YYYY_MM') + interval '1 month', 'YYYY-MM-DD')
                FROM pg_inherits AS i
                JOIN pg_class AS c ON c.oid = i.inhrelid AND c.relname ~ '^calls_\d{4}_\d{2}$'
                WHERE i.inhparent = 'gateway.calls'::regclass
            )
        ),
        'embedding', (
            SELECT json_build_object(
                'model', max(m.name),
                'provider', max(m.provider),
                'dimension', max(m.dimension),
                'ready', bool_or(m.provider <> 'built-in' OR m.name IS NOT NULL AND t.are_there) IS TRUE
            )
            FROM (SELECT EXISTS (SELECT FROM embedding.tokens)) AS t (are_there)
            LEFT JOIN embedding.models AS m ON m.is_active
        ),
        'findings', (
            SELECT coalesce(json_agg(json_build_object('subject', b.subject, 'ok', b.ok, 'finding', b.finding)), '[]')
            FROM gateway.examine_business() AS b
        )
    );
END
$function$;

COMMENT ON FUNCTION gateway.health IS $comment$
{database: {version, in_recovery, started_at}, migrations: {applied, newest}, record: {newest_seal, unsealed,
partitions_until}, embedding: {model, provider, dimension, ready}, findings: [{subject, ok, finding}]}. ready: whether
there is a model and, if it is the built-in one, it is loaded. The findings are those of gateway.examine_business.
$comment$;
REVOKE ALL ON FUNCTION gateway.health FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.health TO storekeeper_gateway;

-- object: functions/gateway/put_embeddings.sql
-- Hands vectors over to the business whose texts they are of.
-- drop: DROP FUNCTION gateway.put_embeddings;
CREATE OR REPLACE FUNCTION gateway.put_embeddings(embeddings json)
RETURNS integer
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tickets  CONSTANT bigint[] := ARRAY(
        SELECT g.ticket FROM json_to_recordset(put_embeddings.embeddings) AS g (ticket bigint)
    );
    v_done     integer := 0;
    v_model_id smallint;
    v_subject  text;
    v_rows     json;
    v_hook     regproc;
    v_wrong    integer;
BEGIN
    -- No switch of models until the end of this transaction: it decides where vectors go. Queued texts are
    -- locked in the order in which all do.
    PERFORM FROM embedding.models AS m ORDER BY m.model_id FOR SHARE;
    PERFORM FROM embedding.queue AS q
    WHERE q.ticket = ANY (v_tickets)
    ORDER BY q.model_id, q.subject, q.key
    FOR UPDATE;

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
            WHERE q.ticket = g.ticket
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
is not waited for any more is left out: a newer text came, or somebody else has taken the text over.
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
    -- In the order in which all lock these rows.
    INSERT INTO embedding.queue AS q (model_id, subject, key, content)
    SELECT m.model_id, queue_texts.subject, t.key, t.content
    FROM unnest(queue_texts.keys, queue_texts.contents) AS t (key, content)
    CROSS JOIN embedding.models AS m
    WHERE m.provider <> 'built-in'
      AND (queue_texts.model_id IS NULL OR m.model_id = queue_texts.model_id)
    ORDER BY m.model_id, t.key COLLATE "C"
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

-- object: functions/gateway/take_texts.sql
-- Hands out texts that wait for a vector, each to one worker.
-- drop: DROP FUNCTION gateway.take_texts;
CREATE OR REPLACE FUNCTION gateway.take_texts(model text, how_many integer, lease interval)
RETURNS TABLE (ticket bigint, content text)
LANGUAGE sql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
    WITH due AS (
        SELECT q.model_id, q.subject, q.key
        FROM embedding.queue AS q
        WHERE q.model_id = (SELECT m.model_id FROM embedding.models AS m WHERE m.name = take_texts.model)
          AND q.not_before <= clock_timestamp()
        ORDER BY q.not_before
        LIMIT take_texts.how_many
        FOR UPDATE SKIP LOCKED
    )
    UPDATE embedding.queue AS q
    SET ticket = nextval('embedding.queue_ticket_seq'),
        not_before = clock_timestamp() + greatest(take_texts.lease, interval '1 second'),
        attempts = q.attempts + 1
    FROM due AS d
    WHERE (q.model_id, q.subject, q.key) = (d.model_id, d.subject, d.key)
    RETURNING q.ticket, q.content
$function$;

COMMENT ON FUNCTION gateway.take_texts IS $comment$
For workers: texts that wait for a vector of a model, the longest waiting first, with the ticket by which
gateway.put_embeddings takes it. Commit at once. Nobody else gets them until the lease is over; then whoever had
them is given up for dead, and its tickets are worth nothing once others have taken the texts.
$comment$;
REVOKE ALL ON FUNCTION gateway.take_texts FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.take_texts TO storekeeper_gateway, storekeeper_dba;

-- end of objects
NOTIFY storekeeper_catalog;
