-- gateway.put_tenant: adds and renames tenants.
BEGIN;
\ir ../tap.sql
SELECT plan(12);

CREATE FUNCTION pg_temp.puts() RETURNS text LANGUAGE sql AS $function$
    SELECT $$SELECT gateway.put_tenant('00000000-0000-4000-8000-0000000000ee', 'Tap')$$
$function$;

-- Nobody may, but the DBA's role, the loader, and the owner, whose trigger does it.
SELECT be();
SELECT throws_ok(pg_temp.puts(), '42501', 'no persona');
SELECT be_dba();
SET LOCAL ROLE storekeeper_gateway;
SELECT throws_ok(pg_temp.puts(), '42501', 'not the server''s login');
RESET ROLE;

-- Added
SELECT count(*) AS before FROM gateway.tenants \gset
SET LOCAL ROLE storekeeper_dba;
SELECT lives_ok(pg_temp.puts(), 'the DBA adds a tenant');
SET LOCAL ROLE storekeeper_loader;
SELECT lives_ok(pg_temp.puts(), 'the loader may');
SET LOCAL ROLE storekeeper_owner;
SELECT lives_ok(pg_temp.puts(), 'so may the owner');
RESET ROLE;
SELECT is((SELECT count(*) FROM gateway.tenants), :before + 1::bigint, 'it is one, however often');
SELECT is(
    (SELECT name FROM gateway.tenants WHERE tenant_id = '00000000-0000-4000-8000-0000000000ee'),
    'Tap', 'of this name'
);

-- Head office has it from now on; a manager has not.
SELECT be('seattle@zava.example');
SELECT is((gateway.who()).tenants, ARRAY['Zava Retail Seattle'], 'the manager has their store');
SELECT be('analyst@zava.example');
SELECT ok('Tap' = ANY ((gateway.who()).tenants), 'head office has the new tenant');
SELECT be_dba();

-- Renamed
SELECT gateway.put_tenant('00000000-0000-4000-8000-0000000000ee', 'Tap and Co.');
SELECT is(
    (SELECT name FROM gateway.tenants WHERE tenant_id = '00000000-0000-4000-8000-0000000000ee'),
    'Tap and Co.', 'it can be renamed'
);

-- What can't be
SELECT throws_ok($$SELECT gateway.put_tenant(NULL, 'Tap')$$, '23502', 'a tenant without an id');
SELECT throws_ok(
    $$SELECT gateway.put_tenant('00000000-0000-4000-8000-0000000000ee', NULL)$$, '23502',
    'one without a name'
);

SELECT * FROM finish();
ROLLBACK;
