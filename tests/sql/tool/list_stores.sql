-- tool.list_stores: against queries of our own.
BEGIN;
\ir ../tap.sql
SELECT plan(6);

SET LOCAL timezone = 'America/Los_Angeles';
CREATE TEMP TABLE want ON COMMIT DROP AS
SELECT
    s.store_id, s.name::text, r.name::text AS region, s.location::text, s.is_online,
    (SELECT count(*) FROM retail.customers AS c WHERE c.store_id = s.store_id) AS customers,
    o.orders, coalesce(o.revenue, 0) AS revenue
FROM retail.stores AS s
JOIN retail.regions AS r USING (region_id)
CROSS JOIN LATERAL (
    SELECT count(*) AS orders, sum(o.total_amount) AS revenue
    FROM retail.orders AS o
    WHERE o.store_id = s.store_id AND o.order_date::date BETWEEN current_date - 30
        AND current_date - 1
      AND o.status NOT IN ('cancelled', 'returned')
) AS o;
GRANT SELECT ON want TO PUBLIC;

-- Nobody
SELECT be();
SELECT is_empty('SELECT * FROM tool.list_stores()', 'nobody sees no stores');

-- The manager
SELECT be('seattle@zava.example');
SELECT results_eq(
    'SELECT * FROM tool.list_stores()',
    $$SELECT name, region, location, is_online, customers, orders, revenue FROM want
        WHERE store_id = '00000000-0000-4000-8000-000000000001'$$,
    'the manager sees theirs'
);

-- A colleague
SELECT be('bellevue@zava.example');
SELECT is(
    (SELECT array_agg(store_name) FROM tool.list_stores()), ARRAY['Zava Retail Bellevue'],
    'a colleague theirs'
);

-- A stranger
SELECT be_dba();
SELECT throws_ok($$SELECT be('former@zava.example')$$, 'SK401', 'a deactivated manager is refused');

-- The regional manager
SELECT be('puget-sound@zava.example');
SELECT results_eq(
    'SELECT * FROM tool.list_stores()',
    $$SELECT name, region, location, is_online, customers, orders, revenue FROM want
        WHERE region = 'Puget Sound' ORDER BY revenue DESC, name$$,
    'the regional manager sees the region''s'
);

-- Head office
SELECT be('analyst@zava.example');
SELECT results_eq(
    'SELECT * FROM tool.list_stores()',
    $$SELECT name, region, location, is_online, customers, orders, revenue FROM want
        ORDER BY revenue DESC, name$$,
    'head office sees all, the busiest first'
);

SELECT * FROM finish();
ROLLBACK;
