-- search by meaning: written by storekeeper ship from the object files named below.
-- depends: 0016_embedding

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

-- end of objects
NOTIFY storekeeper_catalog;
