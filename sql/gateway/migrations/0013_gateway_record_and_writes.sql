-- record and writes: written by storekeeper ship from the object files named below.
-- depends: 0011_answers_of_writes

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
        'GRANT EXECUTE ON FUNCTION gateway.admit_free_query, gateway.answered, gateway.catalog,'
        ' gateway.describe_table, gateway.free_query, gateway.once, gateway.persona, gateway.principal_id,'
        ' gateway.progress, gateway.tenant_ids, gateway.visible_tables, gateway.who TO %I', add_persona.role
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

-- object: functions/gateway/answered.sql
-- Ends a write that gateway.once began: keeps what it answers.
-- drop: DROP FUNCTION gateway.answered;
CREATE OR REPLACE FUNCTION gateway.answered(tool text, key text, answer jsonb)
RETURNS jsonb
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF answered.key IS NOT NULL THEN
        UPDATE gateway.answers AS a
        SET answer = coalesce(answered.answer, 'null')
        WHERE (a.principal_id, a.tool, a.key) = (gateway.principal_id(), answered.tool, answered.key)
          AND a.answer IS NULL
          -- Of this transaction: what was told once is never told otherwise.
          AND a.at = now();
        IF NOT FOUND THEN
            RAISE EXCEPTION USING
                ERRCODE = 'SK409',
                MESSAGE = format('No call of %s with idempotency_key %L is under way.', answered.tool, answered.key),
                HINT = 'Call gateway.once with the same tool and key first, in the same transaction.';
        END IF;
    END IF;
    RETURN answered.answer;
END
$function$;

COMMENT ON FUNCTION gateway.answered IS $comment$
For writing functions, last of all: keeps the answer under the tool and key that gateway.once was given in this
transaction, and returns it. Without a key (NULL) it only returns it. SK409 where gateway.once was not called.
$comment$;
REVOKE ALL ON FUNCTION gateway.answered FROM PUBLIC;

-- object: functions/gateway/applied_migrations.sql
-- Which migrations this database has.
-- drop: DROP FUNCTION gateway.applied_migrations;
CREATE OR REPLACE FUNCTION gateway.applied_migrations()
RETURNS text[]
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_ledger record;
    v_some   text[];
    v_all    text[] := '{}';
BEGIN
    -- Where yoyo keeps its ledger depends on the path of whoever migrates; that account granted SELECT
    -- on it. No other table is read, and none whose policies would run somebody's function here.
    FOR v_ledger IN
        SELECT n.nspname, c.relname
        FROM pg_class AS c
        JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.relname = '_yoyo_migration'
          AND c.relkind = 'r'
          AND c.relpersistence = 'p'
          AND NOT c.relrowsecurity
          AND has_schema_privilege(c.relnamespace, 'USAGE')
          AND has_table_privilege(c.oid, 'SELECT')
    LOOP
        EXECUTE format('SELECT array_agg(m.migration_id::text) FROM %I.%I AS m', v_ledger.nspname, v_ledger.relname) INTO v_some;
        v_all := v_all || v_some;
    END LOOP;
    RETURN ARRAY(SELECT DISTINCT m FROM unnest(v_all) AS m (m) ORDER BY m);
END
$function$;

COMMENT ON FUNCTION gateway.applied_migrations IS $comment$
The ids of the migrations that yoyo applied, in the order of their numbers.
$comment$;
REVOKE ALL ON FUNCTION gateway.applied_migrations FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.applied_migrations TO storekeeper_gateway, storekeeper_dba;

-- object: functions/gateway/call_digest.sql
-- The digest of one call in the record.
-- drop: DROP FUNCTION gateway.call_digest;
CREATE OR REPLACE FUNCTION gateway.call_digest(call gateway.calls)
RETURNS bytea
LANGUAGE sql
STABLE
-- Bound here, so that it costs no call of its own for each row. No value is written in a form that a
-- setting decides: times as seconds, floating-point numbers by their bytes.
RETURN sha256(convert_to(jsonb_build_array(
    (call).entry, extract(epoch FROM (call).at)::text, (call).tool, (call).principal, (call).outcome,
    (call).sqlstate, encode(float8send((call).duration_ms), 'hex'), encode(float8send((call).db_ms), 'hex'),
    (call).row_count, (call).bytes, (call).retries, (call).request_id, (call).trace_id, (call).arguments,
    (call).cached, (call).server, (call).statement, (call).plan
)::text, 'UTF8'));

COMMENT ON FUNCTION gateway.call_digest IS $comment$
SHA-256 over all columns of a call, in a text that depends on no setting of the session.
$comment$;
REVOKE ALL ON FUNCTION gateway.call_digest FROM PUBLIC;

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
{instructions, who, watched, functions: […], types: {oid: …}} of tool, resource, prompt and completion: what the
caller's persona may execute, with comments, arguments, results and everything a JSON Schema of their types
needs. source changes when the function does; watched are the tables of gateway.watched_tables.
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

-- object: functions/gateway/examine_business.sql
-- What the business says of its own data: the function doctor() of each of its schemas.
-- drop: DROP FUNCTION gateway.examine_business;
CREATE OR REPLACE FUNCTION gateway.examine_business()
RETURNS TABLE (subject text, ok boolean, finding text, hint text)
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_context CONSTANT text := concat_ws(
        '|', pg_backend_pid(), extract(epoch FROM transaction_timestamp()), current_user,
        '00000000-0000-0000-0000-000000000000',
        (SELECT coalesce(string_agg(t.tenant_id::text, ',' ORDER BY t.tenant_id), '') FROM gateway.tenants AS t)
    );
    v_before  CONSTANT text := coalesce(current_setting('storekeeper.context', true), '');
    v_mac     CONSTANT bytea := gateway.mac('context', v_context);
    v_schema  name;
BEGIN
    IF v_mac IS NULL THEN
        RETURN;  -- Without a key nobody sees a row, and all would seem well.
    END IF;
    PERFORM set_config('storekeeper.context', encode(v_mac, 'hex') || '|' || v_context, true);
    FOR v_schema IN
        SELECT n.nspname
        FROM pg_proc AS p
        JOIN pg_namespace AS n ON n.oid = p.pronamespace
        WHERE p.proname = 'doctor'
          AND n.nspname <> 'gateway'
          AND p.proowner = 'storekeeper_owner'::regrole
          -- It can't write: not even through what it calls.
          AND p.provolatile <> 'v'
          AND p.prokind = 'f'
          AND p.proretset
          AND p.pronargs = 0
          AND p.proallargtypes = '{text,boolean,text,text}'::regtype[]::oid[]
          AND has_schema_privilege(n.oid, 'USAGE')
          AND has_function_privilege(p.oid, 'EXECUTE')
        ORDER BY n.nspname
    LOOP
        BEGIN
            RETURN QUERY EXECUTE format('SELECT d.* FROM %I.doctor() AS d', v_schema);
        EXCEPTION WHEN OTHERS THEN
            -- A look that fails is itself what is to be told.
            subject := v_schema || '.doctor';
            ok := false;
            finding := format('failed: %s (%s)', SQLERRM, SQLSTATE);
            hint := 'Mend the function, or what it looks at.';
            RETURN NEXT;
        END;
    END LOOP;
    PERFORM set_config('storekeeper.context', v_before, true);
END
$function$;

COMMENT ON FUNCTION gateway.examine_business IS $comment$
For gateway.doctor and gateway.health: the rows of each function <schema>.doctor() RETURNS TABLE (subject text,
ok boolean, finding text, hint text) outside gateway that storekeeper_owner owns. Write it STABLE, SECURITY INVOKER
and quick, for it is asked every few seconds, and grant storekeeper_definer EXECUTE on it. It runs as that role in a
context with every tenant: for a table with row security grant the role SELECT and add a policy FOR SELECT TO
storekeeper_definer USING (true). One that fails is a finding itself.
$comment$;
REVOKE ALL ON FUNCTION gateway.examine_business FROM PUBLIC;

-- object: functions/gateway/harden.sql
-- Takes from PUBLIC what free SQL must not reach, and gives it to those who are trusted.
-- drop: DROP FUNCTION gateway.harden;
CREATE OR REPLACE FUNCTION gateway.harden(strength text)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_own     CONSTANT boolean NOT NULL := coalesce(harden.strength = 'own', false);
    v_taken   text;
    v_left    text;
    v_what    text;
    v_from    text;
    v_to      text;
BEGIN
    IF harden.strength NOT IN ('own', 'shared', 'none') IS NOT FALSE THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = format('There is no strength %L.', harden.strength),
            HINT = 'own: a database for Storekeeper alone. shared: one that others use too. none: as PostgreSQL is.';
    ELSIF NOT (SELECT r.rolsuper FROM pg_roles AS r WHERE r.rolname = current_user) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK403',
            MESSAGE = 'Only a superuser can take rights on built-in functions from PUBLIC.',
            HINT = 'Where there is none: SELECT gateway.accept_exposures() serves free SQL as things are.';
    END IF;

    WITH restricted (function_oid, acting) AS (
        SELECT a.function_oid, true FROM gateway.acting_functions() AS a
        UNION ALL
        SELECT t.function_oid, false FROM gateway.telling_functions() AS t
    ),
    allowed AS (
        -- Not those that are a superuser's alone from the start.
        SELECT r.function_oid, harden.strength <> 'none' AND (r.acting OR v_own) AS taken
        FROM restricted AS r
        JOIN pg_proc AS p ON p.oid = r.function_oid
        WHERE EXISTS (
            SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS a
            WHERE a.grantee IN (0, 'storekeeper_trusted'::regrole) AND a.privilege_type = 'EXECUTE'
        )
    )
    SELECT
        string_agg(function_oid::regprocedure::text, ', ') FILTER (WHERE taken),
        string_agg(function_oid::regprocedure::text, ', ') FILTER (WHERE NOT taken)
    INTO v_taken, v_left
    FROM allowed;
    IF v_taken IS NOT NULL THEN
        -- In this order: the event trigger that runs after each statement needs some of them.
        EXECUTE 'GRANT EXECUTE ON FUNCTION ' || v_taken || ' TO storekeeper_trusted';
        EXECUTE 'REVOKE EXECUTE ON FUNCTION ' || v_taken || ' FROM PUBLIC';
    END IF;
    IF v_left IS NOT NULL THEN
        EXECUTE 'GRANT EXECUTE ON FUNCTION ' || v_left || ' TO PUBLIC';
        EXECUTE 'REVOKE EXECUTE ON FUNCTION ' || v_left || ' FROM storekeeper_trusted';
    END IF;
    -- What gateway.enter needs until it has taken the persona's role, and the clearing up after it.
    EXECUTE format(
        '%s EXECUTE ON FUNCTION set_config(text, text, boolean), current_setting(text, boolean),'
        ' pg_advisory_unlock_all() %s storekeeper_gateway',
        CASE WHEN harden.strength = 'none' THEN 'REVOKE' ELSE 'GRANT' END,
        CASE WHEN harden.strength = 'none' THEN 'FROM' ELSE 'TO' END
    );

    -- Given back only what an earlier call took: the DBA may have taken the rest for reasons of their own.
    IF v_own OR EXISTS (SELECT FROM gateway.hardening AS h WHERE h.strength = 'own') THEN
        v_from := CASE WHEN v_own THEN 'PUBLIC' ELSE 'storekeeper_trusted' END;
        v_to := CASE WHEN v_own THEN 'storekeeper_trusted' ELSE 'PUBLIC' END;
        FOR v_what IN
            SELECT 'SELECT ON ' || string_agg(c.oid::regclass::text, ', ')
            FROM pg_class AS c
            CROSS JOIN LATERAL aclexplode(c.relacl) AS a
            WHERE c.relnamespace IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
              AND a.privilege_type = 'SELECT'
              AND a.grantee = CASE WHEN v_own THEN 0 ELSE 'storekeeper_trusted'::regrole END
            HAVING count(*) > 0
            UNION ALL
            SELECT format('SELECT (%s) ON %s', string_agg(c.attname, ', '), c.attrelid::regclass)
            FROM pg_attribute AS c
            JOIN pg_class AS r ON r.oid = c.attrelid AND r.relnamespace = 'pg_catalog'::regnamespace
            CROSS JOIN LATERAL aclexplode(c.attacl) AS a
            WHERE a.privilege_type = 'SELECT'
              AND a.grantee = CASE WHEN v_own THEN 0 ELSE 'storekeeper_trusted'::regrole END
            GROUP BY c.attrelid
            UNION ALL
            SELECT format('TEMPORARY ON DATABASE %I', current_database())
            UNION ALL
            SELECT 'USAGE ON LANGUAGE sql, plpgsql'
        LOOP
            EXECUTE format('REVOKE %s FROM %s', v_what, v_from);
            EXECUTE format('GRANT %s TO %s', v_what, v_to);
        END LOOP;
    END IF;
    IF v_own THEN
        REVOKE CREATE ON SCHEMA public FROM PUBLIC;
    END IF;

    IF harden.strength = 'shared' THEN
        -- Whoever else works in this server keeps what PUBLIC had.
        SELECT string_agg(quote_ident(r.rolname), ', ') INTO v_to
        FROM pg_roles AS r
        WHERE NOT r.rolsuper
          AND r.rolname !~ '^(pg|storekeeper|sandbox)_'
          AND to_regrole(quote_ident('sandbox_' || r.rolname)) IS NULL;
        IF v_to IS NOT NULL THEN
            EXECUTE 'GRANT storekeeper_trusted TO ' || v_to || ' WITH INHERIT TRUE';
        END IF;
    END IF;
    EXECUTE format(
        'ALTER ROLE storekeeper_gateway IN DATABASE %I %s',
        current_database(),
        CASE WHEN harden.strength = 'none' THEN 'RESET temp_file_limit' ELSE 'SET temp_file_limit = ''1GB''' END
    );

    INSERT INTO gateway.hardening AS h (strength, dba)
    VALUES (nullif(harden.strength, 'none'), session_user)
    ON CONFLICT (one_row) DO UPDATE SET strength = excluded.strength, accepted = '{}', dba = excluded.dba, at = now();
END
$function$;

COMMENT ON FUNCTION gateway.harden IS $comment$
For a superuser. own: takes from PUBLIC, and gives to storekeeper_trusted, the built-in functions that act
or tell about others, the catalogs, temporary tables and languages. shared: only the functions that act,
and every other role of the server becomes storekeeper_trusted; one that is made later is granted it by
hand. none: gives all back. Safe to run again, and to be run again after an upgrade of PostgreSQL.
$comment$;
REVOKE ALL ON FUNCTION gateway.harden FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.harden TO storekeeper_dba;

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
        'findings', (
            SELECT coalesce(json_agg(json_build_object('subject', b.subject, 'ok', b.ok, 'finding', b.finding)), '[]')
            FROM gateway.examine_business() AS b
        )
    );
END
$function$;

COMMENT ON FUNCTION gateway.health IS $comment$
{database: {version, in_recovery, started_at}, migrations: {applied, newest}, record: {newest_seal, unsealed,
partitions_until}, findings: [{subject, ok, finding}]}. The findings are those of gateway.examine_business.
$comment$;
REVOKE ALL ON FUNCTION gateway.health FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.health TO storekeeper_gateway;

-- object: functions/gateway/keep.sql
-- How long a part of the record is kept.
-- drop: DROP FUNCTION gateway.keep;
CREATE OR REPLACE FUNCTION gateway.keep(what text, keep interval)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF keep.keep IS NULL OR keep.keep < interval '1 hour' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = format('keep is %s; an hour is the least.', coalesce(keep.keep::text, 'NULL')),
            HINT = 'For example: SELECT gateway.keep(''calls'', ''2 years'')';
    END IF;
    UPDATE gateway.retention AS r SET keep = keep.keep WHERE r.what = keep.what;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK404',
            MESSAGE = format('Nothing that is kept is named %s.', coalesce(keep.what, 'NULL')),
            HINT = 'calls, answers or changes.';
    END IF;
END
$function$;

COMMENT ON FUNCTION gateway.keep IS $comment$
For the DBA: how long gateway.maintain keeps calls (by whole months), answers of writes, or changes (what
servers ask before they answer from a cache). An hour is the least.
$comment$;
REVOKE ALL ON FUNCTION gateway.keep FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.keep TO storekeeper_dba;

-- object: functions/gateway/maintain.sql
-- Makes room in the record of calls, and drops what was kept for long enough.
-- drop: DROP FUNCTION gateway.maintain;
CREATE OR REPLACE FUNCTION gateway.maintain()
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
-- Who has to wait longer for a lock tries again the next time: calls are recorded meanwhile.
SET lock_timeout = '100ms'
AS $function$
DECLARE
    v_this   CONSTANT date := date_trunc('month', now() AT TIME ZONE 'UTC');
    v_oldest CONSTANT date NOT NULL := (
        SELECT date_trunc('month', (now() - r.keep) AT TIME ZONE 'UTC')
        FROM gateway.retention AS r
        WHERE r.what = 'calls'
    );
    v_month  date;
    v_name   name;
    v_old    name[];
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('storekeeper'), hashtext('maintain')) THEN
        RETURN;
    END IF;

    FOR v_month IN
        SELECT (v_this + n * interval '1 month')::date FROM generate_series(0, 2) AS n
        UNION
        SELECT date_trunc('month', c.at AT TIME ZONE 'UTC')::date
        FROM gateway.calls_default AS c
        WHERE c.at >= v_oldest::timestamp AT TIME ZONE 'UTC'
          AND c.at < (v_this + interval '3 months') AT TIME ZONE 'UTC'
        ORDER BY 1
    LOOP
        v_name := to_char(v_month, '"calls_"YYYY_MM');
        CONTINUE WHEN to_regclass('gateway.' || v_name) IS NOT NULL;
        BEGIN
            -- To attach a table lets others go on with gateway.calls, as PARTITION OF would not.
            LOCK TABLE gateway.calls_default IN ACCESS EXCLUSIVE MODE;
            EXECUTE format('CREATE TABLE gateway.%I (LIKE gateway.calls INCLUDING DEFAULTS)', v_name);
            EXECUTE format(
                'WITH moved AS ('
                'DELETE FROM gateway.calls_default AS c WHERE c.at >= %L AND c.at < %L RETURNING c.*'
                ') INSERT INTO gateway.%I SELECT * FROM moved',
                to_char(v_month, 'YYYY-MM-DD 00:00:00+00'),
                to_char(v_month + interval '1 month', 'YYYY-MM-DD 00:00:00+00'), v_name
            );
            EXECUTE format(
                'ALTER TABLE gateway.calls ATTACH PARTITION gateway.%I FOR VALUES FROM (%L) TO (%L)', v_name,
                to_char(v_month, 'YYYY-MM-DD 00:00:00+00'),
                to_char(v_month + interval '1 month', 'YYYY-MM-DD 00:00:00+00')
            );
        EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
            CONTINUE;
        END;
    END LOOP;

    SELECT array_agg(c.relname) INTO v_old
    FROM pg_inherits AS i
    JOIN pg_class AS c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'gateway.calls'::regclass
      AND c.relname ~ '^calls_\d{4}_\d{2}$'
      AND c.relname < to_char(v_oldest, '"calls_"YYYY_MM') COLLATE "C";
    IF (v_old IS NOT NULL OR EXISTS (
            SELECT FROM gateway.calls_default AS c WHERE c.at < v_oldest::timestamp AT TIME ZONE 'UTC'
        ))
        -- No seal is put on what goes.
        AND pg_try_advisory_xact_lock(hashtext('storekeeper'), hashtext('seals'))
    THEN
        BEGIN
            FOREACH v_name IN ARRAY coalesce(v_old, '{}') LOOP
                EXECUTE format('DROP TABLE gateway.%I', v_name);
            END LOOP;
            DELETE FROM gateway.calls_default AS c WHERE c.at < v_oldest::timestamp AT TIME ZONE 'UTC';
            UPDATE gateway.seals AS s
            SET pruned = true, row_digests = NULL
            WHERE s.month < v_oldest AND NOT s.pruned;
        EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
            NULL;
        END;
    END IF;

    IF to_regclass('gateway.answers') IS NOT NULL THEN
        EXECUTE 'DELETE FROM gateway.answers AS a USING gateway.retention AS r'
            ' WHERE r.what = ''answers'' AND a.at < now() - r.keep';
    END IF;

    WITH gone AS (
        DELETE FROM gateway.changes AS c USING gateway.retention AS r
        WHERE r.what = 'changes' AND c.at < now() - r.keep
        RETURNING c.xid
    ),
    newest AS (
        SELECT g.xid FROM gone AS g ORDER BY g.xid DESC LIMIT 1
    )
    UPDATE gateway.watermarks AS w
    SET xid = CASE WHEN w.xid > n.xid THEN w.xid ELSE n.xid END
    FROM newest AS n
    WHERE w.what = 'changes';
END
$function$;

COMMENT ON FUNCTION gateway.maintain IS $comment$
For the server, now and then: partitions of gateway.calls for this month and the next two, rows of
gateway.calls_default moved into theirs, and what is older than gateway.retention says dropped: whole
months of calls (their seals stay, pruned), answers, changes. Where a lock is not had at once it is left
for the next time. One at a time.
$comment$;
REVOKE ALL ON FUNCTION gateway.maintain FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.maintain TO storekeeper_gateway;

-- object: functions/gateway/normalise.sql
-- A statement without its literals, comments and superfluous white space.
-- drop: DROP FUNCTION gateway.normalise;
CREATE OR REPLACE FUNCTION gateway.normalise(statement text)
RETURNS text
LANGUAGE plpgsql
IMMUTABLE
STRICT
PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_text  CONSTANT text := left(normalise.statement, 8000);
    -- Where a string, a quoted name, a dollar quote or a comment begins.
    v_start CONSTANT text := '(?<![[:alnum:]_$])[eE]''|''|"|--|/\*|(?<![[:alnum:]_$])\$(?:[[:alpha:]_][[:alnum:]_]*)?\$';
    v_from  integer := 1;
    v_at    integer;
    v_end   integer;
    v_next  integer;
    v_depth integer;
    v_mark  text;
    v_plain text;
    v_out   text := '';
BEGIN
    LOOP
        v_at := regexp_instr(v_text, v_start, v_from);
        v_plain := substr(v_text, v_from, CASE WHEN v_at > 0 THEN v_at - v_from ELSE length(v_text) END);
        v_plain := regexp_replace(
            v_plain, '(?<![[:alnum:]_$.])(?:0[xX][[:xdigit:]_]+|0[oObB][0-7_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?)',
            '?', 'g'
        );
        v_plain := regexp_replace(v_plain, '\s+', ' ', 'g');
        v_out := v_out || CASE WHEN right(v_out, 1) IN (' ', '') THEN ltrim(v_plain) ELSE v_plain END;
        EXIT WHEN v_at = 0;

        v_mark := regexp_substr(v_text, v_start, v_at);
        CASE
            WHEN v_mark IN ('e''', 'E''') THEN
                v_end := regexp_instr(v_text, '''(?:[^''\\]|\\.|'''')*(?:''|\\?$)', v_at, 1, 1);
                v_out := v_out || '?';
            WHEN v_mark = '''' THEN
                v_end := regexp_instr(v_text, '''(?:[^'']|'''')*(?:''|$)', v_at, 1, 1);
                v_out := v_out || '?';
            WHEN v_mark = '"' THEN
                v_end := regexp_instr(v_text, '"(?:[^"]|"")*(?:"|$)', v_at, 1, 1);
                v_out := v_out || substr(v_text, v_at, v_end - v_at);
            WHEN v_mark = '--' THEN
                v_end := nullif(regexp_instr(v_text, '[\n\r]', v_at), 0);
                v_out := v_out || CASE WHEN right(v_out, 1) IN (' ', '') THEN '' ELSE ' ' END;
            WHEN v_mark = '/*' THEN
                v_depth := 1;
                v_end := v_at + 2;
                WHILE v_depth > 0 LOOP
                    v_next := regexp_instr(v_text, '/\*|\*/', v_end);
                    IF v_next = 0 THEN
                        v_end := NULL;
                        EXIT;
                    END IF;
                    v_depth := v_depth + CASE WHEN substr(v_text, v_next, 1) = '/' THEN 1 ELSE -1 END;
                    v_end := v_next + 2;
                END LOOP;
                v_out := v_out || CASE WHEN right(v_out, 1) IN (' ', '') THEN '' ELSE ' ' END;
            ELSE
                v_end := v_at + 2 * length(v_mark)
                    + nullif(strpos(substr(v_text, v_at + length(v_mark)), v_mark), 0) - 1;
                v_out := v_out || '?';
        END CASE;
        -- What does not end goes to the end of the text.
        EXIT WHEN coalesce(v_end, 0) = 0 OR v_end > length(v_text);
        v_from := v_end;
    END LOOP;
    v_out := regexp_replace(
        v_out, '(\mIN ?\(|\mARRAY ?\[) ?[-+]?\?(?: ?, ?[-+]?\?)* ?(?=[)\]])', '\1?', 'gi'
    );
    RETURN btrim(v_out, ' ;');
END
$function$;

COMMENT ON FUNCTION gateway.normalise IS $comment$
A statement in the form in which those that differ in their literals alone are one: strings, dollar quotes and
numbers become ?, lists of them in IN and ARRAY a single one, comments go, white space is squeezed. Names,
quoted ones too, stay as they are written. Of a longer one the first 8000 characters.
$comment$;
REVOKE ALL ON FUNCTION gateway.normalise FROM PUBLIC;

-- object: functions/gateway/note_change.sql
-- Notes that a table was changed, for answers that servers keep.
-- drop: DROP FUNCTION gateway.note_change;
CREATE OR REPLACE FUNCTION gateway.note_change()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_table CONSTANT text := TG_TABLE_SCHEMA || '.' || TG_TABLE_NAME;
    v_last  CONSTANT timestamptz := (
        SELECT c.at FROM gateway.changes AS c WHERE c.table_name = v_table ORDER BY c.xid DESC LIMIT 1
    );
BEGIN
    INSERT INTO gateway.changes (table_name, xid, at)
    VALUES (v_table, pg_current_xact_id(), clock_timestamp());
    -- Transactions that notify commit one after another, and nothing depends on the notice: one a
    -- second is enough.
    IF v_last > clock_timestamp() - interval '1 second' IS NOT TRUE THEN
        PERFORM pg_notify('storekeeper_changes', v_table);
    END IF;
    RETURN NULL;
END
$function$;

COMMENT ON FUNCTION gateway.note_change IS $comment$
Trigger function for tables that @cache tags name: a row in gateway.changes, and about once a second a notice
that lets servers forget early; whether an answer still holds they ask gateway.unchanged_since. On a table of yours: CREATE TRIGGER note_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE
ON … FOR EACH STATEMENT EXECUTE FUNCTION gateway.note_change().
$comment$;
REVOKE ALL ON FUNCTION gateway.note_change FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.note_change TO storekeeper_owner;

-- object: functions/gateway/notify_catalog.sql
-- Tells running servers that what is published has changed.
-- drop: DROP FUNCTION gateway.notify_catalog;
CREATE OR REPLACE FUNCTION gateway.notify_catalog()
RETURNS event_trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    NOTIFY storekeeper_catalog;
    -- No definition may fail because its change can't be noted.
    IF to_regclass('gateway.changes') IS NOT NULL THEN
        -- Once a transaction is enough for gateway.unchanged_since.
        INSERT INTO gateway.changes (table_name, xid, at)
        SELECT 'ddl', pg_current_xact_id(), clock_timestamp()
        WHERE NOT EXISTS (
            SELECT FROM gateway.changes AS c WHERE c.table_name = 'ddl' AND c.xid = pg_current_xact_id()
        );
    END IF;
END
$function$;

COMMENT ON FUNCTION gateway.notify_catalog IS $comment$
Event trigger function: NOTIFY storekeeper_catalog, on which servers load the catalog again, and a row in
gateway.changes, so that no answer from before is given after it.
$comment$;
REVOKE ALL ON FUNCTION gateway.notify_catalog FROM PUBLIC;

-- object: functions/gateway/once.sql
-- Begins a write that is to happen once, however often it is asked for.
-- drop: DROP FUNCTION gateway.once;
CREATE OR REPLACE FUNCTION gateway.once(tool text, key text, arguments jsonb)
RETURNS jsonb
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_principal_id uuid;
    v_digest       CONSTANT bytea := sha256(convert_to(coalesce(once.arguments, 'null')::text, 'UTF8'));
    v_known        gateway.answers;
BEGIN
    IF once.key IS NULL THEN
        RETURN NULL;
    END IF;
    v_principal_id := gateway.principal_id();
    IF v_principal_id IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK401',
            MESSAGE = 'Nobody is signed in, so nobody''s key can be kept.',
            HINT = 'Sign in; at psql: SELECT gateway.impersonate(''…'').';
    ELSIF length(once.key) NOT BETWEEN 1 AND 200 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = format('idempotency_key has %s characters.', length(once.key)),
            HINT = 'Give 1 to 200 characters that no other call uses, for example a UUID.';
    END IF;

    -- Waits for a call with this key that is under way, by the unique index.
    INSERT INTO gateway.answers (principal_id, tool, key, arguments_digest)
    VALUES (v_principal_id, once.tool, once.key, v_digest)
    ON CONFLICT DO NOTHING;
    IF FOUND THEN
        RETURN NULL;
    END IF;

    SELECT a.* INTO v_known
    FROM gateway.answers AS a
    WHERE (a.principal_id, a.tool, a.key) = (v_principal_id, once.tool, once.key);
    IF v_known.arguments_digest IS DISTINCT FROM v_digest THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK409',
            MESSAGE = format('idempotency_key %L was used for a call of %s with other arguments.', once.key, once.tool),
            HINT = 'Nothing was written now. A new call takes a new key; to repeat the earlier one, repeat its arguments.';
    ELSIF v_known.answer IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK409',
            MESSAGE = format('The call of %s with idempotency_key %L was done; its answer was not kept.', once.tool, once.key),
            HINT = 'Nothing was written now. Look at what the earlier call did before you write again.';
    END IF;
    RETURN v_known.answer;
END
$function$;

COMMENT ON FUNCTION gateway.once IS $comment$
For writing functions, first of all: NULL says do the work, then hand what you answer to gateway.answered with
the same tool and key. Anything else is the answer that this person's call with this key got, to be returned as
it is. Waits for a call with the same key that is under way. SK409 when the key was used with other arguments,
SK401 when nobody is signed in, SK400 for a key that is empty or longer than 200 characters. Without a key
(NULL) always NULL, and nothing is kept.
$comment$;
REVOKE ALL ON FUNCTION gateway.once FROM PUBLIC;

-- object: functions/gateway/performance.sql
-- Calls, errors, times and slow queries as one report.
-- drop: DROP FUNCTION gateway.performance;
CREATE OR REPLACE FUNCTION gateway.performance(
    since interval DEFAULT interval '24 hours',
    tool  text     DEFAULT NULL,
    slow  integer  DEFAULT 10
)
RETURNS json
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    -- The server's login can take the role of operators, but not be one whom nobody signed in.
    IF NOT has_function_privilege(gateway.persona(), 'gateway.performance(interval,text,integer)', 'EXECUTE') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK403',
            MESSAGE = format('%I may not see the figures of all calls.', gateway.persona()),
            HINT = 'Sign in as one of the operators.';
    END IF;
    RETURN (
        WITH
        call AS MATERIALIZED (
            SELECT
                c.at, c.tool, c.outcome, c.duration_ms, c.db_ms, c.row_count, c.retries, c.request_id, c.cached,
                c.statement, c.plan
            FROM gateway.calls AS c
            WHERE c.at > now() - performance.since
              AND c.at <= now()
              AND (performance.tool IS NULL OR c.tool = performance.tool)
        ),
        failure AS (
            SELECT e.tool, json_object_agg(e.outcome, e.errors ORDER BY e.errors DESC, e.outcome) AS by_code
            FROM (
                SELECT c.tool, c.outcome, count(*) AS errors
                FROM call AS c
                WHERE c.outcome <> 'ok'
                GROUP BY c.tool, c.outcome
            ) AS e
            GROUP BY e.tool
        ),
        figures AS (
            -- One row for each tool, and one for all.
            SELECT
                c.tool,
                grouping(c.tool) = 1 AS total,
                count(*) AS calls,
                count(*) FILTER (WHERE c.outcome <> 'ok') AS errors,
                count(*) FILTER (WHERE c.cached) AS cached,
                coalesce(sum(c.retries), 0) AS retries,
                percentile_cont('{0.5,0.95,0.99}'::double precision[]) WITHIN GROUP (ORDER BY c.duration_ms) AS ms,
                max(c.duration_ms) AS slowest,
                sum(c.db_ms) AS db,
                sum(sum(c.db_ms) FILTER (WHERE true)) OVER (PARTITION BY grouping(c.tool)) AS all_db,
                max(c.at) AS last_call
            FROM call AS c
            GROUP BY GROUPING SETS ((c.tool), ())
        ),
        query AS (
            SELECT q.*
            FROM (
                SELECT
                    c.*,
                    count(*) OVER (PARTITION BY c.statement) AS times,
                    row_number() OVER (PARTITION BY c.statement ORDER BY c.duration_ms DESC, c.at DESC) AS place
                FROM call AS c
                WHERE c.statement IS NOT NULL
            ) AS q
            WHERE q.place = 1
            ORDER BY q.duration_ms DESC, q.at DESC
            LIMIT greatest(performance.slow, 0)
        )
        SELECT json_build_object(
            'window', json_build_object(
                'from', to_char((now() - performance.since) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
                'to', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
                'hours', round((extract(epoch FROM performance.since) / 3600)::numeric, 1)
            ),
            'totals', (
                SELECT json_build_object(
                    'calls', f.calls, 'errors', f.errors, 'cached', f.cached, 'retries', f.retries,
                    'p50_ms', round(f.ms[1]::numeric, 1), 'p95_ms', round(f.ms[2]::numeric, 1),
                    'p99_ms', round(f.ms[3]::numeric, 1)
                )
                FROM figures AS f
                WHERE f.total
            ),
            'tools', coalesce((
                SELECT json_agg(json_build_object(
                    'tool', f.tool, 'calls', f.calls, 'errors', f.errors,
                    'errors_by_code', coalesce(e.by_code, '{}'),
                    'retries', f.retries, 'cached', f.cached,
                    'p50_ms', round(f.ms[1]::numeric, 1), 'p95_ms', round(f.ms[2]::numeric, 1),
                    'p99_ms', round(f.ms[3]::numeric, 1), 'slowest_ms', round(f.slowest::numeric, 1),
                    'db_share_percent', round((100 * f.db / nullif(f.all_db, 0))::numeric, 1),
                    'last_call', to_char(f.last_call AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
                ) ORDER BY f.calls DESC, f.tool)
                FROM figures AS f
                LEFT JOIN failure AS e USING (tool)
                WHERE NOT f.total
            ), '[]'),
            'slow_queries', coalesce((
                SELECT json_agg(json_build_object(
                    'at', to_char(q.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
                    'tool', q.tool, 'statement', q.statement, 'calls', q.times,
                    'duration_ms', round(q.duration_ms::numeric, 1), 'rows', q.row_count, 'outcome', q.outcome,
                    'request_id', q.request_id, 'plan', q.plan
                ) ORDER BY q.duration_ms DESC, q.at DESC)
                FROM query AS q
            ), '[]')
        )
    );
END
$function$;

COMMENT ON FUNCTION gateway.performance IS $comment$
{window, totals, tools, slow_queries} of the record of calls over a span, of one tool or of all. db_share_percent
is a tool's part of the time in which the database worked for all that are listed. slow_queries has the
slowest call of each normalised statement, and how many there were. Times of day are UTC.
$comment$;
REVOKE ALL ON FUNCTION gateway.performance FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.performance TO storekeeper_dba, storekeeper_auditor, operators;

-- object: functions/gateway/record_calls.sql
-- Writes down calls: a batch of them, or one in the transaction that it is about.
-- drop: DROP FUNCTION gateway.record_calls;
CREATE OR REPLACE FUNCTION gateway.record_calls(calls jsonb)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    -- Before the sequence gives out a number: gateway.seal_calls reckons with that.
    PERFORM pg_current_xact_id();
    INSERT INTO gateway.calls (
        at, tool, principal, outcome, sqlstate, duration_ms, db_ms, row_count, bytes, retries,
        request_id, trace_id, arguments, cached, server, statement, plan
    )
    SELECT
        c.at, c.tool, c.principal, c.outcome, c.sqlstate, c.duration_ms, c.db_ms, c.row_count, c.bytes,
        coalesce(c.retries, 0), c.request_id, c.trace_id,
        CASE
            WHEN octet_length(c.arguments::text) > 8192
            THEN jsonb_build_object('truncated', true, 'bytes', octet_length(c.arguments::text))
            ELSE nullif(c.arguments, 'null')
        END,
        coalesce(c.cached, false), c.server,
        CASE WHEN c.statement IS NOT NULL THEN gateway.normalise(c.statement) END,
        CASE WHEN c.plan IS NOT NULL THEN
            left(regexp_replace(c.plan, '''(?:[^'']|'''')*(?:''|$)', '?', 'g'), 16000)
        END
    FROM jsonb_to_recordset(record_calls.calls) AS c (
        at timestamptz, tool text, principal text, outcome text, sqlstate text, duration_ms double precision,
        db_ms double precision, row_count integer, bytes integer, retries integer, request_id text,
        trace_id text, arguments jsonb, cached boolean, server text, statement text, plan text
    );
END
$function$;

COMMENT ON FUNCTION gateway.record_calls IS $comment$
Adds calls to the record: an array of objects with the columns of gateway.calls but entry. at, tool, outcome,
duration_ms and request_id must be there. Statements lose their literals, plans their texts, and of
arguments beyond 8 kB only the size is kept. Rows are appended without any lock.
$comment$;
REVOKE ALL ON FUNCTION gateway.record_calls FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.record_calls TO storekeeper_gateway;

-- object: functions/gateway/run_id.sql
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

-- object: functions/gateway/seal_calls.sql
-- Seals the calls that were recorded since the last time.
-- drop: DROP FUNCTION gateway.seal_calls;
CREATE OR REPLACE FUNCTION gateway.seal_calls()
RETURNS TABLE (seal_id bigint, digest text, calls integer)
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
-- Entries become visible in another order than they were given out in. A number that is missing now may
-- still come, from a transaction that had it before this one looked. Each of those had its id before
-- its number (gateway.record_calls sees to that), hence one below the id that this transaction takes
-- after it has looked. Once no transaction below that id runs any more, the highest entry seen then,
-- and all before it, are settled: the watermark moves there, and only what is above it is looked at.
DECLARE
    v_most     CONSTANT integer := 10000;
    -- In a transaction that has its id already that id says nothing.
    v_fresh    CONSTANT boolean := pg_current_xact_id_if_assigned() IS NULL;
    v_oldest   xid8;
    v_mark     gateway.watermarks;
    v_gaps     int8multirange;
    v_seal     gateway.seals;
    v_previous bytea;
    v_batch    record;
    v_rows     integer := 0;
    v_seen     bigint;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('storekeeper'), hashtext('seals')) THEN
        RETURN;
    END IF;
    v_oldest := pg_snapshot_xmin(pg_current_snapshot());
    SELECT w.* INTO v_mark FROM gateway.watermarks AS w WHERE w.what = 'calls';
    v_gaps := gateway.unsealed();
    SELECT s.* INTO v_seal FROM gateway.seals AS s ORDER BY s.seal_id DESC LIMIT 1;

    FOR v_batch IN
        SELECT
            date_trunc('month', r.at AT TIME ZONE 'UTC')::date AS month,
            range_agg(int8range(r.entry, r.entry, '[]')) AS entries,
            count(*)::integer AS calls,
            max(r.entry) AS highest,
            sha256(string_agg(r.digest, '' ORDER BY r.entry, r.at)) AS rows_digest,
            string_agg(substr(r.digest, 1, 8), '' ORDER BY r.entry, r.at) AS row_digests
        FROM (
            -- Gap by gap, each by the index: the order alone would have the planner read all of it.
            SELECT c.entry, c.at, gateway.call_digest(c.call) AS digest
            FROM unnest(v_gaps) AS g (entries)
            CROSS JOIN LATERAL (
                SELECT w.entry, w.at, w AS call
                FROM gateway.calls AS w
                WHERE w.entry >= lower(g.entries) AND w.entry < coalesce(upper(g.entries), 9223372036854775807)
                ORDER BY w.entry
                LIMIT v_most
            ) AS c
            ORDER BY c.entry
            LIMIT v_most
        ) AS r
        GROUP BY date_trunc('month', r.at AT TIME ZONE 'UTC')
        ORDER BY min(r.entry)
    LOOP
        v_previous := v_seal.digest;
        v_seal.seal_id := coalesce(v_seal.seal_id, 0) + 1;
        v_seal.month := v_batch.month;
        v_seal.entries := v_batch.entries;
        v_seal.calls := v_batch.calls;
        v_seal.rows_digest := v_batch.rows_digest;
        v_seal.row_digests := v_batch.row_digests;
        v_seal.sealed_at := clock_timestamp();
        v_seal.pruned := false;
        v_seal.digest := gateway.seal_digest(v_previous, v_seal);
        INSERT INTO gateway.seals SELECT (v_seal).*;
        v_rows := v_rows + v_batch.calls;
        v_seen := greatest(v_seen, v_batch.highest);
        RETURN QUERY SELECT v_seal.seal_id, encode(v_seal.digest, 'hex'), v_seal.calls;
    END LOOP;

    IF v_oldest >= v_mark.xid AND (v_rows < v_most OR v_seen >= v_mark.high) THEN
        v_mark.entry := v_mark.high + 1;
        v_mark.high := NULL;
        v_mark.xid := NULL;
    ELSIF v_mark.xid IS NOT NULL OR v_seen IS NULL OR NOT v_fresh THEN
        RETURN;
    END IF;
    IF v_seen IS NOT NULL AND v_fresh THEN
        v_mark.high := v_seen;
        v_mark.xid := pg_current_xact_id();
    END IF;
    UPDATE gateway.watermarks AS w
    SET entry = v_mark.entry, high = v_mark.high, xid = v_mark.xid
    WHERE w.what = 'calls';
END
$function$;

COMMENT ON FUNCTION gateway.seal_calls IS $comment$
Puts the committed calls that no seal covers, 10,000 at most, under a seal for each month, and returns the
seals it made: none when there is nothing to seal, or when another transaction is at it. Nobody who
records a call waits for it. Whoever owns the tables can take away the newest seals together with their
calls, and only an outside witness shows it: therefore the server writes each digest to its log.
$comment$;
REVOKE ALL ON FUNCTION gateway.seal_calls FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.seal_calls TO storekeeper_gateway;

-- object: functions/gateway/seal_digest.sql
-- The digest that a seal must have, given that of the seal before it.
-- drop: DROP FUNCTION gateway.seal_digest;
CREATE OR REPLACE FUNCTION gateway.seal_digest(previous bytea, seal gateway.seals)
RETURNS bytea
LANGUAGE sql
STABLE
RETURN sha256(coalesce(previous, '') || (seal).rows_digest || convert_to(jsonb_build_array(
    (seal).seal_id, to_char((seal).month, 'YYYY-MM-DD'), (seal).entries::text, (seal).calls,
    extract(epoch FROM (seal).sealed_at)::text
)::text, 'UTF8'));

COMMENT ON FUNCTION gateway.seal_digest IS $comment$
SHA-256 over the digest of the seal before (nothing for the first), rows_digest, and a seal's number, month,
entries, count and time.
$comment$;
REVOKE ALL ON FUNCTION gateway.seal_digest FROM PUBLIC;

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
    v_id      uuid := CASE
        WHEN sign_context.principal ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN sign_context.principal
    END;
    v_person  gateway.principals;
    v_tenants text;
BEGIN
    SELECT p.* INTO v_person
    FROM gateway.principals AS p
    WHERE (p.principal_id = v_id OR lower(p.email) = lower(sign_context.principal)) AND p.active;
    IF NOT FOUND THEN
        RETURN;
    END IF;

    -- Apart: together they take several times as long, and this is done in each call.
    IF v_person.all_tenants THEN
        SELECT string_agg(t.tenant_id::text, ',' ORDER BY t.tenant_id) INTO v_tenants
        FROM gateway.tenants AS t;
    ELSE
        SELECT string_agg(t.tenant_id::text, ',' ORDER BY t.tenant_id) INTO v_tenants
        FROM gateway.principal_tenants AS t
        WHERE t.principal_id = v_person.principal_id;
    END IF;

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

-- object: functions/gateway/snapshot.sql
-- Which transactions the caller sees.
-- drop: DROP FUNCTION gateway.snapshot;
CREATE OR REPLACE FUNCTION gateway.snapshot()
RETURNS text
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    RETURN pg_current_snapshot()::text || '@' || gateway.run_id();
END
$function$;

COMMENT ON FUNCTION gateway.snapshot IS $comment$
The current snapshot and the run of the database, as text, for gateway.unchanged_since. Take it before the answer
is computed: what is committed between the two then counts as a change.
$comment$;
REVOKE ALL ON FUNCTION gateway.snapshot FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.snapshot TO storekeeper_gateway;

-- object: functions/gateway/stats.sql
DROP FUNCTION gateway.stats;
-- object: functions/gateway/stats.sql
-- Calls, errors and times by tool.
-- drop: DROP FUNCTION gateway.stats;
CREATE OR REPLACE FUNCTION gateway.stats(since interval DEFAULT interval '24 hours')
RETURNS TABLE (
    tool           text,
    calls          bigint,
    errors         bigint,
    p50_ms         numeric,
    p95_ms         numeric,
    p99_ms         numeric,
    slowest_ms     numeric,
    last_call      timestamptz,
    errors_by_code json,
    retries        bigint,
    cached         bigint
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
        max(c.at),
        (
            SELECT coalesce(json_object_agg(e.outcome, e.errors ORDER BY e.errors DESC, e.outcome), '{}')
            FROM (
                SELECT o.outcome, count(*) AS errors
                FROM unnest(array_agg(c.outcome) FILTER (WHERE c.outcome <> 'ok')) AS o (outcome)
                GROUP BY o.outcome
            ) AS e
        ),
        sum(c.retries),
        count(*) FILTER (WHERE c.cached)
    FROM gateway.calls AS c
    WHERE c.at > now() - stats.since
    GROUP BY c.tool
    ORDER BY count(*) DESC, c.tool
$function$;

COMMENT ON FUNCTION gateway.stats IS $comment$
Calls, errors and milliseconds by tool over the last 24 hours (or another span), of all servers.
$comment$;
REVOKE ALL ON FUNCTION gateway.stats FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.stats TO storekeeper_dba, storekeeper_auditor;

-- object: functions/gateway/unchanged_since.sql
-- Does an answer from then still hold?
-- drop: DROP FUNCTION gateway.unchanged_since;
CREATE OR REPLACE FUNCTION gateway.unchanged_since(snapshot text, tables text[])
RETURNS boolean
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_then pg_snapshot := split_part(unchanged_since.snapshot, '@', 1);
BEGIN
    RETURN coalesce(
        -- After a crash or a restore, ids that were handed out are handed out again.
        split_part(unchanged_since.snapshot, '@', 2) = gateway.run_id()
        AND NOT EXISTS (
            SELECT FROM gateway.watermarks AS w WHERE w.what = 'changes' AND w.xid >= pg_snapshot_xmin(v_then)
        )
        AND NOT EXISTS (
            SELECT
            FROM gateway.changes AS c
            WHERE c.table_name = ANY (
                    unchanged_since.tables
                    || '{ddl,gateway.personas,gateway.principals,gateway.principal_tenants,gateway.tenants}'::text[]
                )
              AND c.xid >= pg_snapshot_xmin(v_then)
              AND NOT pg_visible_in_snapshot(c.xid, v_then)
        ),
        false
    );
END
$function$;

COMMENT ON FUNCTION gateway.unchanged_since IS $comment$
True when everything that was committed to these tables (schema.table, with the trigger of gateway.note_change),
to the people and their rights, and to definitions was visible in that snapshot already. False also
when the snapshot is older than what gateway.retention keeps of changes.
$comment$;
REVOKE ALL ON FUNCTION gateway.unchanged_since FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.unchanged_since TO storekeeper_gateway;

-- object: functions/gateway/unsealed.sql
-- The entries for which a seal may still be wanting.
-- drop: DROP FUNCTION gateway.unsealed;
CREATE OR REPLACE FUNCTION gateway.unsealed()
RETURNS int8multirange
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT int8multirange(int8range(w.entry, NULL)) - coalesce(
        (SELECT range_agg(s.entries) FROM gateway.seals AS s WHERE upper(s.entries) > w.entry), '{}'
    )
    FROM (
        -- Without a watermark all is looked at.
        SELECT coalesce((SELECT m.entry FROM gateway.watermarks AS m WHERE m.what = 'calls'), 1) AS entry
    ) AS w
$function$;

COMMENT ON FUNCTION gateway.unsealed IS $comment$
From the watermark on, the entries that no seal covers: few ranges, the last without an end.
$comment$;
REVOKE ALL ON FUNCTION gateway.unsealed FROM PUBLIC;

-- object: functions/gateway/verify_calls.sql
-- Is the record of calls as it was sealed?
-- drop: DROP FUNCTION gateway.verify_calls;
CREATE OR REPLACE FUNCTION gateway.verify_calls()
RETURNS TABLE (seal_id bigint, month date, problem text)
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_seal   gateway.seals;
    v_next   bigint := 1;
    v_stored bytea;  -- the digest that the seal before bears
    v_proper bytea;  -- the one that it should bear
    v_digest bytea;
    v_calls  bigint;
    v_rows   bytea;
    v_named  boolean;
BEGIN
    FOR v_seal IN SELECT s.* FROM gateway.seals AS s ORDER BY s.seal_id LOOP
        seal_id := v_seal.seal_id;
        month := v_seal.month;

        -- The chain. Where a seal before is missing, nothing tells what this one should bear.
        v_digest := gateway.seal_digest(v_stored, v_seal);
        IF v_seal.seal_id <> v_next THEN
            problem := CASE
                WHEN v_seal.seal_id < v_next THEN format('a seal with number %s was added', v_seal.seal_id)
                WHEN v_seal.seal_id = v_next + 1 THEN format('seal %s was removed', v_next)
                ELSE format('seals %s to %s were removed', v_next, v_seal.seal_id - 1)
            END;
            RETURN NEXT;
            v_digest := v_seal.digest;
        ELSIF v_seal.digest IS DISTINCT FROM v_digest
              AND v_seal.digest IS DISTINCT FROM gateway.seal_digest(v_proper, v_seal) THEN
            problem := format('seal %s was altered, or stands where another was', v_seal.seal_id);
            RETURN NEXT;
        END IF;
        v_stored := v_seal.digest;
        v_proper := v_digest;
        v_next := v_seal.seal_id + 1;

        CONTINUE WHEN v_seal.pruned AND to_regclass(to_char(v_seal.month, '"gateway.calls_"YYYY_MM')) IS NULL;

        -- The calls
        SELECT count(*), sha256(coalesce(string_agg(gateway.call_digest(c), '' ORDER BY c.entry, c.at), ''))
        INTO v_calls, v_rows
        FROM unnest(v_seal.entries) AS e (entries)
        JOIN gateway.calls AS c ON c.entry >= lower(e.entries) AND c.entry < upper(e.entries);
        CONTINUE WHEN v_calls = v_seal.calls AND v_rows = v_seal.rows_digest;
        IF v_calls = 0 THEN
            problem := format('all %s calls were removed: entries %s', v_seal.calls, v_seal.entries);
            RETURN NEXT;
            CONTINUE;
        END IF;
        v_named := false;
        FOR problem IN
            SELECT
                CASE
                    WHEN f.entry IS NULL THEN format('the call with entry %s was removed', s.entry)
                    WHEN f.copy > 1 THEN format('call %s was added with entry %s of another', f.request_id, f.entry)
                    ELSE format('call %s, entry %s, was altered', f.request_id, f.entry)
                END
            FROM (
                SELECT n.entry, substr(v_seal.row_digests, (8 * row_number() OVER (ORDER BY n.entry) - 7)::integer, 8) AS digest
                FROM unnest(v_seal.entries) AS e (entries)
                CROSS JOIN generate_series(lower(e.entries), upper(e.entries) - 1) AS n (entry)
            ) AS s
            LEFT JOIN LATERAL (
                SELECT c.entry, c.request_id, substr(gateway.call_digest(c), 1, 8) AS digest,
                    row_number() OVER (ORDER BY substr(gateway.call_digest(c), 1, 8) = s.digest DESC) AS copy
                FROM gateway.calls AS c
                WHERE c.entry = s.entry
            ) AS f ON true
            WHERE f.entry IS NULL OR f.copy > 1 OR f.digest IS DISTINCT FROM s.digest
            ORDER BY s.entry
            LIMIT 1000
        LOOP
            v_named := true;
            RETURN NEXT;
        END LOOP;
        IF NOT v_named THEN
            problem := format('the calls of seal %s are not those that it was put on', v_seal.seal_id);
            RETURN NEXT;
        END IF;
    END LOOP;

    -- Under no seal
    seal_id := NULL;
    FOR month, problem IN
        SELECT
            date_trunc('month', c.at AT TIME ZONE 'UTC')::date,
            CASE
                WHEN c.entry < w.entry THEN
                    'the record has moved on, and under no seal '
                        || CASE
                            WHEN count(*) = 1 THEN format('is call %s, entry %s', min(c.request_id), min(c.entry))
                            ELSE format('are %s calls, entries %s to %s', count(*), min(c.entry), max(c.entry))
                        END
                        || ': put in past the server, or its seal was removed'
                ELSE format(
                    'calls older than an hour are under no seal: %s, entries %s to %s; no server seals them, or they were '
                        || 'put in past the server', count(*), min(c.entry), max(c.entry)
                )
            END
        FROM (
            SELECT coalesce((SELECT m.entry FROM gateway.watermarks AS m WHERE m.what = 'calls'), 1) AS entry
        ) AS w
        CROSS JOIN LATERAL unnest(
            '{(,)}'::int8multirange - coalesce((SELECT range_agg(s.entries) FROM gateway.seals AS s), '{}')
        ) AS g (entries)
        JOIN gateway.calls AS c
            ON c.entry >= coalesce(lower(g.entries), -9223372036854775808)
           AND c.entry < coalesce(upper(g.entries), 9223372036854775807)
        WHERE c.entry < w.entry OR c.at < now() - interval '1 hour'
        GROUP BY
            date_trunc('month', c.at AT TIME ZONE 'UTC'), c.entry < w.entry, w.entry,
            CASE WHEN c.entry < w.entry THEN g.entries END
        ORDER BY min(c.entry)
    LOOP
        RETURN NEXT;
    END LOOP;
END
$function$;

COMMENT ON FUNCTION gateway.verify_calls IS $comment$
No row when every call is as it was sealed; otherwise one for each call or seal that was altered, removed or
added, and one for calls older than an hour that are under no seal. Reads the whole record. Seals of
months that retention dropped count as links of the chain only. That the newest seals are missing
together with their calls is seen by the digests in the servers' logs alone: compare the last one.
$comment$;
REVOKE ALL ON FUNCTION gateway.verify_calls FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.verify_calls TO storekeeper_auditor, storekeeper_dba;

-- object: functions/gateway/watched_tables.sql
-- The tables of which every change is noted.
-- drop: DROP FUNCTION gateway.watched_tables;
CREATE OR REPLACE FUNCTION gateway.watched_tables()
RETURNS text[]
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT coalesce(array_agg(w.name ORDER BY w.name), '{}')
    FROM (
        SELECT n.nspname || '.' || c.relname AS name
        FROM pg_trigger AS t
        JOIN pg_class AS c ON c.oid = t.tgrelid
        JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE t.tgfoid = 'gateway.note_change'::regproc
          AND t.tgenabled IN ('O', 'A')
          -- After each statement, whatever it is about: neither FOR EACH ROW (1), BEFORE (2) nor OF columns.
          AND t.tgtype & 3 = 0
          AND cardinality(t.tgattr::smallint[]) = 0
        GROUP BY n.nspname, c.relname
        -- INSERT, DELETE, UPDATE and TRUNCATE
        HAVING bit_or(t.tgtype) & 60 = 60
    ) AS w
$function$;

COMMENT ON FUNCTION gateway.watched_tables IS $comment$
Tables (schema.table) with the trigger of gateway.note_change after insert, update, delete and truncate: those
that a @cache tag may name.
$comment$;
REVOKE ALL ON FUNCTION gateway.watched_tables FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.watched_tables TO storekeeper_gateway;

-- object: functions/tool/performance_summary.sql
-- How the tools did, for those who run the database.
-- drop: SET LOCAL ROLE storekeeper_owner;
-- drop: DROP FUNCTION tool.performance_summary;
-- drop: SET LOCAL ROLE storekeeper_definer;
-- What is published belongs to storekeeper_owner, here too.
SET LOCAL ROLE storekeeper_owner;
CREATE OR REPLACE FUNCTION tool.performance_summary(
    hours     gateway.hours       DEFAULT 24,
    tool_name text                DEFAULT NULL,
    max_slow  gateway.query_count DEFAULT 10
)
RETURNS json
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT gateway.performance(
        make_interval(hours => performance_summary.hours), performance_summary.tool_name, performance_summary.max_slow
    )
$function$;

COMMENT ON FUNCTION tool.performance_summary IS $comment$
How the tools did over the last hours: calls, errors by code, cached answers, retries, milliseconds (median, 95th and
99th percentile), each tool's share of the database's work, and the slowest queries with their plans. Of all people
and servers. Call it when answers are slow or fail. No arguments and no tenant's rows are in it.
@title Performance summary
@param hours      Hours back from now; the default is a day, the most 31 days.
@param tool_name  One tool by its name; left out, all of them.
@param max_slow   How many slow queries to list, 0 to 100. Each stands for all with the same text but for literals.
@return window        From when to when, UTC.
@return totals        Figures over all calls.
@return tools         One object for each tool, the most called first.
@return slow_queries  The slowest call of each statement first; calls says how often it was slow.
@example performance_summary(hours = 1)
$comment$;
REVOKE ALL ON FUNCTION tool.performance_summary FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tool.performance_summary TO operators, storekeeper_dba;
SET LOCAL ROLE storekeeper_definer;

-- object: triggers/personas.sql
-- What a persona may do decides its answers.
-- drop: DROP TRIGGER note_change ON gateway.personas;
CREATE OR REPLACE TRIGGER note_change
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON gateway.personas
    FOR EACH STATEMENT EXECUTE FUNCTION gateway.note_change();
COMMENT ON TRIGGER note_change ON gateway.personas IS 'Answers that servers keep from before no longer hold.';

-- object: triggers/principal_tenants.sql
-- Whose rows a person may see decides their answers.
-- drop: DROP TRIGGER note_change ON gateway.principal_tenants;
CREATE OR REPLACE TRIGGER note_change
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON gateway.principal_tenants
    FOR EACH STATEMENT EXECUTE FUNCTION gateway.note_change();
COMMENT ON TRIGGER note_change ON gateway.principal_tenants IS 'Answers that servers keep from before no longer hold.';

-- object: triggers/principals.sql
-- Who may call, and as what, decides each answer.
-- drop: DROP TRIGGER note_change ON gateway.principals;
CREATE OR REPLACE TRIGGER note_change
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON gateway.principals
    FOR EACH STATEMENT EXECUTE FUNCTION gateway.note_change();
COMMENT ON TRIGGER note_change ON gateway.principals IS 'Answers that servers keep from before no longer hold.';

-- object: triggers/tenants.sql
-- Whose rows a person may see decides their answers.
-- drop: DROP TRIGGER note_change ON gateway.tenants;
CREATE OR REPLACE TRIGGER note_change
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON gateway.tenants
    FOR EACH STATEMENT EXECUTE FUNCTION gateway.note_change();
COMMENT ON TRIGGER note_change ON gateway.tenants IS 'Answers that servers keep from before no longer hold.';

-- end of objects
NOTIFY storekeeper_catalog;
