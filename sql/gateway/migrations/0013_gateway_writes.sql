-- writes: written by storekeeper ship from the object files named below.
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
          AND p.provolatile <> 'v'
          AND p.pronargs = 0
          AND p.proallargtypes = ARRAY['text', 'boolean', 'text', 'text']::regtype[]::oid[]
          AND has_function_privilege(p.oid, 'EXECUTE')
        ORDER BY n.nspname
    LOOP
        RETURN QUERY EXECUTE format('SELECT d.* FROM %I.doctor() AS d', v_schema);
    END LOOP;
    PERFORM set_config('storekeeper.context', v_before, true);
END
$function$;

COMMENT ON FUNCTION gateway.examine_business IS $comment$
For gateway.doctor: the rows of each function doctor() RETURNS TABLE (text, boolean, text, text) that
storekeeper_owner owns and storekeeper_definer may execute. It runs as storekeeper_definer, within row security,
with a context signed for every tenant.
$comment$;
REVOKE ALL ON FUNCTION gateway.examine_business FROM PUBLIC;

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

-- end of objects
NOTIFY storekeeper_catalog;
