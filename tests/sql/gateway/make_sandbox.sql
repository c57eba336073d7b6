-- gateway.make_sandbox: the function that free SQL runs in, made anew.
BEGIN;
\ir ../tap.sql
SELECT plan(28);

-- Nobody may, but the DBA's role; and it needs the right to make what the sandbox's role owns.
SELECT be('analyst@zava.example');
SELECT throws_ok($$SELECT gateway.make_sandbox('head_office')$$, '42501', 'no persona');
SELECT be_dba();
SET LOCAL ROLE storekeeper_gateway;
SELECT throws_ok($$SELECT gateway.make_sandbox('head_office')$$, '42501', 'not the server''s login');
RESET ROLE;
CREATE ROLE tap_dba LOGIN IN ROLE storekeeper_dba;
SET LOCAL SESSION AUTHORIZATION tap_dba;
SELECT throws_ok(
    $$SELECT gateway.make_sandbox('head_office')$$, '42501', 'the DBA''s role alone is not enough'
);
SET LOCAL SESSION AUTHORIZATION DEFAULT;
SELECT is_empty(
    $$SELECT role FROM gateway.personas WHERE to_regproc('sandbox.run_' || role) IS NULL$$,
    'and nothing is lost by it'
);
SELECT throws_ok($$SELECT gateway.make_sandbox('tap_nobody')$$, 'P0002', 'what is no persona has none');
SELECT throws_ok($$SELECT gateway.make_sandbox('storekeeper_owner')$$, 'P0002', 'nor what is a role');
SELECT throws_ok($$SELECT gateway.make_sandbox(NULL)$$, 'P0002', 'nor NULL');

-- As it is made
CREATE FUNCTION pg_temp.made()
RETURNS TABLE (owner name, definer boolean, volatility text, acl text, settings text[])
LANGUAGE sql AS $function$
    SELECT p.proowner::regrole::name, p.prosecdef, p.provolatile::text,
        (SELECT string_agg(format('%s %s', a.grantee::regrole, a.privilege_type), ', '
            ORDER BY a.grantee::regrole::text) FROM aclexplode(p.proacl) AS a),
        p.proconfig
    FROM pg_proc AS p
    WHERE p.oid = to_regproc('sandbox.run_store_managers')
$function$;
CREATE TEMP TABLE shipped ON COMMIT DROP AS SELECT * FROM pg_temp.made();
SELECT is((SELECT owner FROM shipped), 'sandbox_store_managers', 'it is the sandbox role''s');
SELECT ok((SELECT definer FROM shipped), 'it runs as its owner');
SELECT is((SELECT volatility FROM shipped), 's', 'it reads');
SELECT is(
    (SELECT acl FROM shipped), 'sandbox_store_managers EXECUTE, store_managers EXECUTE',
    'it is for its persona alone'
);
SELECT is(
    (SELECT settings FROM shipped),
    ARRAY['search_path=guard, pg_catalog, retail, public, pg_temp', 'TimeZone=America/Los_Angeles',
        'max_parallel_workers_per_gather=0', 'cursor_tuple_fraction=1'],
    'behind the guards, on the persona''s path, in its zone, with one processor'
);
SELECT is(
    has_schema_privilege('sandbox_store_managers', 'sandbox', 'CREATE'), false,
    'its role can make no other'
);
SELECT is_empty(
    $$SELECT p.oid::regprocedure FROM pg_proc AS p
        WHERE p.pronamespace = 'guard'::regnamespace
          AND NOT has_function_privilege('sandbox_store_managers', p.oid, 'EXECUTE')$$,
    'each guard is there for it'
);

-- Anew: whatever was done to it is undone.
ALTER FUNCTION sandbox.run_store_managers OWNER TO storekeeper_owner;
ALTER FUNCTION sandbox.run_store_managers SECURITY INVOKER VOLATILE SET search_path = retail;
GRANT EXECUTE ON FUNCTION sandbox.run_store_managers TO PUBLIC;
SELECT lives_ok($$SELECT gateway.make_sandbox('store_managers')$$, 'a superuser makes it anew');
SELECT is(current_user, session_user, 'and is who they were');
SELECT results_eq('SELECT * FROM pg_temp.made()', 'SELECT * FROM shipped', 'it is as it was');
DROP FUNCTION sandbox.run_store_managers;
SELECT gateway.make_sandbox('store_managers');
SELECT results_eq('SELECT * FROM pg_temp.made()', 'SELECT * FROM shipped', 'even where it was gone');
SELECT gateway.make_sandbox('store_managers');
SELECT results_eq('SELECT * FROM pg_temp.made()', 'SELECT * FROM shipped', 'twice is once');
SELECT is((SELECT ok FROM gateway.doctor() WHERE subject = 'sandboxes'), true, 'the doctor agrees');
SELECT be('seattle@zava.example');
SELECT is(
    gateway.free_query('SELECT count(DISTINCT store_id) AS n FROM orders') ->> 'rows', '[{"n":1}]',
    'it answers'
);
SELECT is(
    gateway.free_query('SELECT current_user AS u') ->> 'rows', '[{"u":"sandbox_store_managers"}]',
    'as the powerless'
);
SELECT throws_ok(
    $$SELECT gateway.free_query('SELECT repeat(''x'', 10000000)')$$, 'SK429', 'behind the guards'
);
SELECT throws_ok(
    $$SELECT sandbox.run_head_office('SELECT 1', 1, 1000)$$, '42501', 'another''s is not theirs'
);
SELECT be_dba();

-- A new guard is theirs once it is made anew; the path and the zone are those of gateway.personas.
SET LOCAL ROLE storekeeper_definer;
CREATE FUNCTION guard.tap() RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT ''guarded''';
REVOKE ALL ON FUNCTION guard.tap FROM PUBLIC;
UPDATE gateway.personas SET free_sql_path = 'public', free_sql_zone = 'Asia/Tokyo'
WHERE role = 'store_managers';
RESET ROLE;
SELECT be('seattle@zava.example');
SELECT throws_ok($$SELECT gateway.free_query('SELECT tap()')$$, '42501', 'a guard that is new');
SELECT be_dba();
SELECT gateway.make_sandbox('store_managers');
SELECT be('seattle@zava.example');
SELECT is(gateway.free_query('SELECT tap() AS t') ->> 'rows', '[{"t":"guarded"}]', 'is theirs then');
SELECT is(
    gateway.free_query('SELECT timestamptz ''2026-01-01 00:00Z'' AS t') ->> 'rows',
    '[{"t":"2026-01-01T09:00:00+09:00"}]', 'the time is Tokyo''s'
);
SELECT throws_ok(
    $$SELECT gateway.free_query('SELECT * FROM orders')$$, '42P01', 'the path leads elsewhere'
);

SELECT * FROM finish();
ROLLBACK;
