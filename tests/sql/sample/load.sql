-- sample.load: the shape of the sales data. For a database loaded at scale 0.02 or more.
-- The bounds allow for chance at that scale (about 4,000 orders), whatever the seed.
BEGIN;
\ir ../tap.sql
SELECT plan(43);

SET LOCAL timezone = 'America/Los_Angeles';

-- What the tests look at, worked out once.
CREATE TEMP TABLE sale ON COMMIT DROP AS
SELECT
    o.*,
    o.order_date::date AS day,
    extract(year FROM o.order_date)::integer AS year,
    extract(month FROM o.order_date)::integer AS month,
    extract(isodow FROM o.order_date)::integer AS weekday,
    o.order_date::time AS clock,
    s.is_online,
    (s.created_at + interval '6 years')::date AS today
FROM retail.orders AS o
JOIN retail.stores AS s USING (store_id);

CREATE TEMP TABLE sold_item ON COMMIT DROP AS
SELECT i.*, s.day, s.month, s.today, t.category_id, p.base_price, l.lifecycle
FROM retail.order_items AS i
JOIN sale AS s USING (store_id, order_id)
JOIN retail.products AS p USING (product_id)
JOIN retail.product_types AS t USING (type_id)
JOIN sample.products AS l USING (product_id);

ANALYZE sale, sold_item;

-- All of it is there.
SELECT results_eq(
    $$SELECT (SELECT count(*) FROM retail.stores), (SELECT count(*) FROM retail.regions),
        (SELECT count(*) FROM retail.categories), (SELECT count(*) FROM retail.product_types),
        (SELECT count(*) FROM retail.products)$$,
    $$SELECT (SELECT count(*) FROM sample.stores), (SELECT count(*) FROM sample.regions),
        (SELECT count(*) FROM sample.categories), (SELECT count(*) FROM sample.product_types),
        (SELECT count(*) FROM sample.products)$$,
    'stores, regions and the catalogue are those of sample.*'
);
SELECT results_eq(
    'SELECT count(*), bool_and(stock_level >= 0) FROM retail.inventory',
    'SELECT count(*), true FROM retail.stores, retail.products',
    'each store has each product in its inventory'
);
SELECT ok(
    count(*) / 200000.0 / (SELECT count(*) / 50000.0 FROM retail.customers) BETWEEN 0.95 AND 1.05,
    'four orders a customer'
) FROM sale;
SELECT is_empty(
    $$
        SELECT conname FROM pg_constraint
        WHERE conrelid = ANY ('{retail.customers, retail.orders, retail.order_items}'::regclass[])
          AND NOT convalidated
    $$,
    'every constraint is validated'
);
SELECT results_eq(
    $$
        SELECT count(*) FROM pg_constraint
        WHERE conrelid = ANY ('{retail.customers, retail.orders, retail.order_items}'::regclass[])
          AND contype IN ('p', 'f')
    $$,
    'VALUES (8)',
    'the keys are back after the load'
);
SELECT results_eq(
    $$SELECT count(*) FROM pg_indexes WHERE schemaname = 'retail'
       AND tablename IN ('customers', 'orders', 'order_items') AND indexname !~ '_pkey$'$$,
    'VALUES (4)',
    'so are the indexes'
);
SELECT is_empty(
    $$SELECT tgname FROM pg_trigger WHERE tgrelid = ANY ('{retail.orders, retail.order_items}'::regclass[])
       AND tgenabled <> 'O'$$,
    'and the triggers'
);
SELECT is_empty(
    $$SELECT relname FROM pg_class WHERE relnamespace = 'sample'::regnamespace
       AND relname IN ('planned_days', 'shelves', 'priced_products')$$,
    'the tables of the load are gone'
);

-- Sums.
SELECT is_empty(
    $$SELECT order_id FROM retail.orders AS o
     LEFT JOIN retail.order_items AS i USING (store_id, order_id)
     GROUP BY o.store_id, o.order_id HAVING o.total_amount IS DISTINCT FROM sum(i.line_total)$$,
    'an order''s total is the sum of its items'
);
SELECT is_empty(
    $$SELECT FROM sold_item GROUP BY store_id, order_id
     HAVING max(line_number) <> count(*) OR count(DISTINCT product_id) <> count(*)$$,
    'lines are numbered from 1, and a product stands in an order once'
);
SELECT is_empty(
    $$SELECT * FROM sold_item
     WHERE abs(unit_price - base_price) > 0.2 * base_price + 0.01
        OR discount_percent NOT IN (0, 5, 10, 15, 20, 25)$$,
    'prices are within a fifth of the base price, discounts in steps of five per cent'
);

-- Tenants.
SELECT is_empty(
    $$SELECT o.order_id FROM retail.orders AS o
     LEFT JOIN retail.customers AS c USING (store_id, customer_id) WHERE c.customer_id IS NULL$$,
    'a customer orders in their own store'
);
SELECT is_empty(
    'SELECT customer_id FROM retail.customers GROUP BY customer_id HAVING count(*) > 1',
    'no customer id is in two stores'
);
SELECT is_empty(
    'SELECT order_id FROM retail.orders GROUP BY order_id HAVING count(*) > 1',
    'no order id is in two stores'
);
SELECT is_empty(
    $$SELECT order_id FROM retail.orders WHERE order_id::text !~ '^.{14}4.{4}[89ab]'
     UNION ALL
     SELECT customer_id FROM retail.customers WHERE customer_id::text !~ '^.{14}4.{4}[89ab]'$$,
    'the ids look like those of gen_random_uuid()'
);
SELECT is_empty(
    $$SELECT email FROM retail.customers WHERE email !~ '^[a-z]+\.[a-z]+\.[0-9]+@example\.com$'
     UNION ALL
     SELECT email FROM retail.customers GROUP BY store_id, email HAVING count(*) > 1$$,
    'e-mail addresses are first.last.N@example.com, and a store has each once'
);

-- Time.
SELECT is_empty(
    $$SELECT order_date FROM retail.orders WHERE order_date > now()
     UNION ALL SELECT created_at FROM retail.customers WHERE created_at > now()
     UNION ALL SELECT updated_at FROM retail.inventory WHERE updated_at > now()$$,
    'nothing lies in the future'
);
SELECT ok(
    min(day) >= min(s.created_at)::date AND min(day) < min(s.created_at)::date + 7
        AND max(day) BETWEEN min(s.created_at)::date + interval '6 years' - interval '7 days'
            AND min(s.created_at)::date + interval '6 years' - interval '1 day',
    'orders span six years, from the opening of the stores on'
) FROM sale, retail.stores AS s;
SELECT is_empty(
    $$SELECT customer_id FROM retail.orders AS o
     JOIN retail.customers AS c USING (store_id, customer_id)
     WHERE c.created_at >= o.order_date$$,
    'customers are older than their first order'
);
SELECT is_empty(
    $$SELECT c.created_at FROM retail.customers AS c JOIN retail.stores AS s USING (store_id)
     WHERE c.created_at < s.created_at$$,
    'stores are older than their customers'
);
SELECT is_empty(
    $$
        SELECT s.order_date
        FROM sale AS s
        JOIN (VALUES
            (1, 5, time '07:00', time '20:00'), (6, 6, '08:00', '20:00'), (7, 7, '09:00', '18:00')
        ) AS h (first_day, last_day, opens, closes) ON s.weekday BETWEEN h.first_day AND h.last_day
        WHERE NOT s.is_online AND (s.clock < h.opens OR s.clock >= h.closes)
    $$,
    'stores sell while they are open, by the clock on their wall, in summer as in winter'
);
SELECT isnt_empty(
    $$SELECT FROM sale WHERE is_online AND clock < time '05:00'$$,
    'the online store sells at night'
);

-- Growth and seasons: orders a day.
SELECT ok(
    count(*) FILTER (WHERE day >= today - 365)
        > 1.25 * count(*) FILTER (WHERE day < today - 5 * 365),
    'the last year has a quarter more orders than the first one, and more'
) FROM sale;
SELECT ok(
    count(*) FILTER (WHERE month IN (4, 5, 6, 7))
        > 1.4 * count(*) FILTER (WHERE month IN (11, 12, 1, 2)),
    'spring and summer sell more than winter'
) FROM sale;
SELECT ok(
    count(*) FILTER (WHERE weekday >= 6) / 2.0 > 1.25 * count(*) FILTER (WHERE weekday < 6) / 5.0,
    'a day of the weekend sells more than a weekday'
) FROM sale;
SELECT is_empty(
    $$
        WITH share AS (
            SELECT
                category_id,
                month,
                count(*) / sum(count(*)) OVER (PARTITION BY month) AS share
            FROM sold_item
            GROUP BY category_id, month
        )
        SELECT c.name
        FROM (VALUES
            ('Power Tools', 7, 1), ('Lumber & Building Materials', 7, 1),
            ('Paint & Finishes', 4, 12), ('Garden & Outdoor', 5, 12),
            ('Storage & Organization', 1, 7)
        ) AS v (name, high, low)
        JOIN retail.categories AS c USING (name)
        JOIN share AS h ON h.category_id = c.category_id AND h.month = v.high
        JOIN share AS l ON l.category_id = c.category_id AND l.month = v.low
        WHERE h.share < 1.2 * l.share
    $$,
    'the mix follows the seasons: power tools and lumber, paint, garden, storage'
);

-- Stores.
SELECT ok(
    corr(o.orders, s.customer_weight * s.order_frequency) > 0.99,
    'stores have orders by their customers and how often these come'
)
FROM sample.stores AS s
JOIN (SELECT store_id, count(*) AS orders FROM sale GROUP BY store_id) AS o USING (store_id);
SELECT ok(
    corr(c.customers, s.customer_weight) > 0.99,
    'and customers by their weight'
)
FROM sample.stores AS s
JOIN (
    SELECT store_id, count(*) AS customers FROM retail.customers GROUP BY store_id
) AS c USING (store_id);
SELECT ok(
    regr_slope(x.total_amount, s.order_value) / regr_avgy(x.total_amount, s.order_value) > 0.4,
    'orders are worth more in stores whose customers spend more'
)
FROM sample.stores AS s
JOIN sale AS x USING (store_id);

-- Baskets.
SELECT is_empty(
    $$
        WITH size AS (SELECT count(*) AS items FROM sold_item GROUP BY store_id, order_id)
        SELECT v.items, v.share, s.share
        FROM (VALUES (1, 0.40), (2, 0.30), (3, 0.15), (4, 0.10), (5, 0.05)) AS v (items, share)
        FULL JOIN (
            SELECT items, count(*) / sum(count(*)) OVER () AS share
            FROM size
            GROUP BY items
        ) AS s USING (items)
        WHERE abs(v.share - s.share) < 0.04 IS NOT TRUE
    $$,
    'orders have 1 to 5 items, most of them few'
);
SELECT is_empty(
    $$
        SELECT v.quantity, v.share, s.share
        FROM (VALUES (1, 0.60), (2, 0.25), (3, 0.10), (4, 0.03), (5, 0.02)) AS v (quantity, share)
        FULL JOIN (
            SELECT quantity, count(*) / sum(count(*)) OVER () AS share
            FROM sold_item
            GROUP BY quantity
        ) AS s USING (quantity)
        WHERE abs(v.share - s.share) < 0.03 IS NOT TRUE
    $$,
    'and 1 to 5 pieces of each, most of them one'
);
SELECT ok(
    avg((discount_percent > 0)::integer) BETWEEN 0.13 AND 0.17,
    '15 per cent of the lines carry a discount'
) FROM sold_item;
SELECT ok(
    avg(unit_price / base_price) BETWEEN 0.99 AND 1.01
        AND stddev(unit_price / base_price) BETWEEN 0.105 AND 0.125,
    'prices spread evenly about the base price'
) FROM sold_item;
SELECT ok(
    pairs.seen > 3 * pairs.by_chance,
    'affine products are bought together, by far more often than chance has it',
    format('seen %s, by chance %s', pairs.seen, pairs.by_chance)
)
FROM (
    SELECT
        (
            SELECT count(*)
            FROM sample.product_affinities AS f
            JOIN sold_item AS a ON a.product_id = f.product_a
            JOIN sold_item AS b USING (store_id, order_id)
            WHERE b.product_id = f.product_b
        ) AS seen,
        (
            WITH sales AS (SELECT product_id, count(*) AS orders FROM sold_item GROUP BY product_id)
            SELECT sum(a.orders * b.orders) / (SELECT count(*) FROM sale)
            FROM sample.product_affinities AS f
            JOIN sales AS a ON a.product_id = f.product_a
            JOIN sales AS b ON b.product_id = f.product_b
        ) AS by_chance
) AS pairs;

-- Statuses.
SELECT results_eq(
    'SELECT DISTINCT status::text COLLATE "C" FROM sale ORDER BY 1',
    $$VALUES ('cancelled'), ('completed'), ('pending'), ('returned'), ('shipped')$$,
    'orders are pending, shipped, completed, cancelled and returned'
);
SELECT ok(
    min(day) FILTER (WHERE status IN ('pending', 'shipped')) >= min(today) - 14
        AND max(day) FILTER (WHERE status = 'returned') <= min(today) - 6
        AND avg((status IN ('cancelled', 'returned'))::integer) BETWEEN 0.05 AND 0.09,
    'open orders are recent, returned ones are not, and most orders were completed'
) FROM sale;

-- Stock.
SELECT results_eq(
    $$SELECT store_id, product_id, quantity, reason, made_by FROM retail.stock_movements ORDER BY 1, 2$$,
    $$SELECT store_id, product_id, stock_level, 'opening', NULL FROM retail.inventory ORDER BY 1, 2$$,
    'the ledger opens with what lies there'
);
SELECT is_empty(
    $$SELECT movement_id FROM retail.stock_movements WHERE movement_id::text !~ '^.{14}4.{4}[89ab]' OR made_at > now()
     UNION ALL SELECT movement_id FROM retail.stock_movements GROUP BY movement_id HAVING count(*) > 1$$,
    'under ids of its own, in the past'
);
SELECT results_eq(
    $$
        SELECT count(*) > 0, max(day) < min(today) - 365
        FROM sold_item
        WHERE lifecycle = 'dead_stock'
    $$,
    'VALUES (true, true)',
    'dead stock sold once, but not for a year'
);
SELECT is_empty(
    $$
        SELECT product_id FROM retail.inventory JOIN sample.products USING (product_id)
        WHERE lifecycle = 'dead_stock' AND stock_level = 0
    $$,
    'it still lies there'
);
SELECT isnt_empty(
    'SELECT product_id FROM retail.products WHERE NOT is_active',
    'some products are no longer bought in'
);
SELECT ok(
    count(*) FILTER (WHERE stock_level = 0) BETWEEN 0.02 * count(*) AND 0.09 * count(*)
        AND count(*) FILTER (WHERE stock_level BETWEEN 1 AND reorder_point) > 0.02 * count(*),
    'some products are sold out, some are about to be'
) FROM retail.inventory;

-- Once is enough.
SELECT throws_ok('SELECT sample.load(0.001)', 'SK409', 'a second load is refused');

SELECT * FROM finish();
ROLLBACK;
