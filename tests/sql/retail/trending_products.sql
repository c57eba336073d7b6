-- retail.trending_products: more than before and more than a year ago, and not by chance.
BEGIN;
\ir ../tap.sql
SELECT plan(16);

-- Sales of our own: (product, days ago, order lines, units).
SELECT '00000000-0000-4000-8000-000000000001' AS seattle, '00000000-0000-4000-8000-000000000002' AS bellevue \gset
DELETE FROM retail.daily_sales;
INSERT INTO retail.daily_sales (store_id, business_day, product_id, order_lines, units, revenue, discount)
SELECT :'seattle', retail.today() - s.ago, s.product_id, s.lines, s.units, 1, 0
FROM (VALUES
    (1, 28, 20, 40), (1, 29, 15, 30), (1, 392, 5, 10),  -- 20 against 5 and 5: rises
    (2, 1, 20, 40), (2, 60, 15, 30), (2, 380, 19, 38),  -- as last year at this time
    (3, 5, 20, 40), (3, 100, 60, 120),                  -- as in the weeks before
    (4, 5, 1, 5000),                                    -- one large order
    (5, 5, 3, 6),                                       -- new
    (6, 5, 2, 90),                                      -- too few
    (7, 5, 20, 40),                                     -- no longer bought in
    (8, 0, 50, 99),                                     -- today is not over
    (9, 5, 30, 40), (9, 40, 15, 300),                   -- more orders, fewer units
    (10, 5, 6, 12), (10, 113, 99, 99), (10, 364, 99, 99), (10, 393, 99, 99) -- what lies between the periods
) AS s (product_id, ago, lines, units);
INSERT INTO retail.daily_sales (store_id, business_day, product_id, order_lines, units, revenue, discount)
VALUES (:'bellevue', retail.today() - 3, 11, 9, 9, 1, 0);
UPDATE retail.products SET is_active = product_id <> 7;

SELECT be();
SELECT is_empty(format('SELECT * FROM retail.trending_products(%L)', ARRAY[:'seattle']::uuid[]), 'nobody sees sales');

SELECT be('seattle@zava.example');
SELECT results_eq(
    'SELECT product_id FROM retail.trending_products(retail.get_user_store_list())', 'VALUES (1), (10), (5)',
    'what rises, the furthest above its past first'
);
SELECT is(round(t.score, 2), round(2 * (sqrt(20.375) - sqrt(5.375))::numeric, 2), 'by how much')
FROM retail.trending_products(retail.get_user_store_list(), how_many => 1) AS t;
SELECT is(
    t.why, '40 sold in the last 28 days; 10 in 28 days of the 12 weeks before, 10 in the same weeks last year', 'in words'
) FROM retail.trending_products(retail.get_user_store_list(), how_many => 1) AS t;
SELECT is(t.orders, 20::bigint, 'and orders') FROM retail.trending_products(retail.get_user_store_list(), how_many => 1) AS t;
SELECT is_empty(
    format('SELECT FROM retail.trending_products(retail.get_user_store_list()) WHERE product_id = %s', product_id), what
) FROM (VALUES (2, 'the season is no trend'), (3, 'nor is the level'), (4, 'nor one large order'), (6, 'nor two small ones'),
    (7, 'what is gone is not offered'), (8, 'today does not count'), (9, 'more orders of fewer units are none')) AS v (product_id, what);
SELECT results_eq(
    $$SELECT product_id FROM retail.trending_products(retail.get_user_store_list(),
        (SELECT t.category_id FROM retail.products AS p JOIN retail.product_types AS t USING (type_id) WHERE p.product_id = 1))$$,
    $$SELECT p.product_id FROM retail.trending_products(retail.get_user_store_list()) WITH ORDINALITY
        AS p (product_id, score, orders, why, place)
        JOIN retail.products AS f USING (product_id) JOIN retail.product_types AS t USING (type_id)
        WHERE t.category_id = (SELECT t.category_id FROM retail.products AS p JOIN retail.product_types AS t USING (type_id)
            WHERE p.product_id = 1) ORDER BY place$$, 'of a category'
);
SELECT is_empty(
    $$SELECT FROM retail.trending_products(retail.get_user_store_list(), 9::smallint)$$, 'of one where nothing rises'
);

-- A colleague, head office
SELECT be('bellevue@zava.example');
SELECT results_eq(
    'SELECT product_id FROM retail.trending_products(retail.get_user_store_list())', 'VALUES (11)', 'a colleague sees their own'
);
SELECT be('analyst@zava.example');
SELECT results_eq(
    'SELECT product_id FROM retail.trending_products(retail.get_user_store_list())', 'VALUES (11), (1), (10), (5)',
    'head office sees all'
);

SELECT * FROM finish();
ROLLBACK;
