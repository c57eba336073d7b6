-- gateway.doctor: healthy when hardened, and each finding turns when its cause does.
BEGIN;
\ir ../tap.sql
SELECT plan(103);

-- What the doctor says of a subject after this statement, which is undone again.
CREATE FUNCTION pg_temp.after(statement text, subject text, OUT ok boolean, OUT finding text)
LANGUAGE plpgsql AS $function$
BEGIN
    EXECUTE statement;
    SELECT d.ok, d.finding INTO STRICT ok, finding
    FROM gateway.doctor() AS d
    WHERE d.subject = after.subject;
    RAISE EXCEPTION USING ERRCODE = 'TAP00';
EXCEPTION WHEN SQLSTATE 'TAP00' THEN
    NULL;
END
$function$;
CREATE FUNCTION pg_temp.breaks(statement text, subject text, description text)
RETURNS text LANGUAGE sql AS $function$
    SELECT is((pg_temp.after(statement, subject)).ok, false, description)
$function$;
CREATE FUNCTION pg_temp.suits(statement text, subject text, description text)
RETURNS text LANGUAGE sql AS $function$
    SELECT is((pg_temp.after(statement, subject)).ok, true, description)
$function$;

-- A copy of a database has no settings of its own.
SELECT gateway.harden('own');

-- Nobody may ask, but the DBA's role.
SELECT be();
SELECT throws_ok('SELECT * FROM gateway.doctor()', '42501', 'no persona');
SELECT be('analyst@zava.example');
SELECT throws_ok('SELECT * FROM gateway.doctor()', '42501', 'not head office');
SELECT be_dba();
SET LOCAL ROLE storekeeper_gateway;
SELECT throws_ok('SELECT * FROM gateway.doctor()', '42501', 'not the server''s login');
RESET ROLE;

-- The vocabulary of these tests runs as a superuser, which the doctor would tell.
REVOKE EXECUTE ON FUNCTION tap.set, tap.setting, tap.ok, tap.finish FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tap.ok, tap.finish TO storekeeper_dba;
SET LOCAL ROLE storekeeper_dba;
SELECT results_eq(
    'SELECT subject, ok FROM gateway.doctor()',
    $$VALUES ('PostgreSQL', true), ('pgvector', true), ('keys', true), ('people', true),
        ('row security', true), ('roles', true), ('published functions', true),
        ('tenant guards', true), ('sandboxes', true), ('hidden columns', true), ('past row security', true),
        ('login', true), ('free SQL', true), ('temporary files', true),
        ('cache', true), ('embeddings', true), ('change notice', true), ('rollups', true), ('stock', true), ('search', true), ('vector index', true)$$,
    'the DBA is told that all is well'
);
SELECT is_empty(
    $$SELECT subject FROM gateway.doctor()
        WHERE finding IS NULL OR hint IS NULL AND subject <> 'change notice'$$,
    'with a finding and a hint each'
);
RESET ROLE;

-- Keys
SELECT pg_temp.breaks(
    $$DELETE FROM gateway.keys WHERE name = 'assertion'$$, 'keys', 'no key of the servers'
);
SELECT pg_temp.breaks(
    $$DELETE FROM gateway.keys WHERE name = 'context'$$, 'keys', 'none of its own'
);
SELECT pg_temp.breaks('DELETE FROM gateway.keys', 'keys', 'none at all');

-- People
SELECT pg_temp.breaks('UPDATE gateway.principals SET active = false', 'people', 'nobody is active');
SELECT pg_temp.breaks('DELETE FROM gateway.principals', 'people', 'nobody is there');
SELECT pg_temp.suits(
    $$UPDATE gateway.principals SET active = email = 'seattle@zava.example'$$, 'people',
    'one is enough'
);

-- pgvector
SELECT pg_temp.breaks('DROP EXTENSION vector CASCADE', 'pgvector', 'pgvector is gone');
SELECT pg_temp.breaks(
    $$UPDATE pg_extension SET extversion = '0.7.4' WHERE extname = 'vector'$$, 'pgvector',
    'pgvector is too old'
);
SELECT pg_temp.suits(
    $$UPDATE pg_extension SET extversion = '0.10.0' WHERE extname = 'vector'$$, 'pgvector',
    '0.10 is newer than 0.8'
);

-- Row security
SELECT pg_temp.breaks(
    'ALTER TABLE retail.orders NO FORCE ROW LEVEL SECURITY', 'row security', 'not forced'
);
SELECT pg_temp.breaks(
    'ALTER TABLE retail.customers DISABLE ROW LEVEL SECURITY', 'row security', 'not enabled'
);
SELECT pg_temp.breaks(
    'CREATE TABLE tap.sales (); CREATE POLICY anybody ON tap.sales', 'row security',
    'not enabled on a new table that has a policy'
);
SELECT pg_temp.suits(
    'CREATE TABLE tap.sales ()', 'row security', 'a table without policies is no tenant''s'
);

-- Roles
SELECT pg_temp.breaks(format('ALTER ROLE %I BYPASSRLS', role), 'roles', role || ' has BYPASSRLS')
FROM unnest(ARRAY[
    'storekeeper_gateway', 'storekeeper_owner', 'storekeeper_definer', 'store_managers',
    'head_office', 'sandbox_regional_managers'
]) AS role;
SELECT pg_temp.breaks(
    format('ALTER ROLE %I SUPERUSER', role), 'roles', role || ' is a superuser'
)
FROM unnest('{storekeeper_gateway,regional_managers}'::text[]) AS role;
SELECT pg_temp.suits(
    'ALTER ROLE storekeeper_loader BYPASSRLS', 'roles', 'the loader has it, and should'
);

-- Published functions
SELECT pg_temp.breaks(
    'COMMENT ON FUNCTION tool.list_stores IS NULL', 'published functions',
    'a tool without a comment'
);
SELECT pg_temp.breaks(
    'CREATE FUNCTION prompt.tap() RETURNS text LANGUAGE sql AS ''SELECT ''''x''''''',
    'published functions', 'a new prompt without one'
);
SELECT pg_temp.breaks(
    'CREATE FUNCTION tool.tap(integer) RETURNS text LANGUAGE sql AS ''SELECT ''''x'''''';'
        || 'COMMENT ON FUNCTION tool.tap IS ''x''',
    'published functions', 'a tool that can''t be published'
);
SELECT pg_temp.suits(
    'CREATE FUNCTION tool.tap() RETURNS text LANGUAGE sql AS ''SELECT ''''x'''''';'
        || 'COMMENT ON FUNCTION tool.tap IS ''x''',
    'published functions', 'a tool that can'
);
SELECT pg_temp.suits(
    'DROP SCHEMA tool, resource, prompt, completion CASCADE', 'published functions',
    'nothing published is nothing wrong'
);

-- Tenant guards
SELECT pg_temp.breaks(
    'DROP POLICY tenant_guard ON retail.orders', 'tenant guards', 'a guard is dropped'
);
SELECT pg_temp.breaks(
    'DROP POLICY tenant_guard ON retail.orders; CREATE POLICY tenant_guard ON retail.orders ' || guard,
    'tenant guards', description
)
FROM (
    VALUES ('USING (false)', 'a permissive one guards nothing'),
        ('AS RESTRICTIVE FOR SELECT USING (false)', 'one that guards reading only'),
        ('AS RESTRICTIVE TO store_managers USING (false)', 'one for a single role')
) AS g (guard, description);
SELECT pg_temp.breaks(
    'CREATE POLICY tap ON retail.categories USING (true)', 'tenant guards',
    'none on a table that gets a policy'
);

-- Sandboxes
SELECT pg_temp.breaks(statement, 'sandboxes', statement)
FROM unnest(ARRAY[
    'DROP FUNCTION sandbox.run_store_managers',
    'ALTER FUNCTION sandbox.run_store_managers OWNER TO storekeeper_owner',
    'ALTER FUNCTION sandbox.run_store_managers OWNER TO store_managers',
    'ALTER FUNCTION sandbox.run_store_managers SECURITY INVOKER',
    'ALTER FUNCTION sandbox.run_store_managers VOLATILE',
    'ALTER FUNCTION sandbox.run_store_managers SET search_path = pg_catalog, retail, pg_temp',
    'ALTER FUNCTION sandbox.run_store_managers SET search_path = tap, guard, pg_catalog, retail',
    'ALTER FUNCTION sandbox.run_store_managers RESET search_path',
    'ALTER ROLE sandbox_head_office LOGIN', 'ALTER ROLE sandbox_head_office CREATEROLE',
    'GRANT head_office TO sandbox_store_managers', 'GRANT storekeeper_trusted TO sandbox_head_office',
    'GRANT store_managers TO sandbox_store_managers WITH SET TRUE',
    'GRANT SELECT ON gateway.keys TO sandbox_store_managers',
    'GRANT INSERT (name) ON retail.stores TO sandbox_store_managers',
    'GRANT EXECUTE ON FUNCTION gateway.mac TO sandbox_store_managers',
    'GRANT USAGE ON SCHEMA gateway TO sandbox_store_managers',
    'CREATE TABLE tap.own (); ALTER TABLE tap.own OWNER TO sandbox_store_managers',
    'UPDATE gateway.personas SET free_sql_path = ''tap'' WHERE role = ''head_office'''
]) AS statement;
SELECT pg_temp.suits(
    'UPDATE gateway.personas SET free_sql_path = ''tap'' WHERE role = ''head_office'';'
        || 'SELECT gateway.make_sandbox(''head_office'')',
    'sandboxes', 'a sandbox that is made anew'
);
SELECT pg_temp.suits(
    'SELECT gateway.add_persona(''tap_readers'', ''They read.'')', 'sandboxes', 'a new persona''s'
);

-- Hidden columns
SELECT pg_temp.breaks(
    'GRANT SELECT ON retail.orders TO store_managers', 'hidden columns', 'a tenant''s table is read whole'
);
SELECT pg_temp.breaks(
    'GRANT SELECT ON retail.orders TO PUBLIC', 'hidden columns', 'by everybody'
);
SELECT pg_temp.suits(
    'GRANT SELECT ON retail.categories TO store_managers', 'hidden columns',
    'one that is nobody''s may be'
);

-- Free SQL: whatever is in its reach again
SELECT pg_temp.breaks(statement, 'free SQL', statement)
FROM unnest(ARRAY[
    'GRANT EXECUTE ON FUNCTION pg_notify TO head_office',
    'GRANT EXECUTE ON FUNCTION set_config TO PUBLIC',
    'GRANT EXECUTE ON FUNCTION pg_sleep TO sandbox_store_managers',
    'GRANT SELECT ON pg_stat_activity TO store_managers',
    'GRANT SELECT (relname) ON pg_class TO PUBLIC',
    'GRANT SELECT ON information_schema.tables TO regional_managers',
    format('GRANT TEMPORARY ON DATABASE %I TO PUBLIC', current_database()),
    'GRANT USAGE ON LANGUAGE plpgsql TO store_managers',
    'GRANT CREATE ON SCHEMA public TO PUBLIC', 'GRANT CREATE ON SCHEMA guard TO head_office',
    'SELECT gateway.harden(''none'')'
]) AS statement;
SELECT pg_temp.suits('SELECT gateway.harden(''shared'')', 'free SQL', 'a shared database has less');
SELECT pg_temp.breaks(
    'SELECT gateway.harden(''shared''); GRANT EXECUTE ON FUNCTION lo_create TO store_managers',
    'free SQL', 'but that'
);
SELECT pg_temp.suits(
    'SELECT gateway.harden(''none''); SELECT gateway.accept_exposures()', 'free SQL',
    'what the DBA has accepted'
);
SELECT is(
    (pg_temp.after('GRANT EXECUTE ON FUNCTION pg_notify TO head_office', 'free SQL')).finding,
    'not served; within its reach: notifications (pg_notify)', 'it is told by name'
);
SELECT is(
    (pg_temp.after('GRANT SELECT ON pg_roles TO head_office', 'free SQL')).finding,
    'hardened as a database of our own; within its reach: catalog (pg_roles)',
    'what only tells does not stop free SQL'
);
SELECT is(
    (pg_temp.after('DROP FUNCTION sandbox.run_head_office', 'sandboxes')).finding,
    'that of head_office is not as gateway.make_sandbox makes it', 'whose sandbox'
);

-- Past row security
CREATE FUNCTION pg_temp.sees(options text, owner text) RETURNS text LANGUAGE sql AS $function$
    SELECT format(
        'CREATE VIEW retail.everything %s AS SELECT store_id FROM retail.orders;'
        'ALTER VIEW retail.everything OWNER TO %I; GRANT SELECT ON retail.everything TO store_managers',
        options, owner
    )
$function$;
SELECT pg_temp.breaks(pg_temp.sees('', session_user), 'past row security', 'a view of a superuser''s');
SELECT pg_temp.breaks(pg_temp.sees('', 'storekeeper_loader'), 'past row security', 'a view of one with BYPASSRLS');
SELECT pg_temp.suits(pg_temp.sees('', 'storekeeper_owner'), 'past row security', 'a view of the owner, who sees nothing');
SELECT pg_temp.suits(
    pg_temp.sees('WITH (security_invoker = true)', session_user), 'past row security', 'a view that runs as who asks'
);
SELECT is(
    (pg_temp.after(
        $$CREATE FUNCTION retail.all_orders() RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER
            AS 'SELECT count(*) FROM retail.orders'$$, 'past row security'
    )).finding,
    format('retail.all_orders() runs as %s, whom row security does not bind', session_user), 'a function of a superuser''s, by name'
);

-- The login
SELECT pg_temp.breaks(
    'ALTER ROLE storekeeper_gateway SET work_mem = ''2GB''', 'login', 'a default that it may have given itself'
);
SELECT pg_temp.breaks(
    format('ALTER ROLE storekeeper_gateway IN DATABASE %I SET role = ''head_office''', current_database()),
    'login', 'one in this database'
);

-- Temporary files
SELECT pg_temp.breaks(
    format('ALTER ROLE storekeeper_gateway IN DATABASE %I %s', current_database(), change),
    'temporary files', change
)
FROM unnest('{RESET temp_file_limit,SET temp_file_limit = -1}'::text[]) AS change;
SELECT pg_temp.suits(
    format('ALTER ROLE storekeeper_gateway IN DATABASE %I RESET ALL;', current_database())
        || 'ALTER ROLE storekeeper_gateway SET temp_file_limit = ''2GB''',
    'temporary files', 'a limit in every database'
);

-- Tables that a @cache tag names
CREATE FUNCTION pg_temp.tagged(tag text) RETURNS text LANGUAGE sql AS $function$
    SELECT format('COMMENT ON FUNCTION tool.who_am_i IS %L', E'Who.\n' || tag || E'\n@title Who')
$function$;
SELECT pg_temp.suits(pg_temp.tagged(tag), 'cache', tag) FROM unnest(ARRAY[
    '@cache 5m gateway.principals, gateway.personas', '@cache gateway.principals', '@cache 300', '@cache 1h',
    'Not @cache 5m retail.nothing'
]) AS tag;
SELECT is((pg_temp.after(pg_temp.tagged(tag), 'cache')).finding, finding, tag) FROM (VALUES
    ('@cache 5m gateway.principals, retail.nothing', 'tool.who_am_i(): nobody notes changes of retail.nothing'),
    ('@cache gateway.retention,gateway.keys', 'tool.who_am_i(): nobody notes changes of gateway.keys, gateway.retention')
) AS t (tag, finding);
SELECT pg_temp.breaks(pg_temp.tagged('@cache 5m gateway.retention'), 'cache', 'a table that is not watched');
SELECT pg_temp.breaks(
    'ALTER TABLE gateway.principals DISABLE TRIGGER note_change;' || pg_temp.tagged('@cache 5m gateway.principals'),
    'cache', 'one that is not watched any more'
);

-- The embedding model
SELECT is(pg_temp.after(statement, 'embeddings')::text, told, statement) FROM (VALUES
    ('SELECT 1', '(t,"wordllama l2_supercat 256, 256 dimensions")'),
    ('DELETE FROM embedding.tokens', '(f,"wordllama l2_supercat 256 is not loaded")'),
    ('UPDATE embedding.models SET is_active = false', '(f,"no model: search goes by words alone")'),
    ($$DELETE FROM embedding.tokens; UPDATE embedding.models SET provider = 'openai', name = 'x'$$, '(t,"x, 256 dimensions")')
) AS t (statement, told);

-- The change notice is no fault, but it is told when it isn't there.
SELECT d.finding AS with_trigger FROM gateway.doctor() AS d WHERE d.subject = 'change notice' \gset
DROP EVENT TRIGGER storekeeper_catalog;
SELECT ok(d.ok AND d.finding <> :'with_trigger', 'changes by hand reach no server')
FROM gateway.doctor() AS d
WHERE d.subject = 'change notice';

-- And all that is undone.
SELECT is_empty('SELECT 1 FROM gateway.doctor() WHERE NOT ok', 'all is well again');

SELECT * FROM finish();
ROLLBACK;
