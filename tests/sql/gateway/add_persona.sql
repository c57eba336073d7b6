-- gateway.add_persona: a role to call as, with all that a call needs and nothing more.
BEGIN;
\ir ../tap.sql
SELECT plan(38);

-- Nobody may, but the DBA's role.
SELECT be();
SELECT throws_ok($$SELECT gateway.add_persona('tap_readers', 'x')$$, '42501', 'no persona');
SELECT be_dba();
SET LOCAL ROLE storekeeper_gateway;
SELECT throws_ok(
    $$SELECT gateway.add_persona('tap_readers', 'x')$$, '42501', 'not the server''s login'
);
RESET ROLE;
CREATE ROLE tap_dba LOGIN IN ROLE storekeeper_dba;
SET LOCAL SESSION AUTHORIZATION tap_dba;
SELECT throws_ok(
    $$SELECT gateway.add_persona('tap_readers', 'x')$$, 'SK403',
    'the DBA''s role alone can''t make roles'
);
SET LOCAL SESSION AUTHORIZATION DEFAULT;
SELECT is(
    (to_regrole('tap_readers'), to_regproc('sandbox.run_tap_readers'))::text, '(,)',
    'and leaves none half made'
);

-- Made
SELECT lives_ok(
    $$SELECT gateway.add_persona('tap_readers', 'They read.', 'tap_data', 'Asia/Tokyo')$$,
    'a superuser can'
);
SELECT is(current_user, session_user, 'and is who they were');
SELECT results_eq(
    $$SELECT * FROM gateway.personas WHERE role = 'tap_readers'$$,
    $$SELECT 'tap_readers'::name, 'They read.', 'tap_data', 'Asia/Tokyo'$$, 'the persona'
);
SELECT results_eq(
    $$SELECT rolname, rolcanlogin, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb,
            rolreplication
        FROM pg_roles WHERE rolname IN ('tap_readers', 'sandbox_tap_readers') ORDER BY rolname$$,
    $$VALUES ('sandbox_tap_readers'::name, false, false, false, false, false, false),
        ('tap_readers', false, false, false, false, false, false)$$,
    'its role and its sandbox''s have no powers'
);
SELECT results_eq(
    $$SELECT roleid::regrole, member::regrole, inherit_option, set_option, admin_option
        FROM pg_auth_members
        WHERE (roleid::regrole::text ~ 'tap_readers' OR member::regrole::text ~ 'tap_readers')
          AND NOT (SELECT rolsuper FROM pg_roles WHERE oid = member)
        ORDER BY member::regrole::text$$,
    $$VALUES ('tap_readers'::regrole, 'sandbox_tap_readers'::regrole, true, false, false),
        ('tap_readers', 'storekeeper_dba', false, true, false),
        ('tap_readers', 'storekeeper_gateway', false, true, false)$$,
    'the sandbox has its rights, the DBA and the login may become it, and nobody else'
);

-- Its privileges: exactly these
CREATE FUNCTION pg_temp.may_execute(role text) RETURNS text LANGUAGE sql AS $function$
    SELECT string_agg(p.proname, ' ' ORDER BY p.proname)
    FROM pg_proc AS p
    WHERE p.pronamespace::regnamespace::text
        = ANY ('{gateway,sandbox,embedding,tool,resource,prompt,completion,retail,sample}')
      AND has_function_privilege(role, p.oid, 'EXECUTE')
$function$;
CREATE FUNCTION pg_temp.may_use(role text, privilege text) RETURNS text LANGUAGE sql AS $function$
    SELECT string_agg(n.nspname, ' ' ORDER BY n.nspname)
    FROM pg_namespace AS n
    WHERE n.nspname = ANY ('{gateway,sandbox,embedding,tool,resource,prompt,completion,retail,sample}')
      AND has_schema_privilege(role, n.oid, privilege)
$function$;
SELECT is(
    pg_temp.may_execute('tap_readers'),
    'admit_free_query answered catalog describe_table embed embed_all free_query once persona principal_id progress '
    'run_tap_readers tenant_ids tokenise visible_tables who words',
    'what it may execute'
);
SELECT is(
    pg_temp.may_execute('sandbox_tap_readers'),
    'admit_free_query answered catalog describe_table embed embed_all explain_query free_query near_names once persona '
    'principal_id progress query_types run_query run_tap_readers tenant_ids tokenise visible_tables who words',
    'what its sandbox may'
);
SELECT is(
    pg_temp.may_use('tap_readers', 'USAGE'), 'completion embedding gateway prompt resource sandbox tool',
    'the schemas that it may use'
);
SELECT is(pg_temp.may_use('tap_readers', 'CREATE'), NULL, 'it may create in none');
SELECT is(pg_temp.may_use('sandbox_tap_readers', 'CREATE'), NULL, 'nor may its sandbox');
SELECT is_empty(
    $$SELECT c.oid::regclass FROM pg_class AS c
        JOIN unnest('{tap_readers,sandbox_tap_readers}'::text[]) AS role
          ON has_any_column_privilege(role, c.oid, 'SELECT, INSERT, UPDATE, REFERENCES')
        WHERE c.relkind IN ('r', 'p', 'v')
          AND c.relnamespace::regnamespace::text = ANY ('{gateway,retail,sample}')$$,
    'no table of the business or of the gateway is theirs to read or write'
);
SELECT results_eq(
    $$SELECT a.attrelid::regclass::text, bool_and(p IN ('SELECT'))
        FROM pg_attribute AS a
        CROSS JOIN unnest('{SELECT,INSERT,UPDATE,REFERENCES}'::text[]) AS p
        JOIN pg_class AS c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p', 'v')
        WHERE c.relnamespace = 'embedding'::regnamespace AND a.attnum > 0
          AND has_column_privilege('sandbox_tap_readers', a.attrelid, a.attnum, p)
        GROUP BY 1 ORDER BY 1$$,
    $$VALUES ('embedding.models', true), ('embedding.tokens', true)$$,
    'of schema embedding they read the models and the built-in one''s tokens'
);

-- Its sandbox function
SELECT results_eq(
    $$SELECT proowner::regrole, prosecdef, provolatile, prorettype::regtype, proconfig
        FROM pg_proc WHERE oid = to_regproc('sandbox.run_tap_readers')$$,
    $$SELECT 'sandbox_tap_readers'::regrole, true, 's'::"char", 'json'::regtype,
        ARRAY['search_path=guard, pg_catalog, tap_data, public, pg_temp', 'TimeZone=Asia/Tokyo',
            'max_parallel_workers_per_gather=0', 'cursor_tuple_fraction=1']$$,
    'belongs to the powerless, runs as it, and has the path and the zone'
);
SELECT results_eq(
    $$SELECT a.grantee::regrole, a.privilege_type
        FROM pg_proc AS p, aclexplode(p.proacl) AS a
        WHERE p.oid = to_regproc('sandbox.run_tap_readers') ORDER BY 1::text$$,
    $$VALUES ('sandbox_tap_readers'::regrole, 'EXECUTE'), ('tap_readers', 'EXECUTE')$$,
    'is for the persona alone'
);

-- Used: a table of its own, with a policy, and a person
CREATE SCHEMA tap_data;
CREATE TABLE tap_data.books (store_id uuid NOT NULL, title text NOT NULL);
INSERT INTO tap_data.books
VALUES ('00000000-0000-4000-8000-000000000001', 'One'),
    ('00000000-0000-4000-8000-000000000002', 'Two');
ALTER TABLE tap_data.books ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY readers ON tap_data.books TO tap_readers
    USING (store_id = ANY ((SELECT gateway.tenant_ids())::uuid[]));
GRANT USAGE ON SCHEMA tap_data TO tap_readers;
GRANT SELECT ON tap_data.books TO tap_readers;
CREATE FUNCTION tool.tap_books() RETURNS SETOF text LANGUAGE sql STABLE
    AS 'SELECT title FROM tap_data.books';
REVOKE ALL ON FUNCTION tool.tap_books FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tool.tap_books TO tap_readers;
SELECT lives_ok(
    $$SELECT gateway.put_principal(
        '00000000-0000-4000-8000-0000000000ee', 'ada@tap.example', 'Ada', 'tap_readers')$$,
    'Ada is one of them'
);
SELECT gateway.put_tenants(
    '00000000-0000-4000-8000-0000000000ee', '{00000000-0000-4000-8000-000000000002}'
);

SET LOCAL ROLE tap_readers;
SELECT is_empty('SELECT * FROM tap_data.books', 'nobody of this role sees a book');
RESET ROLE;
SELECT lives_ok($$SELECT be('ada@tap.example')$$, 'Ada enters');
SELECT is(current_user::text, 'tap_readers', 'with its role');
SELECT results_eq('SELECT title FROM tap_data.books', $$VALUES ('Two')$$, 'she sees her books');
SELECT results_eq('SELECT tool.tap_books()', $$VALUES ('Two')$$, 'by the tool, too');
SELECT is(
    gateway.free_query('SELECT title, current_user AS role FROM books') ->> 'rows',
    '[{"title":"Two","role":"sandbox_tap_readers"}]', 'and by free SQL'
);
SELECT is(
    gateway.free_query('SELECT timestamptz ''2026-01-01 00:00Z'' AS t') ->> 'rows',
    '[{"t":"2026-01-01T09:00:00+09:00"}]', 'in Tokyo''s time'
);
SELECT throws_ok(
    $$SELECT gateway.free_query('SELECT set_config(''role'', ''head_office'', true)')$$, '42501',
    'which makes her nobody else'
);
SELECT throws_ok('SELECT * FROM retail.orders', '42501', 'the shops'' tables are not hers');
SELECT throws_ok('SELECT * FROM tool.list_stores()', '42501', 'nor are their tools');
SELECT is(
    (SELECT string_agg(f ->> 'name', ' ') FROM json_array_elements(gateway.catalog() -> 'functions')
        AS f),
    'tap_books', 'her tool is all that is published to her'
);
SELECT is((gateway.who()).persona::text, 'tap_readers', 'the gateway knows her');
SELECT be('analyst@zava.example');
SELECT throws_ok('SELECT * FROM tap_data.books', '42501', 'her books are not head office''s');
SELECT throws_ok(
    $$SELECT sandbox.run_tap_readers('SELECT 1', 1, 100)$$, '42501', 'nor is her sandbox'
);
SELECT be_dba();
SET LOCAL SESSION AUTHORIZATION storekeeper_gateway;
SELECT lives_ok('SET LOCAL ROLE tap_readers', 'the server''s login may become it');
SET LOCAL SESSION AUTHORIZATION DEFAULT;
SET LOCAL SESSION AUTHORIZATION storekeeper_gateway;
SELECT throws_ok('SET LOCAL ROLE sandbox_tap_readers', '42501', 'but not its sandbox');
SET LOCAL SESSION AUTHORIZATION DEFAULT;

-- Again, and by other names
SELECT throws_ok(
    $$SELECT gateway.add_persona('tap_readers', 'Again.')$$, '23505', 'there is one of a name'
);
SELECT lives_ok($$SELECT gateway.add_persona('Tap "readers"', 'Odd.')$$, 'a name may be odd');
SELECT results_eq(
    $$SELECT role, free_sql_path, free_sql_zone FROM gateway.personas WHERE role ~ '^Tap'$$,
    $$SELECT 'Tap "readers"'::name, 'public', 'UTC'$$, 'path and zone have defaults'
);

SELECT * FROM finish();
ROLLBACK;
