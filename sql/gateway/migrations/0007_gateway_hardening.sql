-- hardening: written by storekeeper ship from the object files named below.
-- depends: 0006_hardening

SET LOCAL ROLE storekeeper_definer;
SET LOCAL check_function_bodies = off;

-- object: functions/gateway/accept_exposures.sql
-- The DBA's word that free SQL is to be served although it can act.
-- drop: DROP FUNCTION gateway.accept_exposures;
CREATE OR REPLACE FUNCTION gateway.accept_exposures()
RETURNS text[]
LANGUAGE sql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
    INSERT INTO gateway.hardening AS h (accepted, dba)
    SELECT coalesce(array_agg(DISTINCT e.family ORDER BY e.family), '{}'), session_user
    FROM gateway.personas AS n
    CROSS JOIN gateway.exposures(n.role) AS e
    WHERE e.acting
    ON CONFLICT (one_row) DO UPDATE SET accepted = excluded.accepted, dba = excluded.dba, at = now()
    RETURNING h.accepted
$function$;

COMMENT ON FUNCTION gateway.accept_exposures IS $comment$
For a database that gateway.harden can't change, a managed one without superuser: free SQL is served all
the same. Returns the families of functions that it reaches. No tenant's rows are among it.
$comment$;
REVOKE ALL ON FUNCTION gateway.accept_exposures FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.accept_exposures TO storekeeper_dba;

-- object: functions/gateway/acting_functions.sql
-- The built-in functions with which free SQL could act on more than its own answer.
-- drop: DROP FUNCTION gateway.acting_functions;
CREATE OR REPLACE FUNCTION gateway.acting_functions()
RETURNS TABLE (function_oid oid, family text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT p.oid, f.family
    FROM (
        VALUES ('settings', '{set_config, setseed}'::name[]),
               ('locks', '{
                    pg_advisory_lock, pg_advisory_lock_shared, pg_advisory_unlock, pg_advisory_unlock_all,
                    pg_advisory_unlock_shared, pg_advisory_xact_lock, pg_advisory_xact_lock_shared,
                    pg_try_advisory_lock, pg_try_advisory_lock_shared, pg_try_advisory_xact_lock,
                    pg_try_advisory_xact_lock_shared}'),
               ('notifications', '{pg_notify}'),
               ('signals', '{pg_cancel_backend, pg_terminate_backend}'),
               ('transactions', '{pg_current_xact_id, pg_export_snapshot, txid_current}'),
               ('replication', '{
                    pg_copy_logical_replication_slot, pg_copy_physical_replication_slot,
                    pg_create_logical_replication_slot, pg_create_physical_replication_slot,
                    pg_drop_replication_slot, pg_logical_emit_message, pg_logical_slot_get_binary_changes,
                    pg_logical_slot_get_changes, pg_logical_slot_peek_binary_changes,
                    pg_logical_slot_peek_changes, pg_replication_slot_advance, pg_sync_replication_slots}'),
               ('large objects', '{
                    lo_close, lo_creat, lo_create, lo_from_bytea, lo_get, lo_lseek, lo_lseek64, lo_open,
                    lo_put, lo_tell, lo_tell64, lo_truncate, lo_truncate64, lo_unlink, loread, lowrite}'),
               ('SQL text', '{
                    cursor_to_xml, cursor_to_xmlschema, database_to_xml, database_to_xml_and_xmlschema,
                    database_to_xmlschema, query_to_xml, query_to_xml_and_xmlschema, query_to_xmlschema,
                    schema_to_xml, schema_to_xml_and_xmlschema, schema_to_xmlschema, table_to_xml,
                    table_to_xml_and_xmlschema, table_to_xmlschema, ts_rewrite, ts_stat}')
    ) AS f (family, names)
    JOIN pg_proc AS p ON p.proname = ANY (f.names)
    WHERE p.pronamespace = 'pg_catalog'::regnamespace
      -- ts_rewrite(query, target, substitute) runs no SQL.
      AND NOT (p.proname = 'ts_rewrite' AND p.pronargs = 3)
$function$;

COMMENT ON FUNCTION gateway.acting_functions IS $comment$
Built-in functions by family that change settings, lock, notify, signal, take transaction ids, write the
log, keep large objects, or run SQL texts. No free SQL is served while it could call them.
$comment$;
REVOKE ALL ON FUNCTION gateway.acting_functions FROM PUBLIC;

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

-- object: functions/gateway/admit_free_query.sql
-- Whether free SQL may run now; from here on the transaction, or its savepoint, only reads.
-- drop: DROP FUNCTION gateway.admit_free_query;
CREATE OR REPLACE FUNCTION gateway.admit_free_query(persona name)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_slot    CONSTANT text := 'storekeeper free SQL of ' || coalesce((gateway.identity()).principal_id::text, 'nobody');
    v_sandbox CONSTANT oid := to_regrole(quote_ident('sandbox_' || admit_free_query.persona));
    v_exposed text;
BEGIN
    IF v_sandbox IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK401',
            MESSAGE = format('Free SQL runs as a persona, which %I is not.', admit_free_query.persona),
            HINT = 'At psql: BEGIN; SELECT gateway.impersonate(''e-mail or id'');';
    END IF;
    SELECT string_agg(DISTINCT a.family, ', ') INTO v_exposed
    FROM gateway.acting_functions() AS a
    WHERE has_function_privilege(v_sandbox, a.function_oid, 'EXECUTE')
      AND NOT EXISTS (SELECT FROM gateway.hardening AS h WHERE a.family = ANY (h.accepted));
    IF v_exposed IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK403',
            MESSAGE = format('Free SQL is not served: it could reach %s.', v_exposed),
            HINT = 'The DBA runs storekeeper harden own, or shared where others use the database too.';
    END IF;

    -- Two at a time; who comes third waits as long as lock_timeout says.
    IF NOT pg_try_advisory_xact_lock(hashtextextended(v_slot, 1)) THEN
        BEGIN
            PERFORM pg_advisory_xact_lock(hashtextextended(v_slot, 2));
        EXCEPTION WHEN lock_not_available THEN
            RAISE EXCEPTION USING
                ERRCODE = 'SK429',
                MESSAGE = 'Two queries of yours are running already.',
                HINT = 'Wait for one of them to end, then try again.';
        END;
    END IF;
    PERFORM set_config('transaction_read_only', 'on', true);
END
$function$;

COMMENT ON FUNCTION gateway.admit_free_query IS $comment$
Fails with SK403 while the persona's sandbox can reach built-in functions that act (gateway.harden) and with
SK429 when two free queries of the caller run already; otherwise makes the transaction read only.
$comment$;
REVOKE ALL ON FUNCTION gateway.admit_free_query FROM PUBLIC;

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

-- object: functions/gateway/describe_table.sql
-- One table as whoever writes SQL needs to know it.
-- drop: DROP FUNCTION gateway.describe_table;
CREATE OR REPLACE FUNCTION gateway.describe_table(table_oid oid, names json DEFAULT NULL)
RETURNS json
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_reader CONSTANT name := gateway.persona();
    -- Not of a table with row security: the estimate counts other people's rows.
    v_rows   CONSTANT bigint := (
        SELECT nullif(c.reltuples, -1)::bigint
        FROM pg_class AS c
        WHERE c.oid = describe_table.table_oid AND c.relkind <> 'v' AND NOT c.relrowsecurity
    );
BEGIN
    RETURN (
        SELECT json_strip_nulls(json_build_object(
            'table', c.relname,
            'description', obj_description(c.oid, 'pg_class'),
            'approximate_rows', v_rows,
            'columns', (
                SELECT json_agg(json_build_object(
                    'name', a.attname,
                    'type', format_type(a.atttypid, a.atttypmod),
                    'nullable', NOT a.attnotnull,
                    'description', col_description(a.attrelid, a.attnum),
                    'values', coalesce(
                        CASE WHEN a.attname = 'name' THEN describe_table.names END,
                        (
                            SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder)
                            FROM pg_enum AS e
                            WHERE e.enumtypid = a.atttypid
                        ),
                        -- CHECK (column IN (…)) is stored as column = ANY (ARRAY['…'::type, …]).
                        (
                            SELECT json_agg(replace(v.quoted[1], '''''', '''') ORDER BY v.n)
                            FROM pg_constraint AS k
                            CROSS JOIN LATERAL regexp_matches(
                                pg_get_constraintdef(k.oid), '''((?:[^'']|'''')*)''::', 'g'
                            ) WITH ORDINALITY AS v (quoted, n)
                            WHERE k.conrelid = a.attrelid
                              AND k.contype = 'c'
                              AND k.conkey = ARRAY[a.attnum]
                              AND pg_get_constraintdef(k.oid) ~ '= ANY'
                        )
                    )
                ) ORDER BY a.attnum)
                FROM pg_attribute AS a
                WHERE a.attrelid = c.oid
                  AND a.attnum > 0
                  AND NOT a.attisdropped
                  AND has_column_privilege(v_reader, c.oid, a.attnum, 'SELECT')
            ),
            'primary_key', (
                SELECT gateway.key_columns(k.conrelid, k.conkey)
                FROM pg_constraint AS k
                WHERE k.conrelid = c.oid AND k.contype = 'p'
            ),
            'foreign_keys', (
                SELECT json_agg(format(
                    '%s REFERENCES %s %s', gateway.key_columns(k.conrelid, k.conkey),
                    r.relname, gateway.key_columns(k.confrelid, k.confkey)
                ) ORDER BY k.conname)
                FROM pg_constraint AS k
                JOIN pg_class AS r ON r.oid = k.confrelid AND has_any_column_privilege(v_reader, r.oid, 'SELECT')
                WHERE k.conrelid = c.oid AND k.contype = 'f'
            ),
            'referenced_by', (
                SELECT json_agg(format(
                    '%s %s', r.relname, gateway.key_columns(k.conrelid, k.conkey)
                ) ORDER BY k.conname)
                FROM pg_constraint AS k
                JOIN pg_class AS r ON r.oid = k.conrelid AND has_any_column_privilege(v_reader, r.oid, 'SELECT')
                WHERE k.confrelid = c.oid AND k.contype = 'f'
            )
        ))
        FROM pg_class AS c
        WHERE c.oid = describe_table.table_oid AND has_any_column_privilege(v_reader, c.oid, 'SELECT')
    );
END
$function$;

COMMENT ON FUNCTION gateway.describe_table IS $comment$
{table, description, approximate_rows, columns: [{name, type, nullable, description, values}],
primary_key, foreign_keys, referenced_by} of a table, as far as the caller may read it. names: what its rows are
called, the values of column name.
$comment$;
REVOKE ALL ON FUNCTION gateway.describe_table FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.describe_table TO storekeeper_owner, storekeeper_dba;

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

-- object: functions/gateway/explain_query.sql
-- The plan of a query, without the planner's figures, which count everybody's rows.
-- drop: DROP FUNCTION gateway.explain_query;
CREATE OR REPLACE FUNCTION gateway.explain_query(query text)
RETURNS SETOF text
LANGUAGE plpgsql
VOLATILE
AS $function$
-- VOLATILE because PostgreSQL lets no other function EXPLAIN. The search path is the sandbox's.
DECLARE
    v_line text;
BEGIN
    PERFORM guard.check_query(explain_query.query);
    -- A loop takes one statement only. After these options no other can follow, ANALYZE neither.
    FOR v_line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || explain_query.query LOOP
        RETURN NEXT v_line;
    END LOOP;
END
$function$;

COMMENT ON FUNCTION gateway.explain_query IS $comment$
The lines of EXPLAIN (COSTS OFF) for one statement. Only the sandbox functions call it.
$comment$;
REVOKE ALL ON FUNCTION gateway.explain_query FROM PUBLIC;

-- object: functions/gateway/exposures.sql
-- What free SQL of a persona could reach that a hardened database keeps from it.
-- drop: DROP FUNCTION gateway.exposures;
CREATE OR REPLACE FUNCTION gateway.exposures(persona name)
RETURNS TABLE (family text, acting boolean, what text[])
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
    WITH sandbox AS (
        SELECT to_regrole(quote_ident('sandbox_' || exposures.persona))::oid AS role
    ),
    exposed (family, acting, what) AS (
        SELECT a.family, true, p.proname::text
        FROM sandbox AS s, gateway.acting_functions() AS a
        JOIN pg_proc AS p ON p.oid = a.function_oid
        WHERE has_function_privilege(s.role, a.function_oid, 'EXECUTE')
        UNION ALL
        SELECT t.family, false, p.proname::text
        FROM sandbox AS s, gateway.telling_functions() AS t
        JOIN pg_proc AS p ON p.oid = t.function_oid
        WHERE has_function_privilege(s.role, t.function_oid, 'EXECUTE')
        UNION ALL
        SELECT 'catalog', false, c.relname::text
        FROM sandbox AS s, pg_class AS c
        WHERE c.relnamespace IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
          AND c.relkind IN ('r', 'v')
          AND has_any_column_privilege(s.role, c.oid, 'SELECT')
        UNION ALL
        SELECT 'temporary tables', false, d.datname::text
        FROM sandbox AS s, pg_database AS d
        WHERE d.datname = current_database() AND has_database_privilege(s.role, d.oid, 'TEMP')
        UNION ALL
        SELECT 'languages', false, l.lanname::text
        FROM sandbox AS s, pg_language AS l
        WHERE l.lanpltrusted AND has_language_privilege(s.role, l.oid, 'USAGE')
        UNION ALL
        SELECT 'creating', false, n.nspname::text
        FROM sandbox AS s, pg_namespace AS n
        WHERE has_schema_privilege(s.role, n.oid, 'CREATE') AND n.nspname !~ '^pg_(toast_)?temp_'
    )
    SELECT e.family, e.acting, array_agg(DISTINCT e.what ORDER BY e.what)
    FROM exposed AS e
    GROUP BY e.family, e.acting
$function$;

COMMENT ON FUNCTION gateway.exposures IS $comment$
By family, what the sandbox role of a persona holds and gateway.harden would take from it. acting: no free
SQL is served with it, unless the DBA has accepted it.
$comment$;
REVOKE ALL ON FUNCTION gateway.exposures FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.exposures TO storekeeper_dba;

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
    -- The savepoint that EXCEPTION makes bounds READ ONLY: whoever calls this may go on to write.
    BEGIN
        PERFORM gateway.admit_free_query(current_user);
        EXECUTE format('SELECT sandbox.%I($1, $2, $3)', 'run_' || current_user)
            INTO v_result
            USING free_query.query, coalesce(free_query.max_rows, 100), coalesce(free_query.max_bytes, 262144);
    EXCEPTION WHEN SQLSTATE 'SK002' THEN
        NULL;  -- raised by nobody
    END;
    RETURN v_result;
END
$function$;

COMMENT ON FUNCTION gateway.free_query IS $comment$
For a tool of your own that offers free SQL: runs one SELECT as the powerless twin of the caller's
persona and returns {columns: [{name, type}], rows, row_count, truncated}.
$comment$;
REVOKE ALL ON FUNCTION gateway.free_query FROM PUBLIC;

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

-- object: functions/gateway/key_columns.sql
-- The columns of a key, as a constraint lists them.
-- drop: DROP FUNCTION gateway.key_columns;
CREATE OR REPLACE FUNCTION gateway.key_columns(table_oid oid, column_numbers smallint[])
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT '(' || string_agg(a.attname, ', ' ORDER BY k.n) || ')'
    FROM unnest(key_columns.column_numbers) WITH ORDINALITY AS k (attnum, n)
    JOIN pg_attribute AS a ON a.attrelid = key_columns.table_oid AND a.attnum = k.attnum
$function$;

COMMENT ON FUNCTION gateway.key_columns IS $comment$
(store_id, order_id) for the column numbers that pg_constraint has.
$comment$;
REVOKE ALL ON FUNCTION gateway.key_columns FROM PUBLIC;

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
                   -- It comes with the roles of ours that are named already.
                   AND NOT (
                        r.rolname = 'storekeeper_trusted'
                    AND NOT EXISTS (
                        SELECT FROM pg_auth_members AS m
                        JOIN role AS l ON l.oid = m.member AND l.is_login
                        WHERE m.roleid = r.oid
                    )
                   )
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

-- object: functions/gateway/make_sandbox.sql
-- Makes the function that free SQL of a persona runs in.
-- drop: DROP FUNCTION gateway.make_sandbox;
CREATE OR REPLACE FUNCTION gateway.make_sandbox(persona name)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_sandbox CONSTANT name := 'sandbox_' || make_sandbox.persona;
    v_run     CONSTANT name := 'run_' || make_sandbox.persona;
    -- Where the operators of pgvector are.
    v_vector  CONSTANT name := (
        SELECT n.nspname
        FROM pg_extension AS e
        JOIN pg_namespace AS n ON n.oid = e.extnamespace
        WHERE e.extname = 'vector'
    );
    v_persona gateway.personas;
BEGIN
    SET LOCAL ROLE storekeeper_definer;
    SELECT n.* INTO STRICT v_persona FROM gateway.personas AS n WHERE n.role = make_sandbox.persona;
    IF to_regproc(format('sandbox.%I', v_run)) IS NOT NULL THEN
        EXECUTE format('DROP FUNCTION sandbox.%I', v_run);
    END IF;
    -- SECURITY DEFINER downwards: the owner can do less than the caller, and inside such a function
    -- nobody can set a role. No parallel workers: a query has one processor.
    EXECUTE format(
        'CREATE FUNCTION sandbox.%I(query text, max_rows integer, max_bytes integer)'
        ' RETURNS json LANGUAGE sql STABLE SECURITY DEFINER'
        ' SET search_path = guard, pg_catalog, %s, %I, pg_temp SET timezone = %L'
        ' SET max_parallel_workers_per_gather = 0 SET cursor_tuple_fraction = 1'
        ' AS ''SELECT gateway.run_query(query, max_rows, max_bytes)''',
        v_run, v_persona.free_sql_path, v_vector, v_persona.free_sql_zone
    );
    EXECUTE format('REVOKE ALL ON FUNCTION sandbox.%I FROM PUBLIC', v_run);
    EXECUTE format('GRANT EXECUTE ON FUNCTION sandbox.%I TO %I', v_run, make_sandbox.persona);
    EXECUTE format('GRANT USAGE ON SCHEMA guard TO %I', v_sandbox);
    EXECUTE format('GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA guard TO %I', v_sandbox);
    EXECUTE format(
        'GRANT EXECUTE ON FUNCTION gateway.run_query, gateway.query_types, gateway.explain_query, gateway.near_names TO %I', v_sandbox
    );
    EXECUTE format('GRANT CREATE ON SCHEMA sandbox TO %I', v_sandbox);
    RESET ROLE;
    EXECUTE format('ALTER FUNCTION sandbox.%I OWNER TO %I', v_run, v_sandbox);
    EXECUTE format('REVOKE CREATE ON SCHEMA sandbox FROM %I', v_sandbox);
END
$function$;

COMMENT ON FUNCTION gateway.make_sandbox IS $comment$
Makes sandbox.run_<persona> (anew), owned by sandbox_<persona>, on the path and in the time zone of
gateway.personas. gateway.add_persona calls it; call it after a change of those.
$comment$;
REVOKE ALL ON FUNCTION gateway.make_sandbox FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.make_sandbox TO storekeeper_dba;

-- object: functions/gateway/near_names.sql
-- What somebody may have meant who named a table or column that is not there.
-- drop: DROP FUNCTION gateway.near_names;
CREATE OR REPLACE FUNCTION gateway.near_names(kind text, wrong text)
RETURNS text[]
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
    WITH readable AS (
        SELECT v.table_oid, v.table_name
        FROM gateway.personas AS n
        CROSS JOIN LATERAL unnest(string_to_array(replace(n.free_sql_path, ' ', ''), ',')) AS s (schema_name)
        CROSS JOIN LATERAL gateway.visible_tables(s.schema_name) AS v
        WHERE n.role = gateway.persona()
    ),
    candidate (name) AS (
        SELECT r.table_name FROM readable AS r WHERE near_names.kind = 'table'
        UNION
        SELECT a.attname::text
        FROM readable AS r
        JOIN pg_attribute AS a ON a.attrelid = r.table_oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE near_names.kind = 'column'
          AND has_column_privilege(gateway.persona(), r.table_oid, a.attnum, 'SELECT')
    ),
    -- Nearness by the pairs of letters that two names share (Dice's coefficient).
    scored AS (
        SELECT
            c.name,
            2.0 * count(*) FILTER (WHERE w.pair IS NOT NULL)
                / nullif(length(c.name) + length(near_names.wrong) - 2, 0) AS nearness
        FROM candidate AS c
        CROSS JOIN LATERAL (
            SELECT DISTINCT substr(c.name, i, 2) FROM generate_series(1, length(c.name) - 1) AS i
        ) AS p (pair)
        LEFT JOIN (
            SELECT DISTINCT substr(lower(near_names.wrong), i, 2)
            FROM generate_series(1, least(length(near_names.wrong), 63) - 1) AS i
        ) AS w (pair) USING (pair)
        GROUP BY c.name
    )
    SELECT coalesce(array_agg(n.name::text ORDER BY n.nearness DESC, n.name), '{}')
    FROM (
        SELECT s.name, s.nearness FROM scored AS s
        WHERE s.nearness > 0.3
        ORDER BY s.nearness DESC, s.name
        LIMIT 3
    ) AS n
$function$;

COMMENT ON FUNCTION gateway.near_names IS $comment$
Up to three names like a wrong one, the nearest first, among the tables or columns (kind) that the signed-in
person's free SQL may read. None for nobody.
$comment$;
REVOKE ALL ON FUNCTION gateway.near_names FROM PUBLIC;

-- object: functions/gateway/persona.sql
-- The role that the caller is to be taken for when rights are looked up.
-- drop: DROP FUNCTION gateway.persona;
CREATE OR REPLACE FUNCTION gateway.persona()
RETURNS name
LANGUAGE sql
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT coalesce(i.persona, session_user) FROM gateway.identity() AS i
$function$;

COMMENT ON FUNCTION gateway.persona IS $comment$
The caller's persona; the account that is logged in when nobody is signed in. For a SECURITY DEFINER function
that looks into the catalogs on somebody's behalf: has_table_privilege(gateway.persona(), …).
$comment$;
REVOKE ALL ON FUNCTION gateway.persona FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.persona TO storekeeper_owner, storekeeper_dba;

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
    IF starts_with(current_user, 'sandbox_') THEN
        RAISE EXCEPTION USING
            ERRCODE = '42501',
            MESSAGE = 'A query has no progress to report.',
            HINT = 'Progress is for functions: a query could report it without end.';
    END IF;
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

-- object: functions/gateway/query_types.sql
-- The types of a query's columns, without running it.
-- drop: DROP FUNCTION gateway.query_types;
CREATE OR REPLACE FUNCTION gateway.query_types(query text, column_count integer)
RETURNS text[]
LANGUAGE plpgsql
STABLE
AS $function$
-- The search path is that of the sandbox function that calls.
DECLARE
    c_tail  CONSTANT text := ';(?:;|\s|--[^\n]*(?:\n|$)|/\*(?:[^*]|\*+[^*/])*\*+/)*$';
    v_names CONSTANT text[] := ARRAY(SELECT 'c' || n FROM generate_series(1, query_types.column_count) AS n);
    v_query text;
    v_types text[];
BEGIN
    PERFORM guard.check_query(query_types.query);
    -- As it is, or without the semicolon at its end, or what is behind that: which it must be the parser knows.
    FOREACH v_query IN ARRAY ARRAY[
        query_types.query, rtrim(query_types.query, E'; \t\r\n'), regexp_replace(query_types.query, c_tail, '')
    ] LOOP
        BEGIN
            -- A join that can't match, so nothing runs. The line's end closes a last comment.
            EXECUTE format(
                E'SELECT ARRAY[%s] FROM (SELECT) AS one LEFT JOIN (%s\n) AS q (%s) ON false',
                (SELECT string_agg(format('pg_typeof(q.%s)::text', n), ', ') FROM unnest(v_names) AS n),
                v_query,
                array_to_string(v_names, ', ')
            ) INTO v_types;
            RETURN v_types;
        EXCEPTION WHEN syntax_error THEN
            CONTINUE;
        END;
    END LOOP;
    RETURN array_fill('unknown'::text, ARRAY[query_types.column_count]);
END
$function$;

COMMENT ON FUNCTION gateway.query_types IS $comment$
The names of the types of the columns of a SELECT that has so many. Only the sandbox functions call it.
$comment$;
REVOKE ALL ON FUNCTION gateway.query_types FROM PUBLIC;

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
    c_gap       CONSTANT text := '(?:;|\s|--[^\n]*(?:\n|$)|/\*(?:[^*]|\*+[^*/])*\*+/)*';
    v_query     text := run_query.query;
    v_bare      text;
    v_explained text;
    v_cursor    refcursor;
    v_row       record;
    v_found     boolean;
    v_json      text;
    v_keys      text[];
    v_names     text[] := '{}';
    v_types     text[];
    v_rows      text[] := '{}';
    v_bytes     bigint := 0;
    v_name      text;
    v_copy      integer;
    v_truncated boolean := false;
    v_state     text;
    v_message   text;
    v_hint      text;
    v_hinted    text[];
    v_near      text[];
BEGIN
    PERFORM guard.check_query(v_query);
    v_bare := regexp_replace(v_query, '^' || c_gap, '');
    v_explained := substring(v_bare, '(?i)^explain\M(.*)$');
    IF coalesce(v_bare, '') = '' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = 'The query is empty.',
            HINT = 'Send one SELECT statement.';
    ELSIF v_explained ~* (
        '^' || c_gap || '\(?' || c_gap
        || '(analy[sz]e|verbose|costs|settings|generic_plan|buffers|serialize|wal|timing|summary|memory|format)\M'
    ) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = 'EXPLAIN takes no options here.',
            HINT = 'EXPLAIN SELECT … shows the plan, without costs and row estimates.';
    END IF;

    BEGIN
        IF v_explained IS NULL THEN
            OPEN v_cursor NO SCROLL FOR EXECUTE v_query;
        ELSE
            OPEN v_cursor NO SCROLL FOR SELECT e AS "QUERY PLAN" FROM gateway.explain_query(v_explained) AS e;
            v_query := 'SELECT NULL::text';
        END IF;
        FETCH v_cursor INTO v_row;
        v_found := FOUND;
    EXCEPTION
        WHEN invalid_cursor_definition OR feature_not_supported OR read_only_sql_transaction THEN
            -- Also what PostgreSQL has not built, a DISTINCT window function for one: that is no attempt to write.
            IF SQLSTATE = '0A000' AND SQLERRM !~ 'non-volatile function|data-modifying|cursor' THEN
                RAISE;
            END IF;
            RAISE EXCEPTION USING
                ERRCODE = 'SK403',
                MESSAGE = 'Only one reading statement may run here: ' || SQLERRM || '.',
                HINT = 'Send a single SELECT, WITH … SELECT, VALUES or TABLE statement that changes and locks nothing.';
        WHEN undefined_table OR undefined_column OR insufficient_privilege THEN
            GET STACKED DIAGNOSTICS
                v_state = RETURNED_SQLSTATE, v_message = MESSAGE_TEXT, v_hint = PG_EXCEPTION_HINT;
            -- relation "retail.ordrs" does not exist; column o.totl does not exist
            v_name := regexp_replace((regexp_match(v_message, '^\S+ "?([^" ]+)"? '))[1], '^.*\.', '');
            v_near := gateway.near_names(CASE v_state WHEN '42703' THEN 'column' ELSE 'table' END, v_name);
            -- PostgreSQL's own hint may name a column, or two, that is hidden from the caller.
            v_hinted := ARRAY(SELECT c[1] FROM regexp_matches(v_hint, 'column (?:named )?"(?:[^"]*\.)?([^".]+)"', 'g') AS c);
            IF v_state = '42703' AND NOT (v_hinted <> '{}' AND v_hinted <@ v_near) THEN
                v_hint := '';
            END IF;
            RAISE EXCEPTION USING
                ERRCODE = v_state,
                MESSAGE = v_message,
                DETAIL = coalesce('At character ' || nullif(strpos(run_query.query, v_name), 0), ''),
                HINT = CASE
                    WHEN v_hint <> '' THEN v_hint
                    WHEN v_state = '42501' THEN 'Queries read the tables of the business, and call functions'
                        ' that change nothing and tell of nobody else.'
                    WHEN v_near <> '{}' THEN format('Perhaps you mean %s.', array_to_string(v_near, ' or '))
                    ELSE 'Ask for the names of tables and columns first.'
                END;
    END;

    -- Without a row the record has the columns all the same, each NULL.
    v_keys := ARRAY(SELECT k FROM json_object_keys(row_to_json(v_row)) WITH ORDINALITY AS j (k, n) ORDER BY n);
    FOREACH v_name IN ARRAY v_keys LOOP
        v_copy := 1;
        WHILE (v_name || CASE WHEN v_copy > 1 THEN '_' || v_copy ELSE '' END) = ANY (v_names) LOOP
            v_copy := v_copy + 1;
        END LOOP;
        v_names := v_names || (v_name || CASE WHEN v_copy > 1 THEN '_' || v_copy ELSE '' END);
    END LOOP;
    IF v_names <> '{}' THEN
        v_types := gateway.query_types(v_query, cardinality(v_names));
    END IF;

    WHILE v_found LOOP
        -- Before it is made into text, which would take as much memory again. A list of small numbers is
        -- several times as long as its text.
        v_truncated := cardinality(v_rows) = run_query.max_rows
            OR pg_column_size(v_row) > 8 * run_query.max_bytes::bigint;
        EXIT WHEN v_truncated;
        v_json := row_to_json(v_row)::text;
        IF v_names <> v_keys THEN
            SELECT '{' || string_agg(to_json(v_names[j.n]) || ':' || j.value, ',' ORDER BY j.n) || '}'
            INTO v_json
            FROM json_each(v_json::json) WITH ORDINALITY AS j (key, value, n);
        END IF;
        v_bytes := v_bytes + octet_length(v_json);
        v_truncated := v_bytes > run_query.max_bytes;
        EXIT WHEN v_truncated;
        v_rows := v_rows || v_json;
        FETCH v_cursor INTO v_row;
        v_found := FOUND;
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
max_bytes bytes of JSON; of EXPLAIN SELECT … the plan without figures. Columns of the same name become
name, name_2 and so on. Only the sandbox functions call it.
$comment$;
REVOKE ALL ON FUNCTION gateway.run_query FROM PUBLIC;

-- object: functions/gateway/telling_functions.sql
-- The built-in functions that would tell free SQL about the server and about other people's work.
-- drop: DROP FUNCTION gateway.telling_functions;
CREATE OR REPLACE FUNCTION gateway.telling_functions()
RETURNS TABLE (function_oid oid, family text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT
        p.oid,
        CASE
            WHEN p.proname ~ '^pg_sleep' THEN 'waiting'
            WHEN p.proname ~ '^pg_stat_|^pg_relation_file|^pg_(database|indexes|relation|table|tablespace|total_relation)_size$'
                THEN 'statistics'
            ELSE 'introspection'
        END
    FROM pg_proc AS p
    WHERE p.pronamespace = 'pg_catalog'::regnamespace
      -- By rule, not by name, so that what a newer PostgreSQL brings is in it.
      AND (
            p.provolatile = 'v'
         OR p.proname ~ '^(_?pg_|has_|inet_(client|server)_|txid_|current_(setting|query|schemas)$)'
         OR (p.proname IN ('age', 'mxid_age') AND p.proargtypes[0] = 'xid'::regtype)
      )
      AND p.proname <> ALL ('{
            array_sample, array_shuffle, clock_timestamp, currval, gen_random_uuid, lastval, nextval,
            pg_basetype, pg_collation_for, pg_column_compression, pg_column_size, pg_input_error_info,
            pg_input_is_valid, pg_size_bytes, pg_size_pretty, pg_typeof, random, random_normal, setval,
            timeofday, uuidv4, uuidv7}'::name[])
      AND p.oid NOT IN (SELECT a.function_oid FROM gateway.acting_functions() AS a)
      -- SQL calls these by an operator, a cast, an index or a type, or can't call them at all.
      AND p.prokind IN ('f', 'p')
      AND p.prorettype NOT IN (SELECT t.oid FROM pg_type AS t WHERE t.typname IN ('cstring', 'internal', 'trigger'))
      AND NOT p.proargtypes::oid[] && ARRAY['cstring'::regtype, 'internal'::regtype]::oid[]
      AND p.proname !~ '^pg_lsn'
      AND NOT EXISTS (SELECT FROM pg_operator AS o WHERE o.oprcode = p.oid)
      AND NOT EXISTS (SELECT FROM pg_cast AS c WHERE c.castfunc = p.oid)
      AND NOT EXISTS (SELECT FROM pg_type AS t WHERE p.oid IN (t.typsend, t.typreceive))
$function$;

COMMENT ON FUNCTION gateway.telling_functions IS $comment$
Built-in functions by family (statistics, introspection, waiting) that a database of our own takes from
everybody but storekeeper_trusted: all volatile ones and those about the server, but for a list of
harmless ones such as random and pg_typeof.
$comment$;
REVOKE ALL ON FUNCTION gateway.telling_functions FROM PUBLIC;

-- object: functions/gateway/visible_tables.sql
-- The tables and views of a schema that the caller may read.
-- drop: DROP FUNCTION gateway.visible_tables;
CREATE OR REPLACE FUNCTION gateway.visible_tables(schema_name name)
RETURNS TABLE (table_oid oid, table_name text)
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT c.oid, c.relname::text
    FROM pg_class AS c
    WHERE c.relnamespace = to_regnamespace(quote_ident(visible_tables.schema_name))
      AND c.relkind IN ('r', 'p', 'v')
      AND has_any_column_privilege(gateway.persona(), c.oid, 'SELECT')
    ORDER BY c.relname
$function$;

COMMENT ON FUNCTION gateway.visible_tables IS $comment$
Tables and views of a schema of which the caller may read at least one column, by name.
$comment$;
REVOKE ALL ON FUNCTION gateway.visible_tables FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.visible_tables TO storekeeper_owner, storekeeper_dba;

-- object: functions/guard/array_fill.sql
-- array_fill(), for up to a megabyte.
-- drop: DROP FUNCTION guard.array_fill(anyelement, integer[]);
-- drop: DROP FUNCTION guard.array_fill(anyelement, integer[], integer[]);
CREATE OR REPLACE FUNCTION guard.array_fill(anyelement, integer[])
RETURNS anyarray
LANGUAGE plpgsql
IMMUTABLE
PARALLEL SAFE
AS $function$
DECLARE
    v_number bigint := 1;
    v_of     integer;
BEGIN
    FOREACH v_of IN ARRAY coalesce($2, '{}') LOOP
        v_number := least(v_number, 1000000) * coalesce(v_of, 0);
    END LOOP;
    IF v_number * coalesce(pg_column_size($1), 4) > 1000000 THEN
        PERFORM guard.exceeded('array_fill', coalesce(pg_column_size($1), 4), v_number, '1000000 bytes');
    END IF;
    RETURN pg_catalog.array_fill($1, $2);
END
$function$;

CREATE OR REPLACE FUNCTION guard.array_fill(anyelement, integer[], integer[])
RETURNS anyarray
LANGUAGE plpgsql
IMMUTABLE
PARALLEL SAFE
AS $function$
DECLARE
    v_number bigint := 1;
    v_of     integer;
BEGIN
    FOREACH v_of IN ARRAY coalesce($2, '{}') LOOP
        v_number := least(v_number, 1000000) * coalesce(v_of, 0);
    END LOOP;
    IF v_number * coalesce(pg_column_size($1), 4) > 1000000 THEN
        PERFORM guard.exceeded('array_fill', coalesce(pg_column_size($1), 4), v_number, '1000000 bytes');
    END IF;
    RETURN pg_catalog.array_fill($1, $2, $3);
END
$function$;

COMMENT ON FUNCTION guard.array_fill(anyelement, integer[]) IS $comment$
The built-in function, but SK429 for a result of more than a megabyte.
$comment$;
COMMENT ON FUNCTION guard.array_fill(anyelement, integer[], integer[]) IS 'As guard.array_fill(anyelement, integer[]).';
REVOKE ALL ON FUNCTION guard.array_fill(anyelement, integer[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION guard.array_fill(anyelement, integer[], integer[]) FROM PUBLIC;

-- object: functions/guard/btrim.sql
-- btrim(), for texts that it can be done with soon.
-- drop: DROP FUNCTION guard.btrim(text, text);
CREATE OR REPLACE FUNCTION guard.btrim(string text, characters text)
RETURNS text
LANGUAGE plpgsql
IMMUTABLE
STRICT
PARALLEL SAFE
AS $function$
BEGIN
    RETURN CASE
        WHEN octet_length(string)::bigint * octet_length(characters) > 100000000
            AND guard.exceeded('btrim', octet_length(string), octet_length(characters), '100000000 steps')
        THEN NULL
        ELSE pg_catalog.btrim(string, characters)
    END;
END
$function$;

COMMENT ON FUNCTION guard.btrim(text, text) IS $comment$
The built-in function compares each character to go with each of those given, and can't be interrupted:
SK429 for more than a hundred million.
$comment$;
REVOKE ALL ON FUNCTION guard.btrim(text, text) FROM PUBLIC;

-- object: functions/guard/check_query.sql
-- Refuses the texts that PostgreSQL's privileges can't.
-- drop: DROP FUNCTION guard.check_query;
CREATE OR REPLACE FUNCTION guard.check_query(query text)
RETURNS void
LANGUAGE plpgsql
IMMUTABLE
PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF length(query) > 8000 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = format('The query has %s characters; 8000 are allowed.', length(query)),
            HINT = 'Ask for less in one query, or use a tool made for the question.';
    ELSIF query ~* '\mpg_catalog"?\s*(?:\.|--|/\*)|\mu&"' THEN
        -- Written in full, a built-in function would pass by its limited namesake in this schema. No
        -- comment may come between: they nest, and end in more ways than a pattern should know.
        RAISE EXCEPTION USING
            ERRCODE = 'SK403',
            MESSAGE = 'A query may not name the schema pg_catalog, nor quote names with U&.',
            HINT = 'Built-in functions, types and operators are found without a schema.';
    ELSIF query ~* 'tablesample' THEN
        -- No privilege is asked for a sampling method, and the blocks that one draws are found out.
        RAISE EXCEPTION USING
            ERRCODE = 'SK403',
            MESSAGE = 'TABLESAMPLE is not served: it draws from the blocks of everybody''s rows.',
            HINT = 'WHERE random() < 0.1 draws a tenth of your own.';
    END IF;
END
$function$;

COMMENT ON FUNCTION guard.check_query IS $comment$
Fails with SK400 for more than 8000 characters; with SK403 where the text names pg_catalog, which would pass
by the functions of this schema, or TABLESAMPLE.
$comment$;
REVOKE ALL ON FUNCTION guard.check_query FROM PUBLIC;

-- object: functions/guard/exceeded.sql
-- Refuses what a guard finds too large.
-- drop: DROP FUNCTION guard.exceeded;
CREATE OR REPLACE FUNCTION guard.exceeded(called text, size bigint, times bigint, most text)
RETURNS boolean
LANGUAGE plpgsql
STABLE
STRICT
PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'SK429',
        MESSAGE = format('%s() of %s × %s is too much: a query may ask for %s.', called, size, times, most),
        HINT = 'Use shorter texts, or do it to fewer of them at a time.';
END
$function$;

COMMENT ON FUNCTION guard.exceeded IS $comment$
Fails with SK429, naming the function called, the sizes that are multiplied, and how much is allowed.
$comment$;
REVOKE ALL ON FUNCTION guard.exceeded FROM PUBLIC;

-- object: functions/guard/lpad.sql
-- lpad(), for up to a million characters.
-- drop: DROP FUNCTION guard.lpad(text, integer);
-- drop: DROP FUNCTION guard.lpad(text, integer, text);
CREATE OR REPLACE FUNCTION guard.lpad(string text, length integer)
RETURNS text
LANGUAGE plpgsql
IMMUTABLE
STRICT
PARALLEL SAFE
AS $function$
BEGIN
    RETURN CASE
        WHEN length > 1000000
            AND guard.exceeded('lpad', length, 1, '1000000 characters')
        THEN NULL
        ELSE pg_catalog.lpad(string, length)
    END;
END
$function$;

CREATE OR REPLACE FUNCTION guard.lpad(string text, length integer, fill text)
RETURNS text
LANGUAGE plpgsql
IMMUTABLE
STRICT
PARALLEL SAFE
AS $function$
BEGIN
    RETURN CASE
        WHEN length > 1000000
            AND guard.exceeded('lpad', length, 1, '1000000 characters')
        THEN NULL
        ELSE pg_catalog.lpad(string, length, fill)
    END;
END
$function$;

COMMENT ON FUNCTION guard.lpad(text, integer) IS $comment$
The built-in function, but SK429 for a result of more than a million characters.
$comment$;
COMMENT ON FUNCTION guard.lpad(text, integer, text) IS 'As guard.lpad(text, integer).';
REVOKE ALL ON FUNCTION guard.lpad(text, integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION guard.lpad(text, integer, text) FROM PUBLIC;

-- object: functions/guard/ltrim.sql
-- ltrim(), for texts that it can be done with soon.
-- drop: DROP FUNCTION guard.ltrim(text, text);
CREATE OR REPLACE FUNCTION guard.ltrim(string text, characters text)
RETURNS text
LANGUAGE plpgsql
IMMUTABLE
STRICT
PARALLEL SAFE
AS $function$
BEGIN
    RETURN CASE
        WHEN octet_length(string)::bigint * octet_length(characters) > 100000000
            AND guard.exceeded('ltrim', octet_length(string), octet_length(characters), '100000000 steps')
        THEN NULL
        ELSE pg_catalog.ltrim(string, characters)
    END;
END
$function$;

COMMENT ON FUNCTION guard.ltrim(text, text) IS $comment$
The built-in function compares each character to go with each of those given, and can't be interrupted:
SK429 for more than a hundred million.
$comment$;
REVOKE ALL ON FUNCTION guard.ltrim(text, text) FROM PUBLIC;

-- object: functions/guard/polygon.sql
-- polygon(), of up to a thousand points.
-- drop: DROP FUNCTION guard.polygon(integer, circle);
CREATE OR REPLACE FUNCTION guard.polygon(number integer, circle circle)
RETURNS polygon
LANGUAGE plpgsql
IMMUTABLE
STRICT
PARALLEL SAFE
AS $function$
BEGIN
    RETURN CASE
        WHEN number > 1000
            AND guard.exceeded('polygon', number, 1, '1000 points')
        THEN NULL
        ELSE pg_catalog.polygon(number, circle)
    END;
END
$function$;

COMMENT ON FUNCTION guard.polygon(integer, circle) IS $comment$
The built-in function, but SK429 for more than a thousand points.
$comment$;
REVOKE ALL ON FUNCTION guard.polygon(integer, circle) FROM PUBLIC;

-- object: functions/guard/power.sql
-- power() and the operator ^, for results of some thousand digits.
-- drop: DROP OPERATOR guard.^ (numeric, numeric);
-- drop: DROP FUNCTION guard.pow(numeric, numeric);
-- drop: DROP FUNCTION guard.power(numeric, numeric);
CREATE OR REPLACE FUNCTION guard.power(base numeric, exponent numeric)
RETURNS numeric
LANGUAGE plpgsql
IMMUTABLE
STRICT
PARALLEL SAFE
AS $function$
BEGIN
    RETURN CASE
        WHEN (abs(exponent) > 10000 OR pg_column_size(base) > 100)
            AND guard.exceeded('power', pg_column_size(base), least(abs(exponent), 1e18)::bigint, 'an exponent of 10000')
        THEN NULL
        ELSE pg_catalog.power(base, exponent)
    END;
END
$function$;

CREATE OR REPLACE FUNCTION guard.pow(base numeric, exponent numeric)
RETURNS numeric
LANGUAGE sql
IMMUTABLE
STRICT
PARALLEL SAFE
AS $function$
    SELECT guard.power(base, exponent)
$function$;

DROP OPERATOR IF EXISTS guard.^ (numeric, numeric);
CREATE OPERATOR guard.^ (LEFTARG = numeric, RIGHTARG = numeric, FUNCTION = guard.power);

COMMENT ON FUNCTION guard.power(numeric, numeric) IS $comment$
The built-in function makes up to 131072 digits, and can't be interrupted: SK429 for an exponent beyond ten
thousand, or a base of hundreds of digits.
$comment$;
COMMENT ON FUNCTION guard.pow(numeric, numeric) IS 'As guard.power(numeric, numeric).';
COMMENT ON OPERATOR guard.^ (numeric, numeric) IS 'As guard.power(numeric, numeric).';
REVOKE ALL ON FUNCTION guard.power(numeric, numeric) FROM PUBLIC;
REVOKE ALL ON FUNCTION guard.pow(numeric, numeric) FROM PUBLIC;

-- object: functions/guard/repeat.sql
-- repeat(), for up to a megabyte.
-- drop: DROP FUNCTION guard.repeat(text, integer);
CREATE OR REPLACE FUNCTION guard.repeat(string text, number integer)
RETURNS text
LANGUAGE plpgsql
IMMUTABLE
STRICT
PARALLEL SAFE
AS $function$
BEGIN
    RETURN CASE
        WHEN octet_length(string)::bigint * number > 1000000
            AND guard.exceeded('repeat', octet_length(string), number, '1000000 bytes')
        THEN NULL
        ELSE pg_catalog.repeat(string, number)
    END;
END
$function$;

COMMENT ON FUNCTION guard.repeat(text, integer) IS $comment$
The built-in function, but SK429 for a result of more than a megabyte.
$comment$;
REVOKE ALL ON FUNCTION guard.repeat(text, integer) FROM PUBLIC;

-- object: functions/guard/replace.sql
-- replace(), for texts that it can be done with soon.
-- drop: DROP FUNCTION guard.replace(text, text, text);
CREATE OR REPLACE FUNCTION guard.replace(string text, "from" text, "to" text)
RETURNS text
LANGUAGE plpgsql
IMMUTABLE
STRICT
PARALLEL SAFE
AS $function$
BEGIN
    RETURN CASE
        WHEN octet_length(string)::bigint * octet_length("from") > 100000000
            AND guard.exceeded('replace', octet_length(string), octet_length("from"), '100000000 steps')
        THEN NULL
        WHEN octet_length(string)::bigint * octet_length("to") > 100000000
            AND guard.exceeded('replace', octet_length(string), octet_length("to"), '100000000 bytes')
        THEN NULL
        ELSE pg_catalog.replace(string, "from", "to")
    END;
END
$function$;

COMMENT ON FUNCTION guard.replace(text, text, text) IS $comment$
The built-in function may compare each byte with each of "from", or put "to" in its place,
and can't be interrupted: SK429 for more than a hundred million.
$comment$;
REVOKE ALL ON FUNCTION guard.replace(text, text, text) FROM PUBLIC;

-- object: functions/guard/rpad.sql
-- rpad(), for up to a million characters.
-- drop: DROP FUNCTION guard.rpad(text, integer);
-- drop: DROP FUNCTION guard.rpad(text, integer, text);
CREATE OR REPLACE FUNCTION guard.rpad(string text, length integer)
RETURNS text
LANGUAGE plpgsql
IMMUTABLE
STRICT
PARALLEL SAFE
AS $function$
BEGIN
    RETURN CASE
        WHEN length > 1000000
            AND guard.exceeded('rpad', length, 1, '1000000 characters')
        THEN NULL
        ELSE pg_catalog.rpad(string, length)
    END;
END
$function$;

CREATE OR REPLACE FUNCTION guard.rpad(string text, length integer, fill text)
RETURNS text
LANGUAGE plpgsql
IMMUTABLE
STRICT
PARALLEL SAFE
AS $function$
BEGIN
    RETURN CASE
        WHEN length > 1000000
            AND guard.exceeded('rpad', length, 1, '1000000 characters')
        THEN NULL
        ELSE pg_catalog.rpad(string, length, fill)
    END;
END
$function$;

COMMENT ON FUNCTION guard.rpad(text, integer) IS $comment$
The built-in function, but SK429 for a result of more than a million characters.
$comment$;
COMMENT ON FUNCTION guard.rpad(text, integer, text) IS 'As guard.rpad(text, integer).';
REVOKE ALL ON FUNCTION guard.rpad(text, integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION guard.rpad(text, integer, text) FROM PUBLIC;

-- object: functions/guard/rtrim.sql
-- rtrim(), for texts that it can be done with soon.
-- drop: DROP FUNCTION guard.rtrim(text, text);
CREATE OR REPLACE FUNCTION guard.rtrim(string text, characters text)
RETURNS text
LANGUAGE plpgsql
IMMUTABLE
STRICT
PARALLEL SAFE
AS $function$
BEGIN
    RETURN CASE
        WHEN octet_length(string)::bigint * octet_length(characters) > 100000000
            AND guard.exceeded('rtrim', octet_length(string), octet_length(characters), '100000000 steps')
        THEN NULL
        ELSE pg_catalog.rtrim(string, characters)
    END;
END
$function$;

COMMENT ON FUNCTION guard.rtrim(text, text) IS $comment$
The built-in function compares each character to go with each of those given, and can't be interrupted:
SK429 for more than a hundred million.
$comment$;
REVOKE ALL ON FUNCTION guard.rtrim(text, text) FROM PUBLIC;

-- object: functions/guard/split_part.sql
-- split_part(), for texts that it can be done with soon.
-- drop: DROP FUNCTION guard.split_part(text, text, integer);
CREATE OR REPLACE FUNCTION guard.split_part(string text, delimiter text, n integer)
RETURNS text
LANGUAGE plpgsql
IMMUTABLE
STRICT
PARALLEL SAFE
AS $function$
BEGIN
    RETURN CASE
        WHEN octet_length(string)::bigint * octet_length(delimiter) > 100000000
            AND guard.exceeded('split_part', octet_length(string), octet_length(delimiter), '100000000 steps')
        THEN NULL
        ELSE pg_catalog.split_part(string, delimiter, n)
    END;
END
$function$;

COMMENT ON FUNCTION guard.split_part(text, text, integer) IS $comment$
The built-in function may compare each byte with each of the delimiter, and can't be interrupted:
SK429 for more than a hundred million.
$comment$;
REVOKE ALL ON FUNCTION guard.split_part(text, text, integer) FROM PUBLIC;

-- object: functions/guard/string_to_array.sql
-- string_to_array(), for texts that it can be done with soon.
-- drop: DROP FUNCTION guard.string_to_array(text, text);
-- drop: DROP FUNCTION guard.string_to_array(text, text, text);
CREATE OR REPLACE FUNCTION guard.string_to_array(string text, delimiter text)
RETURNS text[]
LANGUAGE plpgsql
IMMUTABLE
PARALLEL SAFE
AS $function$
BEGIN
    RETURN CASE
        WHEN octet_length(string)::bigint * octet_length(delimiter) > 100000000
            AND guard.exceeded('string_to_array', octet_length(string), octet_length(delimiter), '100000000 steps')
        THEN NULL
        ELSE pg_catalog.string_to_array(string, delimiter)
    END;
END
$function$;

CREATE OR REPLACE FUNCTION guard.string_to_array(string text, delimiter text, null_string text)
RETURNS text[]
LANGUAGE plpgsql
IMMUTABLE
PARALLEL SAFE
AS $function$
BEGIN
    RETURN CASE
        WHEN octet_length(string)::bigint * octet_length(delimiter) > 100000000
            AND guard.exceeded('string_to_array', octet_length(string), octet_length(delimiter), '100000000 steps')
        THEN NULL
        ELSE pg_catalog.string_to_array(string, delimiter, null_string)
    END;
END
$function$;

COMMENT ON FUNCTION guard.string_to_array(text, text) IS $comment$
The built-in function may compare each byte with each of the delimiter, and can't be interrupted:
SK429 for more than a hundred million.
$comment$;
COMMENT ON FUNCTION guard.string_to_array(text, text, text) IS 'As guard.string_to_array(text, text).';
REVOKE ALL ON FUNCTION guard.string_to_array(text, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION guard.string_to_array(text, text, text) FROM PUBLIC;

-- object: functions/guard/string_to_table.sql
-- string_to_table(), for texts that it can be done with soon.
-- drop: DROP FUNCTION guard.string_to_table(text, text);
-- drop: DROP FUNCTION guard.string_to_table(text, text, text);
CREATE OR REPLACE FUNCTION guard.string_to_table(string text, delimiter text)
RETURNS SETOF text
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN unnest(guard.string_to_array(string, delimiter));

CREATE OR REPLACE FUNCTION guard.string_to_table(string text, delimiter text, null_string text)
RETURNS SETOF text
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN unnest(guard.string_to_array(string, delimiter, null_string));

COMMENT ON FUNCTION guard.string_to_table(text, text) IS $comment$
The built-in function may compare each byte with each of the delimiter, and can't be interrupted:
SK429 for more than a hundred million.
$comment$;
COMMENT ON FUNCTION guard.string_to_table(text, text, text) IS 'As guard.string_to_table(text, text).';
REVOKE ALL ON FUNCTION guard.string_to_table(text, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION guard.string_to_table(text, text, text) FROM PUBLIC;

-- object: functions/guard/strpos.sql
-- strpos(), for texts that it can be done with soon.
-- drop: DROP FUNCTION guard.strpos(text, text);
CREATE OR REPLACE FUNCTION guard.strpos(string text, sought text)
RETURNS integer
LANGUAGE plpgsql
IMMUTABLE
STRICT
PARALLEL SAFE
AS $function$
BEGIN
    RETURN CASE
        WHEN octet_length(string)::bigint * octet_length(sought) > 100000000
            AND guard.exceeded('strpos', octet_length(string), octet_length(sought), '100000000 steps')
        THEN NULL
        ELSE pg_catalog.strpos(string, sought)
    END;
END
$function$;

COMMENT ON FUNCTION guard.strpos(text, text) IS $comment$
The built-in function may compare each byte with each of those sought, and can't be interrupted:
SK429 for more than a hundred million.
$comment$;
REVOKE ALL ON FUNCTION guard.strpos(text, text) FROM PUBLIC;

-- object: functions/guard/to_date.sql
-- to_date(), for texts of a human length.
-- drop: DROP FUNCTION guard.to_date(text, text);
CREATE OR REPLACE FUNCTION guard.to_date(string text, format text)
RETURNS date
LANGUAGE plpgsql
STABLE
STRICT
PARALLEL SAFE
AS $function$
BEGIN
    RETURN CASE
        WHEN octet_length(string)::bigint * octet_length(format) > 1000000
            AND guard.exceeded('to_date', octet_length(string), octet_length(format), '1000000 steps')
        THEN NULL
        ELSE pg_catalog.to_date(string, format)
    END;
END
$function$;

COMMENT ON FUNCTION guard.to_date(text, text) IS $comment$
The built-in function looks at the rest of the string for each part of the format, and can't be
interrupted: SK429 for more than a million steps.
$comment$;
REVOKE ALL ON FUNCTION guard.to_date(text, text) FROM PUBLIC;

-- object: functions/guard/to_timestamp.sql
-- to_timestamp(), for texts of a human length.
-- drop: DROP FUNCTION guard.to_timestamp(text, text);
CREATE OR REPLACE FUNCTION guard.to_timestamp(string text, format text)
RETURNS timestamp with time zone
LANGUAGE plpgsql
STABLE
STRICT
PARALLEL SAFE
AS $function$
BEGIN
    RETURN CASE
        WHEN octet_length(string)::bigint * octet_length(format) > 1000000
            AND guard.exceeded('to_timestamp', octet_length(string), octet_length(format), '1000000 steps')
        THEN NULL
        ELSE pg_catalog.to_timestamp(string, format)
    END;
END
$function$;

COMMENT ON FUNCTION guard.to_timestamp(text, text) IS $comment$
The built-in function looks at the rest of the string for each part of the format, and can't be
interrupted: SK429 for more than a million steps.
$comment$;
REVOKE ALL ON FUNCTION guard.to_timestamp(text, text) FROM PUBLIC;

-- object: functions/guard/translate.sql
-- translate(), for texts that it can be done with soon.
-- drop: DROP FUNCTION guard.translate(text, text, text);
CREATE OR REPLACE FUNCTION guard.translate(string text, "from" text, "to" text)
RETURNS text
LANGUAGE plpgsql
IMMUTABLE
STRICT
PARALLEL SAFE
AS $function$
BEGIN
    RETURN CASE
        WHEN octet_length(string)::bigint * octet_length("from") > 100000000
            AND guard.exceeded('translate', octet_length(string), octet_length("from"), '100000000 steps')
        THEN NULL
        ELSE pg_catalog.translate(string, "from", "to")
    END;
END
$function$;

COMMENT ON FUNCTION guard.translate(text, text, text) IS $comment$
The built-in function compares each character with each of "from", and can't be interrupted:
SK429 for more than a hundred million.
$comment$;
REVOKE ALL ON FUNCTION guard.translate(text, text, text) FROM PUBLIC;

-- object: functions/guard/ts_rank.sql
-- ts_rank(), for a query of some words.
-- drop: DROP FUNCTION guard.ts_rank(tsvector, tsquery);
-- drop: DROP FUNCTION guard.ts_rank(tsvector, tsquery, integer);
-- drop: DROP FUNCTION guard.ts_rank(real[], tsvector, tsquery);
-- drop: DROP FUNCTION guard.ts_rank(real[], tsvector, tsquery, integer);
CREATE OR REPLACE FUNCTION guard.ts_rank(vector tsvector, query tsquery)
RETURNS real
LANGUAGE plpgsql
IMMUTABLE
STRICT
PARALLEL SAFE
AS $function$
BEGIN
    RETURN CASE
        WHEN length(vector)::bigint * numnode(query) * numnode(query) > 300000
            AND guard.exceeded('ts_rank', length(vector), numnode(query), '300000 lexemes × (terms)²')
        THEN NULL
        ELSE pg_catalog.ts_rank(vector, query)
    END;
END
$function$;

CREATE OR REPLACE FUNCTION guard.ts_rank(vector tsvector, query tsquery, normalization integer)
RETURNS real
LANGUAGE plpgsql
IMMUTABLE
STRICT
PARALLEL SAFE
AS $function$
BEGIN
    RETURN CASE
        WHEN length(vector)::bigint * numnode(query) * numnode(query) > 300000
            AND guard.exceeded('ts_rank', length(vector), numnode(query), '300000 lexemes × (terms)²')
        THEN NULL
        ELSE pg_catalog.ts_rank(vector, query, normalization)
    END;
END
$function$;

CREATE OR REPLACE FUNCTION guard.ts_rank(weights real[], vector tsvector, query tsquery)
RETURNS real
LANGUAGE plpgsql
IMMUTABLE
STRICT
PARALLEL SAFE
AS $function$
BEGIN
    RETURN CASE
        WHEN length(vector)::bigint * numnode(query) * numnode(query) > 300000
            AND guard.exceeded('ts_rank', length(vector), numnode(query), '300000 lexemes × (terms)²')
        THEN NULL
        ELSE pg_catalog.ts_rank(weights, vector, query)
    END;
END
$function$;

CREATE OR REPLACE FUNCTION guard.ts_rank(weights real[], vector tsvector, query tsquery, normalization integer)
RETURNS real
LANGUAGE plpgsql
IMMUTABLE
STRICT
PARALLEL SAFE
AS $function$
BEGIN
    RETURN CASE
        WHEN length(vector)::bigint * numnode(query) * numnode(query) > 300000
            AND guard.exceeded('ts_rank', length(vector), numnode(query), '300000 lexemes × (terms)²')
        THEN NULL
        ELSE pg_catalog.ts_rank(weights, vector, query, normalization)
    END;
END
$function$;

COMMENT ON FUNCTION guard.ts_rank(tsvector, tsquery) IS $comment$
The built-in function compares all places of all pairs of words sought, and can't be interrupted:
SK429 for long queries over long documents.
$comment$;
COMMENT ON FUNCTION guard.ts_rank(tsvector, tsquery, integer) IS 'As guard.ts_rank(tsvector, tsquery).';
COMMENT ON FUNCTION guard.ts_rank(real[], tsvector, tsquery) IS 'As guard.ts_rank(tsvector, tsquery).';
COMMENT ON FUNCTION guard.ts_rank(real[], tsvector, tsquery, integer) IS 'As guard.ts_rank(tsvector, tsquery).';
REVOKE ALL ON FUNCTION guard.ts_rank(tsvector, tsquery) FROM PUBLIC;
REVOKE ALL ON FUNCTION guard.ts_rank(tsvector, tsquery, integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION guard.ts_rank(real[], tsvector, tsquery) FROM PUBLIC;
REVOKE ALL ON FUNCTION guard.ts_rank(real[], tsvector, tsquery, integer) FROM PUBLIC;

-- object: functions/guard/ts_rank_cd.sql
-- ts_rank_cd(), for a query of some words.
-- drop: DROP FUNCTION guard.ts_rank_cd(tsvector, tsquery);
-- drop: DROP FUNCTION guard.ts_rank_cd(tsvector, tsquery, integer);
-- drop: DROP FUNCTION guard.ts_rank_cd(real[], tsvector, tsquery);
-- drop: DROP FUNCTION guard.ts_rank_cd(real[], tsvector, tsquery, integer);
CREATE OR REPLACE FUNCTION guard.ts_rank_cd(vector tsvector, query tsquery)
RETURNS real
LANGUAGE plpgsql
IMMUTABLE
STRICT
PARALLEL SAFE
AS $function$
BEGIN
    RETURN CASE
        WHEN length(vector)::bigint * numnode(query) * numnode(query) > 300000
            AND guard.exceeded('ts_rank_cd', length(vector), numnode(query), '300000 lexemes × (terms)²')
        THEN NULL
        ELSE pg_catalog.ts_rank_cd(vector, query)
    END;
END
$function$;

CREATE OR REPLACE FUNCTION guard.ts_rank_cd(vector tsvector, query tsquery, normalization integer)
RETURNS real
LANGUAGE plpgsql
IMMUTABLE
STRICT
PARALLEL SAFE
AS $function$
BEGIN
    RETURN CASE
        WHEN length(vector)::bigint * numnode(query) * numnode(query) > 300000
            AND guard.exceeded('ts_rank_cd', length(vector), numnode(query), '300000 lexemes × (terms)²')
        THEN NULL
        ELSE pg_catalog.ts_rank_cd(vector, query, normalization)
    END;
END
$function$;

CREATE OR REPLACE FUNCTION guard.ts_rank_cd(weights real[], vector tsvector, query tsquery)
RETURNS real
LANGUAGE plpgsql
IMMUTABLE
STRICT
PARALLEL SAFE
AS $function$
BEGIN
    RETURN CASE
        WHEN length(vector)::bigint * numnode(query) * numnode(query) > 300000
            AND guard.exceeded('ts_rank_cd', length(vector), numnode(query), '300000 lexemes × (terms)²')
        THEN NULL
        ELSE pg_catalog.ts_rank_cd(weights, vector, query)
    END;
END
$function$;

CREATE OR REPLACE FUNCTION guard.ts_rank_cd(weights real[], vector tsvector, query tsquery, normalization integer)
RETURNS real
LANGUAGE plpgsql
IMMUTABLE
STRICT
PARALLEL SAFE
AS $function$
BEGIN
    RETURN CASE
        WHEN length(vector)::bigint * numnode(query) * numnode(query) > 300000
            AND guard.exceeded('ts_rank_cd', length(vector), numnode(query), '300000 lexemes × (terms)²')
        THEN NULL
        ELSE pg_catalog.ts_rank_cd(weights, vector, query, normalization)
    END;
END
$function$;

COMMENT ON FUNCTION guard.ts_rank_cd(tsvector, tsquery) IS $comment$
The built-in function compares all places of all pairs of words sought, and can't be interrupted:
SK429 for long queries over long documents.
$comment$;
COMMENT ON FUNCTION guard.ts_rank_cd(tsvector, tsquery, integer) IS 'As guard.ts_rank_cd(tsvector, tsquery).';
COMMENT ON FUNCTION guard.ts_rank_cd(real[], tsvector, tsquery) IS 'As guard.ts_rank_cd(tsvector, tsquery).';
COMMENT ON FUNCTION guard.ts_rank_cd(real[], tsvector, tsquery, integer) IS 'As guard.ts_rank_cd(tsvector, tsquery).';
REVOKE ALL ON FUNCTION guard.ts_rank_cd(tsvector, tsquery) FROM PUBLIC;
REVOKE ALL ON FUNCTION guard.ts_rank_cd(tsvector, tsquery, integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION guard.ts_rank_cd(real[], tsvector, tsquery) FROM PUBLIC;
REVOKE ALL ON FUNCTION guard.ts_rank_cd(real[], tsvector, tsquery, integer) FROM PUBLIC;

-- end of objects
NOTIFY storekeeper_catalog;
