-- gateway.doctor: healthy as it is, and each finding turns when its cause does.
BEGIN;
\ir ../tap.sql
SELECT plan(34);

-- What the doctor says of a subject after this statement, which is undone again.
CREATE FUNCTION pg_temp.after(statement text, subject text)
RETURNS boolean LANGUAGE plpgsql AS $function$
DECLARE
    v_ok boolean;
BEGIN
    EXECUTE statement;
    SELECT d.ok INTO STRICT v_ok FROM gateway.doctor() AS d WHERE d.subject = after.subject;
    RAISE EXCEPTION USING ERRCODE = 'TAP00';
EXCEPTION WHEN SQLSTATE 'TAP00' THEN
    RETURN v_ok;
END
$function$;
CREATE FUNCTION pg_temp.breaks(statement text, subject text, description text)
RETURNS text LANGUAGE sql AS $function$
    SELECT is(pg_temp.after(statement, subject), false, description)
$function$;
CREATE FUNCTION pg_temp.suits(statement text, subject text, description text)
RETURNS text LANGUAGE sql AS $function$
    SELECT is(pg_temp.after(statement, subject), true, description)
$function$;

-- Nobody may ask, but the DBA's role.
SELECT be();
SELECT throws_ok('SELECT * FROM gateway.doctor()', '42501', 'no persona');
SELECT be('analyst@zava.example');
SELECT throws_ok('SELECT * FROM gateway.doctor()', '42501', 'not head office');
SELECT be_dba();
SET LOCAL ROLE storekeeper_gateway;
SELECT throws_ok('SELECT * FROM gateway.doctor()', '42501', 'not the server''s login');
SET LOCAL ROLE storekeeper_dba;
SELECT results_eq(
    'SELECT subject, ok FROM gateway.doctor()',
    $$VALUES ('PostgreSQL', true), ('pgvector', true), ('keys', true), ('people', true),
        ('row security', true), ('roles', true), ('published functions', true),
        ('change notice', true)$$,
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
