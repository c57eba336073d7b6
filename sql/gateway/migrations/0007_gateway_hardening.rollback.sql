-- hardening: written by storekeeper ship from the object files named below.

SET LOCAL ROLE storekeeper_definer;
SET LOCAL check_function_bodies = off;

-- object: functions/guard/ts_rank_cd.sql
DROP FUNCTION guard.ts_rank_cd(tsvector, tsquery);
DROP FUNCTION guard.ts_rank_cd(tsvector, tsquery, integer);
DROP FUNCTION guard.ts_rank_cd(real[], tsvector, tsquery);
DROP FUNCTION guard.ts_rank_cd(real[], tsvector, tsquery, integer);

-- object: functions/guard/ts_rank.sql
DROP FUNCTION guard.ts_rank(tsvector, tsquery);
DROP FUNCTION guard.ts_rank(tsvector, tsquery, integer);
DROP FUNCTION guard.ts_rank(real[], tsvector, tsquery);
DROP FUNCTION guard.ts_rank(real[], tsvector, tsquery, integer);

-- object: functions/guard/translate.sql
DROP FUNCTION guard.translate(text, text, text);

-- object: functions/guard/to_timestamp.sql
DROP FUNCTION guard.to_timestamp(text, text);

-- object: functions/guard/to_date.sql
DROP FUNCTION guard.to_date(text, text);

-- object: functions/guard/strpos.sql
DROP FUNCTION guard.strpos(text, text);

-- object: functions/guard/string_to_table.sql
DROP FUNCTION guard.string_to_table(text, text);
DROP FUNCTION guard.string_to_table(text, text, text);

-- object: functions/guard/string_to_array.sql
DROP FUNCTION guard.string_to_array(text, text);
DROP FUNCTION guard.string_to_array(text, text, text);

-- object: functions/guard/split_part.sql
DROP FUNCTION guard.split_part(text, text, integer);

-- object: functions/guard/rtrim.sql
DROP FUNCTION guard.rtrim(text, text);

-- object: functions/guard/rpad.sql
DROP FUNCTION guard.rpad(text, integer);
DROP FUNCTION guard.rpad(text, integer, text);

-- object: functions/guard/replace.sql
DROP FUNCTION guard.replace(text, text, text);

-- object: functions/guard/repeat.sql
DROP FUNCTION guard.repeat(text, integer);

-- object: functions/guard/power.sql
DROP OPERATOR guard.^ (numeric, numeric);
DROP FUNCTION guard.pow(numeric, numeric);
DROP FUNCTION guard.power(numeric, numeric);

-- object: functions/guard/polygon.sql
DROP FUNCTION guard.polygon(integer, circle);

-- object: functions/guard/ltrim.sql
DROP FUNCTION guard.ltrim(text, text);

-- object: functions/guard/lpad.sql
DROP FUNCTION guard.lpad(text, integer);
DROP FUNCTION guard.lpad(text, integer, text);

-- object: functions/guard/exceeded.sql
DROP FUNCTION guard.exceeded;

-- object: functions/guard/check_query.sql
DROP FUNCTION guard.check_query;

-- object: functions/guard/btrim.sql
DROP FUNCTION guard.btrim(text, text);

-- object: functions/guard/array_fill.sql
DROP FUNCTION guard.array_fill(anyelement, integer[]);
DROP FUNCTION guard.array_fill(anyelement, integer[], integer[]);

-- object: functions/gateway/visible_tables.sql
DROP FUNCTION gateway.visible_tables;

-- object: functions/gateway/telling_functions.sql
DROP FUNCTION gateway.telling_functions;

-- object: functions/gateway/run_query.sql
-- Runs one reading statement with its caller's rights and path, and returns it as JSON.
-- drop: DROP FUNCTION gateway.run_query;
CREATE OR REPLACE FUNCTION gateway.run_query(query text, max_rows integer, max_bytes integer)
RETURNS json
LANGUAGE plpgsql
STABLE
AS $function$
-- The search path is that of the sandbox function that calls: free SQL is resolved along it.
DECLARE
    v_query     text := rtrim(run_query.query, E' \t\r\n;');
    v_cursor    refcursor;
    v_row       record;
    v_json      text;
    v_keys      text[];
    v_names     text[] := '{}';
    v_types     text[];
    v_rows      text[] := '{}';
    v_bytes     bigint := 0;
    v_name      text;
    v_copy      integer;
    v_truncated boolean := false;
BEGIN
    IF coalesce(v_query, '') = '' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = 'The query is empty.',
            HINT = 'Send one SELECT statement.';
    ELSIF length(v_query) > 8000 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = format('The query has %s characters; 8000 are allowed.', length(v_query)),
            HINT = 'Ask for less in one query, or use a tool made for the question.';
    END IF;

    BEGIN
        OPEN v_cursor NO SCROLL FOR EXECUTE v_query;
    EXCEPTION WHEN invalid_cursor_definition OR feature_not_supported OR read_only_sql_transaction THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK403',
            MESSAGE = 'Only one reading statement may run here: ' || SQLERRM || '.',
            HINT = 'Send a single SELECT, WITH … SELECT, VALUES or TABLE statement that changes and locks nothing.';
    END;

    -- A join that can't match tells names and types without running the query, so that an empty
    -- result has its columns too.
    EXECUTE format(E'SELECT q.* FROM (SELECT) AS one LEFT JOIN (%s\n) AS q ON false', v_query) INTO v_row;
    v_keys := ARRAY(SELECT k FROM json_object_keys(row_to_json(v_row)) WITH ORDINALITY AS j (k, n) ORDER BY n);
    FOREACH v_name IN ARRAY v_keys LOOP
        v_copy := 1;
        WHILE (v_name || CASE WHEN v_copy > 1 THEN '_' || v_copy ELSE '' END) = ANY (v_names) LOOP
            v_copy := v_copy + 1;
        END LOOP;
        v_names := v_names || (v_name || CASE WHEN v_copy > 1 THEN '_' || v_copy ELSE '' END);
    END LOOP;
    IF v_names <> '{}' THEN
        EXECUTE format(
            E'SELECT ARRAY[%s] FROM (SELECT) AS one LEFT JOIN (%s\n) AS q (%s) ON false',
            (SELECT string_agg(format('pg_typeof(q.c%s)::text', n), ',') FROM generate_subscripts(v_names, 1) AS n),
            v_query,
            (SELECT string_agg(format('c%s', n), ',') FROM generate_subscripts(v_names, 1) AS n)
        ) INTO v_types;
    END IF;

    LOOP
        FETCH v_cursor INTO v_row;
        EXIT WHEN NOT FOUND;
        v_json := row_to_json(v_row)::text;
        IF v_names <> v_keys THEN
            SELECT '{' || string_agg(to_json(v_names[j.n]) || ':' || j.value, ',' ORDER BY j.n) || '}'
            INTO v_json
            FROM json_each(v_json::json) WITH ORDINALITY AS j (key, value, n);
        END IF;
        v_bytes := v_bytes + octet_length(v_json);
        v_truncated := cardinality(v_rows) = run_query.max_rows OR v_bytes > run_query.max_bytes;
        EXIT WHEN v_truncated;
        v_rows := v_rows || v_json;
    END LOOP;
    CLOSE v_cursor;

    RETURN json_build_object(
        'columns', (
            SELECT coalesce(json_agg(json_build_object('name', v_names[n], 'type', v_types[n]) ORDER BY n), '[]')
            FROM generate_subscripts(v_names, 1) AS n
        ),
        'rows', ('[' || array_to_string(v_rows, ',') || ']')::json,
        'row_count', cardinality(v_rows),
        'truncated', v_truncated
    );
END
$function$;

COMMENT ON FUNCTION gateway.run_query IS $comment$
{columns: [{name, type}], rows: [{…}], row_count, truncated} of one SELECT, at most max_rows rows and
max_bytes bytes of JSON. Columns of the same name become name, name_2 and so on. Only the sandbox
functions call it.
$comment$;
REVOKE ALL ON FUNCTION gateway.run_query FROM PUBLIC;

-- object: functions/gateway/query_types.sql
DROP FUNCTION gateway.query_types;

-- object: functions/gateway/progress.sql
-- Tells whoever waits how far the work is: a NOTICE of its own SQLSTATE.
-- drop: DROP FUNCTION gateway.progress;
CREATE OR REPLACE FUNCTION gateway.progress(
    done    double precision,
    total   double precision,
    message text DEFAULT NULL
)
RETURNS void
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    RAISE NOTICE USING
        ERRCODE = 'SK001',
        MESSAGE = coalesce(progress.message, ''),
        DETAIL = progress.done || '/' || progress.total;
END
$function$;

COMMENT ON FUNCTION gateway.progress IS $comment$
Reports progress from inside a function: PERFORM gateway.progress(done, total, 'text').
$comment$;
REVOKE ALL ON FUNCTION gateway.progress FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.progress TO storekeeper_loader, storekeeper_dba;

-- object: functions/gateway/persona.sql
DROP FUNCTION gateway.persona;

-- object: functions/gateway/near_names.sql
DROP FUNCTION gateway.near_names;

-- object: functions/gateway/make_sandbox.sql
DROP FUNCTION gateway.make_sandbox;

-- object: functions/gateway/login_faults.sql
-- Why the account that is logged in must not serve.
-- drop: DROP FUNCTION gateway.login_faults;
CREATE OR REPLACE FUNCTION gateway.login_faults()
RETURNS SETOF text
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
    WITH RECURSIVE reached AS (
        -- Every role that the login could become, step by step.
        SELECT r.oid FROM pg_roles AS r WHERE r.rolname = session_user
        UNION
        SELECT m.roleid FROM reached JOIN pg_auth_members AS m ON m.member = reached.oid
    ),
    role AS (
        SELECT
            r.*,
            r.rolname = session_user AS is_login,
            CASE WHEN r.rolname <> session_user THEN format('can become %I, which ', r.rolname) ELSE '' END AS via
        FROM reached
        JOIN pg_roles AS r USING (oid)
    )
    SELECT DISTINCT ON (f.n, f.fault) f.fault
    FROM role AS r
    CROSS JOIN LATERAL (
        VALUES (1, r.rolsuper, r.via || 'is a superuser'),
               (2, r.rolbypassrls, r.via || 'has BYPASSRLS'),
               (3, r.rolcreaterole, r.via || 'may create roles (CREATEROLE)'),
               (4, r.rolreplication, r.via || 'may replicate (REPLICATION)'),
               (
                   5,
                   NOT r.is_login
                   AND r.rolname NOT IN (SELECT p.role FROM gateway.personas AS p)
                   -- Memberships belong to the whole server. Another database's persona is no fault
                   -- as long as it has no right and owns nothing in this database.
                   AND NOT (
                        to_regrole(quote_ident('sandbox_' || r.rolname)) IS NOT NULL
                    AND NOT EXISTS (
                        SELECT FROM pg_shdepend AS d
                        JOIN pg_database AS b ON b.oid = d.dbid AND b.datname = current_database()
                        WHERE d.refclassid = 'pg_authid'::regclass AND d.refobjid = r.oid
                    )
                   ),
                   format('is a member of %I', r.rolname)
               ),
               (
                   6,
                   r.is_login AND EXISTS (
                       SELECT FROM pg_auth_members AS m WHERE m.member = r.oid AND m.inherit_option
                   ),
                   'inherits the rights of a role'
               ),
               (
                   7,
                   r.is_login AND EXISTS (
                       SELECT FROM pg_shdepend AS d
                       JOIN pg_database AS b ON b.oid = d.dbid AND b.datname = current_database()
                       WHERE d.refclassid = 'pg_authid'::regclass AND d.refobjid = r.oid AND d.deptype = 'o'
                   ),
                   'owns objects of this database'
               )
    ) AS f (n, found, fault)
    WHERE f.found
      -- A superuser is that first of all: every right follows from it.
      AND (f.n = 1 OR NOT EXISTS (SELECT FROM role AS l WHERE l.is_login AND l.rolsuper))
    ORDER BY f.n, f.fault
$function$;

COMMENT ON FUNCTION gateway.login_faults IS $comment$
What makes the logged-in account unfit to serve calls, a line each; none when it is fit.
$comment$;
REVOKE ALL ON FUNCTION gateway.login_faults FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.login_faults TO storekeeper_gateway, storekeeper_dba;

-- object: functions/gateway/key_columns.sql
DROP FUNCTION gateway.key_columns;

-- object: functions/gateway/harden.sql
DROP FUNCTION gateway.harden;

-- object: functions/gateway/free_query.sql
-- Runs free SQL in the sandbox of the caller's persona.
-- drop: DROP FUNCTION gateway.free_query;
CREATE OR REPLACE FUNCTION gateway.free_query(
    query     text,
    max_rows  integer DEFAULT 100,
    max_bytes integer DEFAULT 262144
)
RETURNS json
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_result json;
BEGIN
    EXECUTE format('SELECT sandbox.%I($1, $2, $3)', 'run_' || current_user)
        INTO v_result
        USING free_query.query, coalesce(free_query.max_rows, 100), coalesce(free_query.max_bytes, 262144);
    RETURN v_result;
END
$function$;

COMMENT ON FUNCTION gateway.free_query IS $comment$
For a tool of your own that offers free SQL: runs one SELECT as the powerless twin of the caller's
persona and returns {columns: [{name, type}], rows, row_count, truncated}.
$comment$;
REVOKE ALL ON FUNCTION gateway.free_query FROM PUBLIC;

-- object: functions/gateway/exposures.sql
DROP FUNCTION gateway.exposures;

-- object: functions/gateway/explain_query.sql
DROP FUNCTION gateway.explain_query;

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
        'change notice',
        true,
        CASE WHEN EXISTS (SELECT FROM pg_event_trigger AS t WHERE t.evtname = 'storekeeper_catalog' AND t.evtenabled <> 'D')
            THEN 'every change of a published function reaches running servers'
            ELSE 'shipped migrations reach running servers; after a change by hand run NOTIFY storekeeper_catalog'
        END,
        NULL
$function$;

COMMENT ON FUNCTION gateway.doctor IS $comment$
What is as Storekeeper needs it in this database and what is not, with a hint for each.
$comment$;
REVOKE ALL ON FUNCTION gateway.doctor FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.doctor TO storekeeper_dba;

-- object: functions/gateway/describe_table.sql
DROP FUNCTION gateway.describe_table;

-- object: functions/gateway/catalog.sql
-- What is published to whoever asks, with the types that it speaks of.
-- drop: DROP FUNCTION gateway.catalog;
CREATE OR REPLACE FUNCTION gateway.catalog()
RETURNS json
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    WITH RECURSIVE published AS (
        SELECT n.nspname, p.*
        FROM pg_proc AS p
        JOIN pg_namespace AS n ON n.oid = p.pronamespace
        WHERE n.nspname IN ('tool', 'resource', 'prompt', 'completion')
          AND gateway.publishable(p.oid)
          AND has_schema_privilege(n.oid, 'USAGE')
          AND has_function_privilege(p.oid, 'EXECUTE')
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
        'functions', coalesce((
            SELECT json_agg(json_build_object(
                'schema', f.nspname,
                'name', f.proname,
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
{instructions, who, functions: […], types: {oid: …}} of tool, resource, prompt and completion: what the current role may
execute, with comments, arguments, results and everything a JSON Schema of their types needs.
$comment$;
REVOKE ALL ON FUNCTION gateway.catalog FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.catalog TO storekeeper_dba;

-- object: functions/gateway/admit_free_query.sql
DROP FUNCTION gateway.admit_free_query;

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
    v_run     CONSTANT name := 'run_' || add_persona.role;
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
    EXECUTE format('GRANT USAGE ON SCHEMA gateway, sandbox TO %I', add_persona.role);
    EXECUTE format(
        'GRANT EXECUTE ON FUNCTION gateway.catalog, gateway.free_query, gateway.principal_id, gateway.progress,'
        ' gateway.publishable, gateway.tenant_ids, gateway.who TO %I', add_persona.role
    );
    EXECUTE format('GRANT EXECUTE ON FUNCTION gateway.run_query TO %I', v_sandbox);
    -- SECURITY DEFINER downwards: the owner can do less than the caller, and inside such a function
    -- nobody can set a role.
    EXECUTE format(
        'CREATE OR REPLACE FUNCTION sandbox.%I(query text, max_rows integer, max_bytes integer)'
        ' RETURNS json LANGUAGE sql STABLE SECURITY DEFINER'
        ' SET search_path = %s, pg_temp SET timezone = %L'
        ' AS ''SELECT gateway.run_query(query, max_rows, max_bytes)''',
        v_run, add_persona.free_sql_path, add_persona.free_sql_zone
    );
    EXECUTE format('REVOKE ALL ON FUNCTION sandbox.%I FROM PUBLIC', v_run);
    EXECUTE format('GRANT EXECUTE ON FUNCTION sandbox.%I TO %I', v_run, add_persona.role);
    EXECUTE format('GRANT CREATE ON SCHEMA sandbox TO %I', v_sandbox);
    RESET ROLE;
    EXECUTE format('ALTER FUNCTION sandbox.%I OWNER TO %I', v_run, v_sandbox);
    EXECUTE format('REVOKE CREATE ON SCHEMA sandbox FROM %I', v_sandbox);
END
$function$;

COMMENT ON FUNCTION gateway.add_persona IS $comment$
For the DBA: makes the role, its sandbox role and its sandbox function, and grants both what a call
needs. free_sql_path: the schemas whose tables free SQL may name unqualified; free_sql_zone: the time
zone in which free SQL tells days apart. Grant the role SELECT on your tables and EXECUTE on its tools.
$comment$;
REVOKE ALL ON FUNCTION gateway.add_persona FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.add_persona TO storekeeper_dba;

-- object: functions/gateway/acting_functions.sql
DROP FUNCTION gateway.acting_functions;

-- object: functions/gateway/accept_exposures.sql
DROP FUNCTION gateway.accept_exposures;

-- end of objects
NOTIFY storekeeper_catalog;
