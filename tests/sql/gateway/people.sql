-- gateway.people: everybody, for the DBA.
BEGIN;
\ir ../tap.sql
SELECT plan(11);

-- Nobody may ask, but the DBA's role and the loader.
SELECT be();
SELECT throws_ok('SELECT * FROM gateway.people()', '42501', 'no persona without identity');
SELECT be('analyst@zava.example');
SELECT throws_ok('SELECT * FROM gateway.people()', '42501', 'nor with one');
SELECT be_dba();
SET LOCAL ROLE storekeeper_gateway;
SELECT throws_ok('SELECT * FROM gateway.people()', '42501', 'nor the server''s login');
SET LOCAL ROLE storekeeper_loader;
SELECT isnt_empty('SELECT * FROM gateway.people()', 'the loader sees people');
SET LOCAL ROLE storekeeper_dba;
SELECT isnt_empty('SELECT * FROM gateway.people()', 'the DBA does');

-- The manager
SELECT results_eq(
    $$SELECT * FROM gateway.people() WHERE email = 'seattle@zava.example'$$,
    $$SELECT '00000000-0000-4000-8000-000000000101'::uuid, 'seattle@zava.example',
        'Store manager, Seattle', 'store_managers'::name, true,
        '[{"name": "Zava Retail Seattle",
           "store_id": "00000000-0000-4000-8000-000000000001"}]'::jsonb$$,
    'the manager and their store'
);

-- A stranger
SELECT results_eq(
    $$SELECT active, stores FROM gateway.people() WHERE email = 'former@zava.example'$$,
    $$SELECT false, '[]'::jsonb$$, 'who is deactivated is there, and has no store'
);

-- The regional manager
SELECT is(
    (SELECT jsonb_path_query_array(stores, '$[*].name') FROM gateway.people()
        WHERE email = 'puget-sound@zava.example'),
    '["Zava Retail Everett", "Zava Retail Seattle", "Zava Retail Tacoma"]'::jsonb,
    'the regional manager has the region''s stores, by name'
);

-- Head office
SELECT is(
    (SELECT jsonb_array_length(stores) FROM gateway.people() WHERE email = 'analyst@zava.example'),
    8, 'head office has all'
);

-- Everybody
RESET ROLE;
SELECT is(
    (SELECT count(*) FROM gateway.people()), (SELECT count(*) FROM gateway.principals),
    'each person is one row'
);
SELECT results_eq(
    'SELECT role, email FROM gateway.people()',
    'SELECT role, email FROM gateway.people() ORDER BY role, email', 'in order'
);

SELECT * FROM finish();
ROLLBACK;
