-- functions: written by storekeeper ship from the object files named below.
-- depends: 0001_gateway_roles_and_tables

SET LOCAL ROLE storekeeper_definer;
SET LOCAL check_function_bodies = off;

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

-- object: functions/gateway/assume.sql
-- Puts a signed context and its persona in force until the transaction ends.
-- drop: DROP FUNCTION gateway.assume;
CREATE OR REPLACE FUNCTION gateway.assume(persona name, context text)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_before text := nullif(current_setting('storekeeper.context', true), '');
BEGIN
    IF v_before IS DISTINCT FROM assume.context AND v_before IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK403',
            MESSAGE = 'This transaction already speaks for somebody else.',
            HINT = 'End the transaction first.';
    END IF;
    PERFORM set_config('storekeeper.context', assume.context, true);
    -- Last: from here on nothing runs with more than the person's rights.
    PERFORM set_config('role', assume.persona, true);
END
$function$;

COMMENT ON FUNCTION gateway.assume IS $comment$
Makes a context that gateway signed the transaction's, and takes the persona's role. With a context
that nobody signed, the first policy that asks fails with 42501: it gives nobody anything.
$comment$;
REVOKE ALL ON FUNCTION gateway.assume FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.assume TO storekeeper_gateway, storekeeper_dba;

-- object: functions/gateway/authenticate.sql
-- Verifies the server's word for a person and signs their context.
-- drop: DROP FUNCTION gateway.authenticate;
CREATE OR REPLACE FUNCTION gateway.authenticate(
    assertion   text,
    OUT persona name,
    OUT context text
)
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    -- v1 | principal | expiry, seconds since 1970 | nonce | mac
    v_parts text[] := string_to_array(authenticate.assertion, '|');
    v_mac   bytea := gateway.mac('assertion', array_to_string(v_parts[1:4], '|'));
BEGIN
    IF NOT EXISTS (SELECT FROM gateway.keys AS k WHERE k.name = 'assertion') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK401',
            MESSAGE = 'This database has no assertion key yet, so nobody can sign in.',
            HINT = 'Run: storekeeper init';
    END IF;
    IF cardinality(v_parts) = 5
       AND v_parts[1] = 'v1'
       AND encode(v_mac, 'hex') = v_parts[5]
       AND v_parts[3] ~ '^\d{10}$'
       AND v_parts[3] > trunc(extract(epoch FROM clock_timestamp()))::text COLLATE "C"
    THEN
        SELECT s.persona, s.context INTO authenticate.persona, authenticate.context
        FROM gateway.sign_context(v_parts[2]) AS s;
    END IF;
    -- One answer for a bad mac, an expired one, an unknown and an inactive person: it tells nothing apart.
    IF authenticate.persona IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK401',
            MESSAGE = 'Nobody is signed in: the principal is unknown or inactive, or the server''s key does not fit.',
            HINT = 'Set STOREKEEPER_PRINCIPAL to the id or e-mail of an active person '
                || '(storekeeper people lists them) and start the server again.';
    END IF;
END
$function$;

COMMENT ON FUNCTION gateway.authenticate IS $comment$
Checks an assertion and returns the persona and the signed context, or fails with SK401.
$comment$;
REVOKE ALL ON FUNCTION gateway.authenticate FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.authenticate TO storekeeper_gateway;

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

-- object: functions/gateway/drop_persona.sql
-- Takes a persona away, and its people with it.
-- drop: DROP FUNCTION gateway.drop_persona;
CREATE OR REPLACE FUNCTION gateway.drop_persona(role name)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_role name;
BEGIN
    SET LOCAL ROLE storekeeper_definer;
    DELETE FROM gateway.principals AS p WHERE p.role = drop_persona.role;
    DELETE FROM gateway.personas AS n WHERE n.role = drop_persona.role;
    RESET ROLE;
    FOREACH v_role IN ARRAY ARRAY['sandbox_' || drop_persona.role, drop_persona.role] LOOP
        EXECUTE format('DROP OWNED BY %I', v_role);
        BEGIN
            EXECUTE format('DROP ROLE %I', v_role);
        EXCEPTION WHEN dependent_objects_still_exist OR insufficient_privilege THEN
            RAISE NOTICE 'Role % is used in another database, or a superuser made it: it stays.', v_role;
        END;
    END LOOP;
END
$function$;

COMMENT ON FUNCTION gateway.drop_persona IS $comment$
For the DBA: removes a persona, its people, its sandbox and, unless another database uses them, its roles.
$comment$;
REVOKE ALL ON FUNCTION gateway.drop_persona FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.drop_persona TO storekeeper_dba;

-- object: functions/gateway/enter.sql
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

-- object: functions/gateway/identity.sql
-- Who this transaction speaks for, verified; nobody when no call was entered.
-- drop: DROP FUNCTION gateway.identity;
CREATE OR REPLACE FUNCTION gateway.identity(
    OUT principal_id uuid,
    OUT persona      name,
    OUT tenant_ids   uuid[]
)
LANGUAGE plpgsql
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_context text := current_setting('storekeeper.context', true);
    v_signed  text := substr(v_context, 66);
    v_parts   text[] := string_to_array(v_signed, '|');
BEGIN
    tenant_ids := '{}';
    IF coalesce(v_context, '') = '' THEN
        RETURN;
    END IF;
    IF left(v_context, 64) IS DISTINCT FROM encode(gateway.mac('context', v_signed), 'hex')
       OR v_parts[1] IS DISTINCT FROM pg_backend_pid()::text
       OR v_parts[2] IS DISTINCT FROM extract(epoch FROM transaction_timestamp())::text
    THEN
        RAISE EXCEPTION USING
            ERRCODE = '42501',
            MESSAGE = 'The identity of this transaction is not one that the gateway signed for it.',
            HINT = 'Identity can''t be set from SQL. It is that of the person who is signed in.';
    END IF;
    persona := v_parts[3];
    principal_id := v_parts[4];
    tenant_ids := string_to_array(v_parts[5], ',')::uuid[];
END
$function$;

COMMENT ON FUNCTION gateway.identity IS $comment$
The verified principal, persona and tenants of this transaction. Without a context: NULL, NULL and
no tenants. A forged one, or one from another transaction, fails with 42501.
$comment$;
REVOKE ALL ON FUNCTION gateway.identity FROM PUBLIC;

-- object: functions/gateway/impersonate.sql
-- At psql: be this person until the transaction ends.
-- drop: DROP FUNCTION gateway.impersonate;
CREATE OR REPLACE FUNCTION gateway.impersonate(principal text)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_who record := gateway.sign_impersonation(impersonate.principal);
BEGIN
    PERFORM gateway.assume(v_who.persona, v_who.context);
END
$function$;

COMMENT ON FUNCTION gateway.impersonate IS $comment$
For the DBA: BEGIN; SELECT gateway.impersonate('e-mail or id'); and then every statement of the
transaction sees just what that person sees.
$comment$;
REVOKE ALL ON FUNCTION gateway.impersonate FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.impersonate TO storekeeper_dba;

-- object: functions/gateway/install_key.sql
-- Keeps a key as the two padded blocks that HMAC needs.
-- drop: DROP FUNCTION gateway.install_key;
CREATE OR REPLACE FUNCTION gateway.install_key(
    key_name text,
    key      bytea,
    replace  boolean DEFAULT false
)
RETURNS boolean
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_inner bytea := decode(repeat('36', 64), 'hex');
    v_outer bytea := decode(repeat('5c', 64), 'hex');
BEGIN
    IF octet_length(install_key.key) NOT BETWEEN 32 AND 64 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = format('A key of %s bytes is too short or too long.', octet_length(install_key.key)),
            HINT = 'Use 32 to 64 random bytes.';
    END IF;
    FOR i IN 0 .. octet_length(install_key.key) - 1 LOOP
        v_inner := set_byte(v_inner, i, get_byte(v_inner, i) # get_byte(install_key.key, i));
        v_outer := set_byte(v_outer, i, get_byte(v_outer, i) # get_byte(install_key.key, i));
    END LOOP;
    INSERT INTO gateway.keys AS k (name, inner_pad, outer_pad)
    VALUES (install_key.key_name, v_inner, v_outer)
    ON CONFLICT (name) DO UPDATE
        SET inner_pad = excluded.inner_pad, outer_pad = excluded.outer_pad, created_at = now()
        WHERE install_key.replace;
    RETURN EXISTS (
        SELECT FROM gateway.keys AS k WHERE k.name = install_key.key_name AND k.inner_pad = v_inner
    );
END
$function$;

COMMENT ON FUNCTION gateway.install_key IS $comment$
Installs the key 'assertion' (shared with the servers) or 'context' (the database's own), unless
there is one already and replace is false. Returns whether this key is now the one in force.
$comment$;
REVOKE ALL ON FUNCTION gateway.install_key FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.install_key TO storekeeper_dba;

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

-- object: functions/gateway/mac.sql
-- HMAC-SHA256 of a text under one of our keys.
-- drop: DROP FUNCTION gateway.mac;
CREATE OR REPLACE FUNCTION gateway.mac(key_name text, message text)
RETURNS bytea
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT sha256(k.outer_pad || sha256(k.inner_pad || convert_to(message, 'UTF8')))
    FROM gateway.keys AS k
    WHERE k.name = key_name
$function$;

COMMENT ON FUNCTION gateway.mac IS $comment$
HMAC-SHA256 under the named key; NULL when there is no such key. For gateway's own functions only.
$comment$;
REVOKE ALL ON FUNCTION gateway.mac FROM PUBLIC;

-- object: functions/gateway/notify_catalog.sql
-- Tells running servers that what is published has changed.
-- drop: DROP FUNCTION gateway.notify_catalog;
CREATE OR REPLACE FUNCTION gateway.notify_catalog()
RETURNS event_trigger
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    NOTIFY storekeeper_catalog;
END
$function$;

COMMENT ON FUNCTION gateway.notify_catalog IS $comment$
Event trigger function: NOTIFY storekeeper_catalog, on which servers load the catalog again.
$comment$;
REVOKE ALL ON FUNCTION gateway.notify_catalog FROM PUBLIC;

-- object: functions/gateway/people.sql
-- The people who may call, for the DBA.
-- drop: DROP FUNCTION gateway.people;
CREATE OR REPLACE FUNCTION gateway.people()
RETURNS TABLE (
    principal_id uuid,
    email        text,
    display_name text,
    role         name,
    active       boolean,
    stores       jsonb
)
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT
        p.principal_id, p.email, p.display_name, p.role, p.active,
        coalesce(
            (
                SELECT jsonb_agg(jsonb_build_object('store_id', t.tenant_id, 'name', t.name) ORDER BY t.name)
                FROM gateway.tenants AS t
                LEFT JOIN gateway.principal_tenants AS pt
                    ON pt.tenant_id = t.tenant_id AND pt.principal_id = p.principal_id
                WHERE p.all_tenants OR pt.principal_id IS NOT NULL
            ),
            '[]'
        )
    FROM gateway.principals AS p
    ORDER BY p.role, p.email
$function$;

COMMENT ON FUNCTION gateway.people IS $comment$
Every person: id, e-mail, name, persona, whether active, and the stores (tenants) they may see.
$comment$;
REVOKE ALL ON FUNCTION gateway.people FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.people TO storekeeper_dba, storekeeper_loader;

-- object: functions/gateway/principal_id.sql
-- The caller's principal id.
-- drop: DROP FUNCTION gateway.principal_id;
CREATE OR REPLACE FUNCTION gateway.principal_id()
RETURNS uuid
LANGUAGE sql
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT i.principal_id FROM gateway.identity() AS i
$function$;

COMMENT ON FUNCTION gateway.principal_id IS $comment$
The caller's principal id; NULL when nobody is signed in.
$comment$;
REVOKE ALL ON FUNCTION gateway.principal_id FROM PUBLIC;

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

-- object: functions/gateway/publishable.sql
-- Can a client call this function by its name, with named arguments of types it can know?
-- drop: DROP FUNCTION gateway.publishable;
CREATE OR REPLACE FUNCTION gateway.publishable(function_oid oid)
RETURNS boolean
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT p.prokind = 'f'
        AND p.proname ~ '^[A-Za-z0-9_.-]{1,64}$'
        AND p.provariadic = 0
        -- Types that only a call could settle, or that no call returns: anyelement, trigger, record.
        AND NOT EXISTS (
            SELECT
            FROM unnest(coalesce(p.proallargtypes, p.proargtypes::oid[])) AS a (type_oid)
            JOIN pg_type AS t ON t.oid = a.type_oid AND t.typtype = 'p'
        )
        AND NOT EXISTS (
            SELECT
            FROM pg_type AS t
            WHERE t.oid = p.prorettype AND t.typtype = 'p' AND t.typname <> 'void'
              AND NOT (t.typname = 'record' AND p.proallargtypes IS NOT NULL)
        )
        AND p.pronargs = (
            SELECT count(*)
            FROM unnest(p.proargnames) WITH ORDINALITY AS a (name, n)
            WHERE a.name <> '' AND coalesce(p.proargmodes[a.n], 'i') IN ('i', 'b')
        )
        -- Of two functions with one name the older one has it.
        AND NOT EXISTS (
            SELECT FROM pg_proc AS o
            WHERE o.pronamespace = p.pronamespace AND o.proname = p.proname AND o.oid < p.oid
        )
    FROM pg_proc AS p
    WHERE p.oid = publishable.function_oid
$function$;

COMMENT ON FUNCTION gateway.publishable IS $comment$
Whether a function in a published schema can be told to clients: a plain function with a plain name,
named arguments, concrete types and no older namesake.
$comment$;
REVOKE ALL ON FUNCTION gateway.publishable FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.publishable TO storekeeper_dba;

-- object: functions/gateway/put_principal.sql
-- Adds a person, or changes who they are.
-- drop: DROP FUNCTION gateway.put_principal;
CREATE OR REPLACE FUNCTION gateway.put_principal(
    principal_id uuid,
    email        text,
    display_name text,
    role         name,
    active       boolean DEFAULT true
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF NOT EXISTS (SELECT FROM gateway.personas AS n WHERE n.role = put_principal.role) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = format('role %L is no persona.', put_principal.role),
            HINT = 'The personas: ' || (SELECT string_agg(n.role, ', ' ORDER BY n.role) FROM gateway.personas AS n)
                || '. SELECT gateway.add_persona(…) adds one.';
    END IF;
    -- Another persona's tenants are not theirs: who changes persona starts with none.
    IF EXISTS (
        SELECT FROM gateway.principals AS p
        WHERE p.principal_id = put_principal.principal_id AND p.role <> put_principal.role
    ) THEN
        PERFORM gateway.put_tenants(put_principal.principal_id, '{}');
    END IF;
    INSERT INTO gateway.principals AS p (principal_id, email, display_name, role, active)
    VALUES (put_principal.principal_id, put_principal.email, put_principal.display_name,
            put_principal.role, put_principal.active)
    ON CONFLICT ON CONSTRAINT principals_pkey DO UPDATE
        SET email = excluded.email, display_name = excluded.display_name,
            role = excluded.role, active = excluded.active;
    NOTIFY storekeeper_catalog;
END
$function$;

COMMENT ON FUNCTION gateway.put_principal IS $comment$
Adds a person, or changes the one of this id; with another role they lose their tenants. active = false shuts them out from the next call on.
$comment$;
REVOKE ALL ON FUNCTION gateway.put_principal FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.put_principal TO storekeeper_dba, storekeeper_loader;

-- object: functions/gateway/put_tenant.sql
-- Adds a tenant, or renames it.
-- drop: DROP FUNCTION gateway.put_tenant;
CREATE OR REPLACE FUNCTION gateway.put_tenant(tenant_id uuid, name text)
RETURNS void
LANGUAGE sql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
    INSERT INTO gateway.tenants (tenant_id, name) VALUES (put_tenant.tenant_id, put_tenant.name)
    ON CONFLICT (tenant_id) DO UPDATE SET name = excluded.name
$function$;

COMMENT ON FUNCTION gateway.put_tenant IS $comment$
Adds a tenant, or renames the one of this id.
$comment$;
REVOKE ALL ON FUNCTION gateway.put_tenant FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.put_tenant TO storekeeper_dba, storekeeper_loader, storekeeper_owner;

-- object: functions/gateway/put_tenants.sql
-- Says whose rows a person may see, from the next call on.
-- drop: DROP FUNCTION gateway.put_tenants;
CREATE OR REPLACE FUNCTION gateway.put_tenants(principal_id uuid, tenant_ids uuid[])
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    UPDATE gateway.principals AS p
    SET all_tenants = put_tenants.tenant_ids IS NULL
    WHERE p.principal_id = put_tenants.principal_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK404',
            MESSAGE = format('There is no person %s.', put_tenants.principal_id),
            HINT = 'SELECT gateway.put_principal(…) adds one.';
    END IF;
    DELETE FROM gateway.principal_tenants AS pt WHERE pt.principal_id = put_tenants.principal_id;
    INSERT INTO gateway.principal_tenants (principal_id, tenant_id)
    SELECT DISTINCT put_tenants.principal_id, t.tenant_id
    FROM unnest(put_tenants.tenant_ids) AS t (tenant_id);
    NOTIFY storekeeper_catalog;
END
$function$;

COMMENT ON FUNCTION gateway.put_tenants IS $comment$
Sets a person's tenants to exactly these; NULL means every tenant, those to come included.
$comment$;
REVOKE ALL ON FUNCTION gateway.put_tenants FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.put_tenants TO storekeeper_dba, storekeeper_loader, storekeeper_owner;

-- object: functions/gateway/record_calls.sql
-- Writes down a batch of calls.
-- drop: DROP FUNCTION gateway.record_calls;
CREATE OR REPLACE FUNCTION gateway.record_calls(calls jsonb)
RETURNS void
LANGUAGE sql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
    INSERT INTO gateway.calls (at, tool, principal, outcome, duration_ms, row_count, request_id)
    SELECT c.at, c.tool, c.principal, c.outcome, c.duration_ms, c.row_count, c.request_id
    FROM jsonb_to_recordset(record_calls.calls) AS c (
        at timestamptz, tool text, principal text, outcome text, duration_ms double precision,
        row_count integer, request_id text
    )
$function$;

COMMENT ON FUNCTION gateway.record_calls IS $comment$
Adds calls to the record: [{at, tool, principal, outcome, duration_ms, row_count, request_id}].
$comment$;
REVOKE ALL ON FUNCTION gateway.record_calls FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.record_calls TO storekeeper_gateway;

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

-- object: functions/gateway/sign_context.sql
-- Makes the signed context of a person for this backend and this transaction.
-- drop: DROP FUNCTION gateway.sign_context;
CREATE OR REPLACE FUNCTION gateway.sign_context(
    principal   text,
    OUT persona name,
    OUT context text
)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_person  gateway.principals;
    v_tenants text;
BEGIN
    SELECT p.* INTO v_person
    FROM gateway.principals AS p
    WHERE (p.principal_id::text = lower(sign_context.principal) OR lower(p.email) = lower(sign_context.principal))
      AND p.active;
    IF NOT FOUND THEN
        RETURN;
    END IF;

    SELECT string_agg(t.tenant_id::text, ',' ORDER BY t.tenant_id) INTO v_tenants
    FROM gateway.tenants AS t
    WHERE v_person.all_tenants
       OR EXISTS (
            SELECT FROM gateway.principal_tenants AS pt
            WHERE pt.principal_id = v_person.principal_id AND pt.tenant_id = t.tenant_id
       );

    persona := v_person.role;
    context := concat_ws(
        '|', pg_backend_pid(), extract(epoch FROM transaction_timestamp()),
        v_person.role, v_person.principal_id, coalesce(v_tenants, '')
    );
    context := encode(gateway.mac('context', context), 'hex') || '|' || context;
    IF context IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK401',
            MESSAGE = 'This database has no context key, so nobody can be told apart.',
            HINT = 'The DBA installs one: SELECT gateway.install_key(''context'', <64 random bytes>)';
    END IF;
END
$function$;

COMMENT ON FUNCTION gateway.sign_context IS $comment$
The persona and the signed context of an active person (id or e-mail); NULLs for anybody else, and
SK401 where the database has no context key.
The context is mac|backend pid|transaction start|persona|principal|tenants, worthless in any other
backend or transaction. For gateway's own functions only: it asks for no proof.
$comment$;
REVOKE ALL ON FUNCTION gateway.sign_context FROM PUBLIC;

-- object: functions/gateway/sign_impersonation.sql
-- Signs a person's context for a DBA, and writes down that it did.
-- drop: DROP FUNCTION gateway.sign_impersonation;
CREATE OR REPLACE FUNCTION gateway.sign_impersonation(
    principal   text,
    OUT persona name,
    OUT context text
)
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_principal_id uuid;
BEGIN
    SELECT s.persona, s.context INTO sign_impersonation.persona, sign_impersonation.context
    FROM gateway.sign_context(sign_impersonation.principal) AS s;
    IF sign_impersonation.persona IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK401',
            MESSAGE = format('There is no active person %L.', sign_impersonation.principal),
            HINT = 'SELECT * FROM gateway.people() lists the people.';
    END IF;
    v_principal_id := split_part(sign_impersonation.context, '|', 5);
    -- The log keeps what a rollback would take from the table.
    RAISE LOG 'storekeeper: % impersonates %', session_user, v_principal_id;
    IF current_setting('transaction_read_only') = 'off' THEN
        INSERT INTO gateway.impersonations (dba, principal_id) VALUES (session_user, v_principal_id);
    END IF;
END
$function$;

COMMENT ON FUNCTION gateway.sign_impersonation IS $comment$
The persona and signed context of an active person for a DBA's transaction, recorded in
gateway.impersonations and in the server log.
$comment$;
REVOKE ALL ON FUNCTION gateway.sign_impersonation FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.sign_impersonation TO storekeeper_dba;

-- object: functions/gateway/stats.sql
-- Calls, errors and times by tool.
-- drop: DROP FUNCTION gateway.stats;
CREATE OR REPLACE FUNCTION gateway.stats(since interval DEFAULT interval '24 hours')
RETURNS TABLE (
    tool       text,
    calls      bigint,
    errors     bigint,
    p50_ms     numeric,
    p95_ms     numeric,
    p99_ms     numeric,
    slowest_ms numeric,
    last_call  timestamptz
)
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT
        c.tool,
        count(*),
        count(*) FILTER (WHERE c.outcome <> 'ok'),
        round(percentile_cont(0.5) WITHIN GROUP (ORDER BY c.duration_ms)::numeric, 1),
        round(percentile_cont(0.95) WITHIN GROUP (ORDER BY c.duration_ms)::numeric, 1),
        round(percentile_cont(0.99) WITHIN GROUP (ORDER BY c.duration_ms)::numeric, 1),
        round(max(c.duration_ms)::numeric, 1),
        max(c.at)
    FROM gateway.calls AS c
    WHERE c.at > now() - stats.since
    GROUP BY c.tool
    ORDER BY count(*) DESC, c.tool
$function$;

COMMENT ON FUNCTION gateway.stats IS $comment$
Calls, errors and milliseconds by tool over the last 24 hours (or another span), of all servers.
$comment$;
REVOKE ALL ON FUNCTION gateway.stats FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.stats TO storekeeper_dba;

-- object: functions/gateway/tenant_ids.sql
-- The tenants whose rows the caller may see: what every policy asks.
-- drop: DROP FUNCTION gateway.tenant_ids;
CREATE OR REPLACE FUNCTION gateway.tenant_ids()
RETURNS uuid[]
LANGUAGE sql
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT i.tenant_ids FROM gateway.identity() AS i
$function$;

COMMENT ON FUNCTION gateway.tenant_ids IS $comment$
The caller's tenants; none when nobody is signed in. In a policy write
USING (tenant_id = ANY ((SELECT gateway.tenant_ids())::uuid[])), so that it runs once a statement.
$comment$;
REVOKE ALL ON FUNCTION gateway.tenant_ids FROM PUBLIC;

-- object: functions/gateway/who.sql
-- Everything the gateway knows of the caller.
-- drop: DROP FUNCTION gateway.who;
CREATE OR REPLACE FUNCTION gateway.who(
    OUT principal_id uuid,
    OUT display_name text,
    OUT email        text,
    OUT persona      name,
    OUT tenants      text[]
)
LANGUAGE sql
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT
        p.principal_id,
        p.display_name,
        p.email,
        i.persona,
        ARRAY(SELECT t.name FROM gateway.tenants AS t WHERE t.tenant_id = ANY (i.tenant_ids) ORDER BY t.name)
    FROM gateway.identity() AS i
    JOIN gateway.principals AS p USING (principal_id)
$function$;

COMMENT ON FUNCTION gateway.who IS $comment$
The caller's id, name, e-mail, persona and tenant names; NULLs when nobody is signed in.
$comment$;
REVOKE ALL ON FUNCTION gateway.who FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.who TO storekeeper_dba;

-- end of objects
NOTIFY storekeeper_catalog;
