-- gateway.put_tenants: whose rows a person may see.
BEGIN;
\ir ../tap.sql
SELECT plan(24);

-- Ada manages a region, and no tenant yet.
SELECT gateway.put_principal(
    '00000000-0000-4000-8000-0000000000ee', 'ada@tap.example', 'Ada', 'regional_managers'
);
CREATE FUNCTION pg_temp.puts(tenant_ids text) RETURNS text LANGUAGE sql AS $function$
    SELECT format(
        'SELECT gateway.put_tenants(''00000000-0000-4000-8000-0000000000ee'', %L)', tenant_ids
    )
$function$;
CREATE FUNCTION pg_temp.hers() RETURNS text LANGUAGE plpgsql AS $function$
DECLARE
    v_tenants text;
BEGIN
    PERFORM be('ada@tap.example');
    v_tenants := array_to_string(gateway.tenant_ids(), ' ');
    PERFORM be_dba();
    RETURN v_tenants;
END
$function$;

-- Nobody may, but the DBA's role, the loader, and the owner, whose trigger does it.
SELECT be();
SELECT throws_ok(pg_temp.puts(NULL), '42501', 'no persona');
SELECT be_dba();
SET LOCAL ROLE storekeeper_gateway;
SELECT throws_ok(pg_temp.puts(NULL), '42501', 'not the server''s login');
SET LOCAL ROLE storekeeper_dba;
SELECT lives_ok(pg_temp.puts('{}'), 'the DBA may');
SET LOCAL ROLE storekeeper_loader;
SELECT lives_ok(pg_temp.puts('{}'), 'so may the loader');
SET LOCAL ROLE storekeeper_owner;
SELECT lives_ok(pg_temp.puts('{}'), 'and the owner');
RESET ROLE;
SELECT is(pg_temp.hers(), '', 'Ada has none so far');

-- Given
SELECT lives_ok(
    pg_temp.puts(
        '{00000000-0000-4000-8000-000000000002, 00000000-0000-4000-8000-000000000001,
          00000000-0000-4000-8000-000000000002}'
    ), 'two tenants, one of them twice'
);
SELECT is(
    pg_temp.hers(), '00000000-0000-4000-8000-000000000001 00000000-0000-4000-8000-000000000002',
    'are two'
);
SELECT be('ada@tap.example');
SELECT is(
    (SELECT array_agg(DISTINCT store_id) FROM retail.orders),
    '{00000000-0000-4000-8000-000000000001,00000000-0000-4000-8000-000000000002}'::uuid[],
    'she sees their orders'
);
SELECT be_dba();

-- Replaced: they are exactly these.
SELECT lives_ok(pg_temp.puts('{00000000-0000-4000-8000-000000000003}'), 'another one');
SELECT is(pg_temp.hers(), '00000000-0000-4000-8000-000000000003', 'is instead of those before');

-- Every tenant, those to come included
SELECT lives_ok(pg_temp.puts(NULL), 'NULL');
SELECT is(
    pg_temp.hers(),
    (SELECT string_agg(tenant_id::text, ' ' ORDER BY tenant_id) FROM gateway.tenants),
    'is every tenant'
);
SELECT gateway.put_tenant('00000000-0000-4000-8000-0000000000ef', 'Opened later');
SELECT ok(
    pg_temp.hers() LIKE '%00000000-0000-4000-8000-0000000000ef', 'one that is opened later, too'
);
SELECT is_empty(
    $$SELECT 1 FROM gateway.principal_tenants
        WHERE principal_id = '00000000-0000-4000-8000-0000000000ee'$$,
    'without a list of them'
);

-- and none again
SELECT lives_ok(pg_temp.puts('{00000000-0000-4000-8000-000000000003}'), 'one again');
SELECT is(pg_temp.hers(), '00000000-0000-4000-8000-000000000003', 'is not every one any more');
SELECT lives_ok(pg_temp.puts('{}'), 'an empty list');
SELECT is(pg_temp.hers(), '', 'is none');

-- The others have what they had.
SELECT be('seattle@zava.example');
SELECT is(
    gateway.tenant_ids(), '{00000000-0000-4000-8000-000000000001}'::uuid[],
    'nobody else''s tenants changed'
);
SELECT be_dba();

-- What can't be
SELECT throws_ok(
    $$SELECT gateway.put_tenants('00000000-0000-4000-8000-0000000000ed', '{}')$$, 'SK404',
    'an unknown person'
);
SELECT throws_ok($$SELECT gateway.put_tenants(NULL, NULL)$$, 'SK404', 'nobody');
SELECT throws_ok(
    pg_temp.puts('{00000000-0000-4000-8000-0000000000ed}'), '23503', 'an unknown tenant'
);
SELECT throws_ok(pg_temp.puts('{NULL}'), '23502', 'a tenant that is NULL');

SELECT * FROM finish();
ROLLBACK;
