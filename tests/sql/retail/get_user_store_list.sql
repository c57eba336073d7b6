-- retail.get_user_store_list: the caller's stores.
BEGIN;
\ir ../tap.sql
SELECT plan(7);

SELECT array_agg(s.store_id ORDER BY s.store_id) AS every,
    array_agg(s.store_id ORDER BY s.store_id) FILTER (WHERE s.region_id = 1) AS region
FROM retail.stores AS s \gset

-- Nobody
SELECT be();
SELECT is(retail.get_user_store_list(), '{}'::uuid[], 'nobody has no stores');

-- The manager
SELECT be('seattle@zava.example');
SELECT is(
    retail.get_user_store_list(), ARRAY['00000000-0000-4000-8000-000000000001']::uuid[],
    'the manager has theirs'
);
SELECT tap.set(
    'storekeeper.context',
    replace(tap.setting('storekeeper.context'), '000000000001', '000000000002'), true
) <> '' AS forged \gset
SELECT throws_ok('SELECT retail.get_user_store_list()', '42501', 'a forged identity is refused');

-- A colleague
SELECT be('bellevue@zava.example');
SELECT is(
    retail.get_user_store_list(), ARRAY['00000000-0000-4000-8000-000000000002']::uuid[],
    'a colleague has their own'
);

-- A stranger
SELECT be_dba();
SELECT throws_ok($$SELECT be('former@zava.example')$$, 'SK401', 'a deactivated manager is refused');

-- The regional manager
SELECT be('puget-sound@zava.example');
SELECT is(
    retail.get_user_store_list(), :'region'::uuid[], 'the regional manager has those of the region'
);

-- Head office
SELECT be('analyst@zava.example');
SELECT is(retail.get_user_store_list(), :'every'::uuid[], 'head office has every store');

SELECT * FROM finish();
ROLLBACK;
