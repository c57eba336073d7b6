-- gateway.who: all that the gateway knows of the caller.
BEGIN;
\ir ../tap.sql
SELECT plan(12);

-- Nobody
SELECT be();
SELECT results_eq(
    'SELECT * FROM gateway.who()',
    'SELECT NULL::uuid, NULL::text, NULL::text, NULL::name, NULL::text[]', 'of nobody nothing'
);

-- The manager
SELECT be('seattle@zava.example');
SELECT results_eq(
    'SELECT * FROM gateway.who()',
    $$SELECT '00000000-0000-4000-8000-000000000101'::uuid, 'Store manager, Seattle',
        'seattle@zava.example', 'store_managers'::name, ARRAY['Zava Retail Seattle']$$,
    'the manager: id, name, e-mail, persona and store'
);
SELECT tap.set('storekeeper.context', 'forged', true) AS forged \gset
SELECT throws_ok('SELECT * FROM gateway.who()', '42501', 'a forged identity is refused');

-- A colleague
SELECT be('bellevue@zava.example');
SELECT is((gateway.who()).email, 'bellevue@zava.example', 'a colleague');
SELECT is((gateway.who()).tenants, ARRAY['Zava Retail Bellevue'], 'and their store');

-- A stranger
SELECT be_dba();
SELECT gateway.put_principal(
    '00000000-0000-4000-8000-0000000000ee', 'stranger@zava.example', 'Stranger', 'store_managers'
);
SELECT be('stranger@zava.example');
SELECT is((gateway.who()).tenants, '{}'::text[], 'a person without stores has none');

-- The regional manager
SELECT be('puget-sound@zava.example');
SELECT is((gateway.who()).persona::text, 'regional_managers', 'the regional manager');
SELECT is(
    (gateway.who()).tenants,
    ARRAY['Zava Retail Everett', 'Zava Retail Seattle', 'Zava Retail Tacoma'],
    'the stores of the region, by name'
);

-- Head office
SELECT be('analyst@zava.example');
SELECT is((gateway.who()).persona::text, 'head_office', 'head office');
SELECT is(cardinality((gateway.who()).tenants), 8, 'every store');

-- Who else may ask
SELECT be_dba();
SET LOCAL ROLE storekeeper_dba;
SELECT is((gateway.who()).email, NULL, 'the DBA, who is nobody');
RESET ROLE;
SET LOCAL ROLE storekeeper_gateway;
SELECT throws_ok('SELECT gateway.who()', '42501', 'not the server''s login');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
