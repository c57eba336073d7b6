-- Who sees and writes whose daily sales.
BEGIN;
\ir ../tap.sql
SELECT plan(20);

-- How many rows there are of each store, as nobody but the DBA can count them.
CREATE TEMP TABLE row_of ON COMMIT DROP AS
SELECT s.store_id, s.region_id, count(t.store_id) AS rows
FROM retail.stores AS s
LEFT JOIN retail.daily_sales AS t USING (store_id)
GROUP BY s.store_id, s.region_id;
GRANT SELECT ON row_of TO PUBLIC;

-- Nobody
SELECT be();
SELECT is_empty(
    'SELECT 1 FROM retail.daily_sales', 'a store manager''s role without identity sees nothing'
);
SET LOCAL ROLE regional_managers;
SELECT is_empty('SELECT 1 FROM retail.daily_sales', 'nor does a regional manager''s');
RESET ROLE;
SET LOCAL ROLE head_office;
SELECT is_empty('SELECT 1 FROM retail.daily_sales', 'nor does head office''s');
RESET ROLE;
SET LOCAL ROLE storekeeper_owner;
SELECT is_empty(
    'SELECT 1 FROM retail.daily_sales', 'nor does the table''s owner: row security is forced'
);
RESET ROLE;

-- The manager
SELECT be('seattle@zava.example');
SELECT results_eq(
    'SELECT store_id, count(*) FROM retail.daily_sales GROUP BY store_id',
    $$SELECT store_id, rows FROM row_of WHERE store_id = '00000000-0000-4000-8000-000000000001'$$,
    'the manager sees all rows of their store and no other''s');
SELECT is_empty(
    $$SELECT 1 FROM retail.daily_sales WHERE store_id = '00000000-0000-4000-8000-000000000002'$$,
    'asking for another store by its id finds nothing');
SELECT tap.set(
    'storekeeper.context',
    replace(tap.setting('storekeeper.context'), '000000000001', '000000000002'), true) <> ''
        AS forged \gset
SELECT throws_ok('SELECT 1 FROM retail.daily_sales', '42501', 'a forged identity is refused');
SELECT tap.set('storekeeper.context', 'none of mine', true) <> '' AS forged \gset
SELECT throws_ok('SELECT 1 FROM retail.daily_sales', '42501', 'so is one made up');

-- A colleague
SELECT be('bellevue@zava.example');
SELECT results_eq(
    'SELECT store_id, count(*) FROM retail.daily_sales GROUP BY store_id',
    $$SELECT store_id, rows FROM row_of WHERE store_id = '00000000-0000-4000-8000-000000000002'$$,
    'a colleague sees all rows of their own store');

-- A stranger
SELECT be_dba();
SELECT throws_ok($$SELECT be('former@zava.example')$$, 'SK401', 'a deactivated manager is refused');
SELECT throws_ok($$SELECT be('unknown@zava.example')$$, 'SK401', 'so is an unknown person');

-- The regional manager
SELECT be('puget-sound@zava.example');
SELECT results_eq(
    'SELECT store_id, count(*) FROM retail.daily_sales GROUP BY store_id ORDER BY store_id',
    'SELECT store_id, rows FROM row_of WHERE region_id = 1 ORDER BY store_id',
    'the regional manager sees all rows of the region and no other''s');
SELECT is_empty(
    $$SELECT 1 FROM retail.daily_sales WHERE store_id = '00000000-0000-4000-8000-000000000002'$$,
    'and nothing of a store outside it');

-- Head office
SELECT be('analyst@zava.example');
SELECT results_eq(
    'SELECT store_id, count(*) FROM retail.daily_sales GROUP BY store_id ORDER BY store_id',
    'SELECT store_id, rows FROM row_of ORDER BY store_id',
    'head office sees every row');

-- Writing
SELECT throws_ok('DELETE FROM retail.daily_sales', '42501', 'no persona may take one away');
SELECT be('seattle@zava.example');
SELECT lives_ok(
    $$INSERT INTO retail.daily_sales (store_id, business_day, product_id, order_lines, units, revenue, discount)
        VALUES ('00000000-0000-4000-8000-000000000001', '2001-01-01', 1, 1, 1, 1, 0)$$,
    'the triggers add to the manager''s own');
SELECT lives_ok(
    $$UPDATE retail.daily_sales SET units = units + 1$$, 'and change them');
SELECT throws_ok(
    $$INSERT INTO retail.daily_sales (store_id, business_day, product_id, order_lines, units, revenue, discount)
        VALUES ('00000000-0000-4000-8000-000000000002', '2001-01-01', 1, 1, 1, 1, 0)$$,
    '42501', 'nor add any there');
SELECT throws_ok(
    $$UPDATE retail.daily_sales SET store_id = '00000000-0000-4000-8000-000000000002'$$,
    '42501', 'and a row keeps its store');

-- What a later mistake would open
SELECT be_dba();
CREATE POLICY mistake ON retail.daily_sales TO store_managers USING (true) WITH CHECK (true);
SELECT be('seattle@zava.example');
SELECT is_empty(
    $$SELECT 1 FROM retail.daily_sales WHERE store_id <> '00000000-0000-4000-8000-000000000001'$$,
    'the guard holds against a policy that lets everything through');

SELECT * FROM finish();
ROLLBACK;
