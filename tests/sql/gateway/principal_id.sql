-- gateway.principal_id: who the caller is.
BEGIN;
\ir ../tap.sql
SELECT plan(9);

-- Nobody
SELECT be();
SELECT is(gateway.principal_id(), NULL, 'nobody is nobody');

-- The manager
SELECT be('seattle@zava.example');
SELECT is(
    gateway.principal_id(), '00000000-0000-4000-8000-000000000101'::uuid, 'the manager is known'
);
SELECT tap.set(
    'storekeeper.context',
    replace(tap.setting('storekeeper.context'), '000000000101', '0000000000f1'), true
) AS forged \gset
SELECT throws_ok('SELECT gateway.principal_id()', '42501', 'and can''t be another');
SELECT tap.set('storekeeper.context', 'analyst@zava.example', true) AS forged \gset
SELECT throws_ok('SELECT gateway.principal_id()', '42501', 'not by any name');

-- A colleague
SELECT be('bellevue@zava.example');
SELECT is(
    gateway.principal_id(), '00000000-0000-4000-8000-000000000102'::uuid, 'a colleague is another'
);

-- A stranger
SELECT be_dba();
SELECT throws_ok($$SELECT be('former@zava.example')$$, 'SK401', 'who is deactivated is nobody');

-- The regional manager, head office
SELECT be('puget-sound@zava.example');
SELECT is(
    gateway.principal_id(), '00000000-0000-4000-8000-0000000000a1'::uuid, 'the regional manager'
);
SELECT be('analyst@zava.example');
SELECT is(gateway.principal_id(), '00000000-0000-4000-8000-0000000000f1'::uuid, 'head office');

-- Who else may ask
SELECT be_dba();
SET LOCAL ROLE storekeeper_gateway;
SELECT throws_ok('SELECT gateway.principal_id()', '42501', 'not the server''s login');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
