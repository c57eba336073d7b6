-- gateway.harden: what PUBLIC has, is taken, given to those who are trusted, and given back.
BEGIN;
\ir ../tap.sql
SELECT plan(63);

-- Every right of PostgreSQL's own, as it is and as it was shipped.
CREATE FUNCTION pg_temp.rights()
RETURNS TABLE (kind text, name text, grantee oid, privilege text) LANGUAGE sql AS $function$
    SELECT k.kind, k.name, a.grantee, a.privilege_type
    FROM (
        SELECT 'function', p.oid::regprocedure::text, coalesce(p.proacl, acldefault('f', p.proowner))
        FROM pg_proc AS p WHERE p.pronamespace = 'pg_catalog'::regnamespace
        UNION ALL
        SELECT 'table', c.oid::regclass::text, coalesce(c.relacl, acldefault('r', c.relowner))
        FROM pg_class AS c
        WHERE c.relnamespace::regnamespace::text IN ('pg_catalog', 'information_schema')
          AND c.relkind IN ('r', 'v')
        UNION ALL
        SELECT 'column', format('%s %s', c.attrelid::regclass, c.attname), c.attacl
        FROM pg_attribute AS c
        JOIN pg_class AS r ON r.oid = c.attrelid
        WHERE r.relnamespace::regnamespace::text IN ('pg_catalog', 'information_schema')
        UNION ALL
        SELECT 'language', l.lanname, coalesce(l.lanacl, acldefault('l', l.lanowner))
        FROM pg_language AS l
        WHERE l.lanpltrusted
        UNION ALL
        SELECT 'database', d.datname, coalesce(d.datacl, acldefault('d', d.datdba))
        FROM pg_database AS d WHERE d.datname = current_database()
        UNION ALL
        SELECT 'schema', n.nspname, coalesce(n.nspacl, acldefault('n', n.nspowner))
        FROM pg_namespace AS n WHERE n.nspname = 'public'
    ) AS k (kind, name, acl), aclexplode(k.acl) AS a
$function$;
CREATE FUNCTION pg_temp.shipped()
RETURNS TABLE (kind text, name text, grantee oid, privilege text) LANGUAGE sql AS $function$
    SELECT k.kind, k.name, a.grantee, a.privilege_type
    FROM (
        SELECT 'function', p.oid::regprocedure::text, coalesce(i.initprivs, acldefault('f', p.proowner))
        FROM pg_proc AS p
        LEFT JOIN pg_init_privs AS i ON (i.classoid, i.objoid) = ('pg_proc'::regclass, p.oid)
        WHERE p.pronamespace = 'pg_catalog'::regnamespace
        UNION ALL
        SELECT 'table', c.oid::regclass::text, coalesce(i.initprivs, acldefault('r', c.relowner))
        FROM pg_class AS c
        LEFT JOIN pg_init_privs AS i
          ON (i.classoid, i.objoid, i.objsubid) = ('pg_class'::regclass, c.oid, 0)
        WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind IN ('r', 'v')
        UNION ALL
        SELECT 'column', format('%s %s', i.objoid::regclass, c.attname), i.initprivs
        FROM pg_init_privs AS i
        JOIN pg_attribute AS c ON (c.attrelid, c.attnum) = (i.objoid, i.objsubid)
        WHERE i.classoid = 'pg_class'::regclass AND i.objsubid <> 0
          AND i.objoid IN (
            SELECT r.oid FROM pg_class AS r WHERE r.relnamespace = 'pg_catalog'::regnamespace)
        UNION ALL
        SELECT 'language', l.lanname, acldefault('l', l.lanowner) FROM pg_language AS l
        WHERE l.lanpltrusted
    ) AS k (kind, name, acl), aclexplode(k.acl) AS a
$function$;
CREATE FUNCTION pg_temp.differs(one text, other text, description text)
RETURNS text LANGUAGE sql AS $function$
    SELECT is_empty(
        format('(TABLE %1$s EXCEPT TABLE %2$s) UNION ALL (TABLE %2$s EXCEPT TABLE %1$s)', one, other),
        description
    )
$function$;
CREATE FUNCTION pg_temp.families(persona text) RETURNS text LANGUAGE sql AS $function$
    SELECT string_agg(family, ', ' ORDER BY family) FROM gateway.exposures(persona)
$function$;
CREATE ROLE tap_other;
CREATE ROLE tap_theirs;
CREATE ROLE sandbox_tap_theirs IN ROLE tap_theirs;

-- Nobody may, but a superuser.
SELECT be();
SELECT throws_ok($$SELECT gateway.harden('none')$$, '42501', 'no persona');
SELECT be_dba();
SET LOCAL ROLE storekeeper_gateway;
SELECT throws_ok($$SELECT gateway.harden('none')$$, '42501', 'not the server''s login');
RESET ROLE;
CREATE ROLE tap_dba LOGIN IN ROLE storekeeper_dba;
SET LOCAL SESSION AUTHORIZATION tap_dba;
SELECT throws_ok($$SELECT gateway.harden('own')$$, 'SK403', 'nor the DBA''s role alone');
SET LOCAL SESSION AUTHORIZATION DEFAULT;
SELECT throws_ok(
    format('SELECT gateway.harden(%L)', word), 'SK400', 'no strength: ' || coalesce(word, 'NULL')
)
FROM unnest('{OWN,"",full,own;,NULL}'::text[]) AS word;

-- none: as PostgreSQL ships it
SELECT gateway.harden('none');
CREATE TEMP TABLE as_none ON COMMIT DROP AS SELECT * FROM pg_temp.rights();
CREATE TEMP TABLE open_to_all ON COMMIT DROP AS
SELECT * FROM as_none
WHERE grantee = 0 AND kind <> ALL ('{database,schema}') AND name !~ '^information_schema';
CREATE TEMP TABLE shipped_to_all ON COMMIT DROP AS
SELECT * FROM pg_temp.shipped() WHERE grantee = 0;
SELECT pg_temp.differs('open_to_all', 'shipped_to_all', 'PUBLIC has what it has in a new database');
SELECT is_empty(
    $$SELECT * FROM as_none WHERE grantee::regrole::text ~ '^storekeeper_(trusted|gateway)$'$$,
    'and we have nothing of it by name'
);
SELECT results_eq(
    'SELECT strength, accepted, dba FROM gateway.hardening',
    'SELECT NULL::text, ''{}''::text[], session_user', 'it is written down'
);
SELECT is(
    pg_temp.families(role),
    'SQL text, catalog, introspection, languages, large objects, locks, notifications, replication, '
    'settings, signals, statistics, temporary tables, transactions, waiting', role || ' reaches all'
) FROM gateway.personas;

-- own: nothing is left
SELECT gateway.harden('own');
CREATE TEMP TABLE as_own ON COMMIT DROP AS SELECT * FROM pg_temp.rights();
SELECT is(pg_temp.families(role), NULL, role || ' reaches nothing') FROM gateway.personas;
SELECT results_eq(
    'SELECT strength, accepted, dba FROM gateway.hardening',
    'SELECT ''own'', ''{}''::text[], session_user', 'own is written down'
);
SELECT is_empty(
    $$SELECT kind, name, privilege FROM as_none WHERE grantee = 0
        EXCEPT SELECT kind, name, privilege FROM as_own
        WHERE grantee IN (0, 'storekeeper_trusted'::regrole)
        EXCEPT SELECT 'schema', 'public', 'CREATE'$$,
    'who is trusted has what PUBLIC lost'
);
SELECT is_empty(
    $$SELECT kind, name, privilege FROM as_own WHERE grantee = 'storekeeper_trusted'::regrole
        EXCEPT SELECT kind, name, privilege FROM as_none WHERE grantee = 0$$,
    'and nothing of a superuser''s'
);
SELECT is_empty(
    $$SELECT kind, name, grantee::regrole, privilege FROM as_own
        WHERE grantee NOT IN (0, 'storekeeper_trusted'::regrole)
        EXCEPT SELECT kind, name, grantee::regrole, privilege FROM as_none
        EXCEPT SELECT 'function', n, 'storekeeper_gateway'::regrole, 'EXECUTE'
            FROM unnest(ARRAY[
                'set_config(text,text,boolean)', 'current_setting(text,boolean)', 'pg_advisory_unlock_all()'
            ]) AS n$$,
    'the server''s login has three of them by name, and nobody else has any'
);
SELECT is_empty(
    $$SELECT * FROM as_own WHERE grantee = 0 AND privilege IN ('SELECT', 'USAGE') AND kind <> 'schema'$$,
    'PUBLIC reads no catalog and uses no language'
);
SELECT is_empty(
    $$SELECT * FROM as_own WHERE grantee = 0
          AND (kind, privilege) IN (('database', 'TEMPORARY'), ('schema', 'CREATE'))$$,
    'makes no temporary table, and nothing in schema public'
);
SELECT is(
    pg_has_role(role, 'storekeeper_trusted', 'USAGE'), trusted,
    role || CASE WHEN trusted THEN ' is trusted' ELSE ' is not' END
)
FROM (
    VALUES ('storekeeper_owner', true), ('storekeeper_definer', true), ('storekeeper_dba', true),
        ('storekeeper_loader', true), ('storekeeper_gateway', false), ('store_managers', false),
        ('sandbox_store_managers', false), ('tap_other', false)
) AS r (role, trusted);

-- The login can do its work, and no more.
SET LOCAL SESSION AUTHORIZATION storekeeper_gateway;
SELECT lives_ok(call, call)
FROM unnest(ARRAY[
    'SELECT set_config(''tap.x'', ''y'', true)', 'SELECT current_setting(''tap.x'', true)',
    'SELECT pg_advisory_unlock_all()'
]) AS call;
SELECT throws_ok(call, '42501', call)
FROM unnest(ARRAY[
    'SELECT pg_notify(''a'', ''b'')', 'SELECT pg_advisory_lock(1)', 'SELECT pg_cancel_backend(0)',
    'SELECT * FROM pg_stat_activity', 'DO ''BEGIN END''', 'CREATE TEMP TABLE t ()'
]) AS call;
SET LOCAL SESSION AUTHORIZATION DEFAULT;

-- Twice is once.
SELECT gateway.harden('own');
CREATE TEMP TABLE own_again ON COMMIT DROP AS SELECT * FROM pg_temp.rights();
SELECT pg_temp.differs('as_own', 'own_again', 'a second time changes nothing');

-- none: all back
SELECT gateway.harden('none');
CREATE TEMP TABLE none_again ON COMMIT DROP AS SELECT * FROM pg_temp.rights();
SELECT pg_temp.differs('as_none', 'none_again', 'all is as it was before');
SELECT is_empty(
    $$SELECT s.setconfig FROM pg_db_role_setting AS s
        JOIN pg_database AS d ON d.oid = s.setdatabase AND d.datname = current_database()
        WHERE s.setrole = 'storekeeper_gateway'::regrole$$, 'there is no limit on temporary files'
);

-- What the DBA took by themselves is not given back by a call that never took it.
REVOKE TEMPORARY ON DATABASE :"DBNAME" FROM PUBLIC;
REVOKE SELECT ON pg_roles FROM PUBLIC;
SELECT gateway.harden('none');
SELECT is_empty(
    $$SELECT * FROM pg_temp.rights()
        WHERE grantee = 0 AND (name = 'pg_roles' OR (kind, privilege) = ('database', 'TEMPORARY'))$$,
    'what the DBA took stays taken'
);
GRANT TEMPORARY ON DATABASE :"DBNAME" TO PUBLIC;
GRANT SELECT ON pg_roles TO PUBLIC;

-- shared: what acts is taken, from those who are ours only
SELECT gateway.harden('shared');
SELECT is(
    (SELECT string_agg(family, ', ' ORDER BY family) FROM gateway.exposures(role) WHERE acting), NULL,
    role || ' can''t act'
) FROM gateway.personas;
SELECT is(
    pg_temp.families('store_managers'),
    'catalog, introspection, languages, statistics, temporary tables, waiting', 'but may be told'
);
SELECT is(
    has_function_privilege(role, 'set_config(text, text, boolean)', 'EXECUTE'), keeps,
    role || CASE WHEN keeps THEN ' keeps set_config' ELSE ' has no set_config' END
)
FROM (
    VALUES ('tap_other', true), ('tap_dba', true), ('tap_theirs', false), ('sandbox_tap_theirs', false),
        ('store_managers', false), ('sandbox_head_office', false)
) AS r (role, keeps);
SELECT is(
    has_function_privilege('storekeeper_gateway', 'pg_notify(text, text)', 'EXECUTE'), false,
    'nor does the login notify'
);
CREATE ROLE tap_later;
SELECT is(
    pg_has_role('tap_later', 'storekeeper_trusted', 'MEMBER'), false,
    'who comes later is granted it by hand'
);
SELECT results_eq(
    'SELECT strength FROM gateway.hardening', 'SELECT ''shared''', 'shared is written down'
);
SELECT isnt_empty(
    $$SELECT FROM pg_db_role_setting AS s
        JOIN pg_database AS d ON d.oid = s.setdatabase AND d.datname = current_database()
        WHERE s.setrole = 'storekeeper_gateway'::regrole AND 'temp_file_limit=1GB' = ANY (s.setconfig)$$,
    'temporary files have a limit'
);
SELECT gateway.harden('own');
SELECT gateway.harden('shared');
CREATE TEMP TABLE as_shared ON COMMIT DROP AS SELECT * FROM pg_temp.rights();
SELECT is_empty(
    $$SELECT kind, name, privilege FROM as_none WHERE grantee = 0
        EXCEPT SELECT kind, name, privilege FROM as_shared WHERE grantee = 0
        EXCEPT SELECT 'function', function_oid::regprocedure::text, 'EXECUTE'
            FROM gateway.acting_functions()$$,
    'from own to shared, PUBLIC has back what only tells'
);
SELECT gateway.harden('none');
CREATE TEMP TABLE none_at_last ON COMMIT DROP AS SELECT * FROM pg_temp.rights();
SELECT pg_temp.differs('as_none', 'none_at_last', 'and from shared to none, all');

SELECT * FROM finish();
ROLLBACK;
