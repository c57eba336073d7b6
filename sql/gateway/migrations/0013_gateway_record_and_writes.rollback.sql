-- record and writes: written by storekeeper ship from the object files named below.

SET LOCAL ROLE storekeeper_definer;
SET LOCAL check_function_bodies = off;

-- object: triggers/tenants.sql
DROP TRIGGER note_change ON gateway.tenants;

-- object: triggers/principals.sql
DROP TRIGGER note_change ON gateway.principals;

-- object: triggers/principal_tenants.sql
DROP TRIGGER note_change ON gateway.principal_tenants;

-- object: triggers/personas.sql
DROP TRIGGER note_change ON gateway.personas;

-- object: functions/tool/performance_summary.sql
SET LOCAL ROLE storekeeper_owner;
DROP FUNCTION tool.performance_summary;
SET LOCAL ROLE storekeeper_definer;

-- object: functions/gateway/watched_tables.sql
DROP FUNCTION gateway.watched_tables;

-- object: functions/gateway/verify_calls.sql
DROP FUNCTION gateway.verify_calls;

-- object: functions/gateway/unsealed.sql
DROP FUNCTION gateway.unsealed;

-- object: functions/gateway/unchanged_since.sql
DROP FUNCTION gateway.unchanged_since;

-- object: functions/gateway/stats.sql
DROP FUNCTION gateway.stats;
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

-- object: functions/gateway/snapshot.sql
DROP FUNCTION gateway.snapshot;

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

-- object: functions/gateway/seal_digest.sql
DROP FUNCTION gateway.seal_digest;

-- object: functions/gateway/seal_calls.sql
DROP FUNCTION gateway.seal_calls;

-- object: functions/gateway/run_id.sql
DROP FUNCTION gateway.run_id;

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

-- object: functions/gateway/performance.sql
DROP FUNCTION gateway.performance;

-- object: functions/gateway/once.sql
DROP FUNCTION gateway.once;

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

-- object: functions/gateway/note_change.sql
DROP FUNCTION gateway.note_change;

-- object: functions/gateway/normalise.sql
DROP FUNCTION gateway.normalise;

-- object: functions/gateway/maintain.sql
DROP FUNCTION gateway.maintain;

-- object: functions/gateway/keep.sql
DROP FUNCTION gateway.keep;

-- object: functions/gateway/health.sql
DROP FUNCTION gateway.health;

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
        EXECUTE 'REVOKE EXECUTE ON FUNCTION ' || v_taken || ' FROM PUBLIC';
        EXECUTE 'GRANT EXECUTE ON FUNCTION ' || v_taken || ' TO storekeeper_trusted';
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

-- object: functions/gateway/examine_business.sql
DROP FUNCTION gateway.examine_business;

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
{instructions, who, functions: […], types: {oid: …}} of tool, resource, prompt and completion: what the caller's persona may
execute, with comments, arguments, results and everything a JSON Schema of their types needs.
$comment$;
REVOKE ALL ON FUNCTION gateway.catalog FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.catalog TO storekeeper_dba;

-- object: functions/gateway/call_digest.sql
DROP FUNCTION gateway.call_digest;

-- object: functions/gateway/applied_migrations.sql
DROP FUNCTION gateway.applied_migrations;

-- object: functions/gateway/answered.sql
DROP FUNCTION gateway.answered;

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
        'GRANT EXECUTE ON FUNCTION gateway.admit_free_query, gateway.catalog, gateway.describe_table,'
        ' gateway.free_query, gateway.persona, gateway.principal_id, gateway.progress, gateway.tenant_ids,'
        ' gateway.visible_tables, gateway.who TO %I', add_persona.role
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

-- end of objects
NOTIFY storekeeper_catalog;
