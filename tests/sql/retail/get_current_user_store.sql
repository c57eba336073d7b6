-- retail.get_current_user_store: one's only store, or NULL.
BEGIN;
\ir ../tap.sql
SELECT plan(8);

-- Nobody
SELECT be();
SELECT is(retail.get_current_user_store(), NULL::uuid, 'nobody has no store');

-- The manager
SELECT be('seattle@zava.example');
SELECT is(
    retail.get_current_user_store(), '00000000-0000-4000-8000-000000000001'::uuid,
    'the manager has theirs'
);
SELECT tap.set(
    'storekeeper.context',
    replace(tap.setting('storekeeper.context'), '000000000001', '000000000002'), true
) <> '' AS forged \gset
SELECT throws_ok('SELECT retail.get_current_user_store()', '42501', 'a forged identity is refused');

-- A colleague
SELECT be('bellevue@zava.example');
SELECT is(
    retail.get_current_user_store(), '00000000-0000-4000-8000-000000000002'::uuid,
    'a colleague has their own'
);

-- A stranger
SELECT be_dba();
SELECT throws_ok($$SELECT be('former@zava.example')$$, 'SK401', 'a deactivated manager is refused');

-- Regional managers
SELECT be('puget-sound@zava.example');
SELECT is(retail.get_current_user_store(), NULL::uuid, 'who has several has none of them');
SELECT be('inland@zava.example');
SELECT is(
    retail.get_current_user_store(), '00000000-0000-4000-8000-000000000004'::uuid,
    'a regional manager of one store has it'
);

-- Head office
SELECT be('analyst@zava.example');
SELECT is(retail.get_current_user_store(), NULL::uuid, 'head office has none');

SELECT * FROM finish();
ROLLBACK;
