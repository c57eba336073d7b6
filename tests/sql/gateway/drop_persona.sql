-- gateway.drop_persona: takes all away that add_persona and its use have made, and nothing else.
BEGIN;
\ir ../tap.sql
SELECT plan(20);

-- A persona with a table, a policy, a tool and two people.
SELECT gateway.add_persona('tap_readers', 'They read.', 'tap_data');
CREATE SCHEMA tap_data;
CREATE TABLE tap_data.books (store_id uuid NOT NULL, title text NOT NULL);
INSERT INTO tap_data.books VALUES ('00000000-0000-4000-8000-000000000001', 'One');
ALTER TABLE tap_data.books ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY readers ON tap_data.books TO tap_readers
    USING (store_id = ANY ((SELECT gateway.tenant_ids())::uuid[]));
GRANT USAGE ON SCHEMA tap_data TO tap_readers, head_office;
GRANT SELECT ON tap_data.books TO tap_readers, head_office;
CREATE FUNCTION tool.tap_books() RETURNS SETOF text LANGUAGE sql STABLE
    AS 'SELECT title FROM tap_data.books';
REVOKE ALL ON FUNCTION tool.tap_books FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tool.tap_books TO tap_readers;
SELECT gateway.put_principal(
    ('00000000-0000-4000-8000-0000000000' || n)::uuid, n || '@tap.example', n, 'tap_readers'
) FROM unnest('{ed,ee}'::text[]) AS n;
SELECT gateway.put_tenants('00000000-0000-4000-8000-0000000000ee', NULL);
SELECT gateway.put_tenants(
    '00000000-0000-4000-8000-0000000000ed', '{00000000-0000-4000-8000-000000000001}'
);
SELECT be('ee@tap.example');
SELECT results_eq('SELECT tool.tap_books()', $$VALUES ('One')$$, 'it is in use');
SELECT be_dba();

-- Nobody may, but the DBA's role.
SELECT be();
SELECT throws_ok($$SELECT gateway.drop_persona('tap_readers')$$, '42501', 'no persona');
SELECT be_dba();
SET LOCAL ROLE storekeeper_gateway;
SELECT throws_ok($$SELECT gateway.drop_persona('tap_readers')$$, '42501', 'not the login');
RESET ROLE;
CREATE ROLE tap_dba LOGIN IN ROLE storekeeper_dba;
SET LOCAL SESSION AUTHORIZATION tap_dba;
SELECT throws_ok(
    $$SELECT gateway.drop_persona('tap_readers')$$, '42501',
    'the DBA''s role alone is not enough'
);
SET LOCAL SESSION AUTHORIZATION DEFAULT;

-- Dropped
CREATE TEMP TABLE persona_before ON COMMIT DROP AS
SELECT * FROM gateway.personas WHERE role <> 'tap_readers';
CREATE TEMP TABLE principal_before ON COMMIT DROP AS
SELECT * FROM gateway.principals WHERE role <> 'tap_readers';
SELECT lives_ok($$SELECT gateway.drop_persona('tap_readers')$$, 'a superuser can');
SELECT is(current_user, session_user, 'and is who they were');
SELECT is(to_regrole('tap_readers'), NULL, 'its role is gone');
SELECT is(to_regrole('sandbox_tap_readers'), NULL, 'so is its sandbox''s');
SELECT is(to_regproc('sandbox.run_tap_readers'), NULL, 'and the sandbox function');
SELECT is_empty(
    $$SELECT email FROM gateway.principals WHERE email ~ '@tap.example$'$$, 'its people are gone'
);
SELECT is_empty(
    $$SELECT 1 FROM gateway.principal_tenants
        WHERE principal_id = '00000000-0000-4000-8000-0000000000ed'$$, 'and what they had'
);
SELECT throws_ok($$SELECT be('ee@tap.example')$$, 'SK401', 'they may not enter');
SELECT is_empty(
    $$SELECT polname FROM pg_policy WHERE polrelid = 'tap_data.books'::regclass$$,
    'its policies are gone'
);
SELECT results_eq(
    'SELECT title FROM tap_data.books', $$VALUES ('One')$$, 'the table that it read is not'
);

-- The others are as they were.
SELECT results_eq(
    'SELECT * FROM gateway.personas ORDER BY role', 'SELECT * FROM persona_before ORDER BY role',
    'the other personas are there'
);
SELECT results_eq(
    'SELECT * FROM gateway.principals ORDER BY principal_id',
    'SELECT * FROM principal_before ORDER BY principal_id', 'with their people'
);
SELECT be('analyst@zava.example');
SELECT lives_ok('SELECT * FROM tap_data.books', 'and their grants');
SELECT be_dba();

-- A new one of the name has nothing of the old.
SELECT gateway.add_persona('tap_readers', 'They read again.');
SELECT is(
    has_table_privilege('tap_readers', 'tap_data.books', 'SELECT'), false,
    'who comes after has no rights of before'
);

-- What is none
SELECT throws_ok(
    $$SELECT gateway.drop_persona('tap_nobody')$$, '42704', 'a persona that there is not'
);
SELECT throws_ok(
    $$SELECT gateway.drop_persona('storekeeper_owner')$$, '42704', 'nor a role that is none'
);

SELECT * FROM finish();
ROLLBACK;
