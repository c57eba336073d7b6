-- retail.bought_together: against a count of our own, over orders of our own making.
BEGIN;
\ir ../tap.sql
SELECT plan(14);

-- In Seattle 40 orders with product 1: 15 of them with 2, 4 with 3, 2 with 4, 2 with 8 in three lines; 200 orders with 3 alone. One of old.
CREATE FUNCTION pg_temp.sell(store uuid, products integer[], count integer, days integer, state text DEFAULT 'completed') RETURNS void
LANGUAGE sql AS $function$
    WITH o AS (
        INSERT INTO retail.orders (store_id, customer_id, order_date, status)
        SELECT store, c.customer_id, now() - make_interval(days => days), state
        FROM generate_series(1, count), (SELECT customer_id FROM retail.customers WHERE store_id = store LIMIT 1) AS c
        RETURNING order_id
    )
    INSERT INTO retail.order_items (store_id, order_id, line_number, product_id, quantity, unit_price, line_total)
    SELECT store, o.order_id, p.n, p.product_id, 1, 10, 10 FROM o, unnest(products) WITH ORDINALITY AS p (product_id, n)
$function$;
SELECT '00000000-0000-4000-8000-000000000001' AS seattle, '00000000-0000-4000-8000-000000000002' AS bellevue \gset
DELETE FROM retail.orders AS o USING retail.order_items AS i
WHERE i.store_id = o.store_id AND i.order_id = o.order_id AND i.product_id IN (1, 2, 3, 4, 5, 6, 7, 8);
SELECT pg_temp.sell(:'seattle', '{1, 2}', 15, 100), pg_temp.sell(:'seattle', '{1, 3}', 4, 10), pg_temp.sell(:'seattle', '{1, 4}', 2, 10),
    pg_temp.sell(:'seattle', '{1, 8, 8}', 1, 10), pg_temp.sell(:'seattle', '{1, 8}', 1, 10),
    pg_temp.sell(:'seattle', '{1}', 17, 10), pg_temp.sell(:'seattle', '{3}', 200, 20), pg_temp.sell(:'seattle', '{1, 5}', 9, 740),
    pg_temp.sell(:'seattle', '{1, 5}', 9, 5, 'cancelled'), pg_temp.sell(:'seattle', '{1, 5}', 9, 5, 'returned'),
    pg_temp.sell(:'bellevue', '{1, 6}', 5, 5), pg_temp.sell(:'seattle', '{1, 7}', 8, 5);
UPDATE retail.products SET is_active = false WHERE product_id = 7;
GRANT EXECUTE ON FUNCTION pg_temp.sell TO PUBLIC;
CREATE FUNCTION pg_temp.want(stores uuid[]) RETURNS TABLE (product_id integer, score numeric, orders bigint) LANGUAGE sql SECURITY DEFINER
AS $function$
    WITH basket AS (
        SELECT DISTINCT o.order_id, i.product_id
        FROM retail.orders AS o JOIN retail.order_items AS i USING (store_id, order_id)
        WHERE o.store_id = ANY (stores) AND o.status NOT IN ('cancelled', 'returned')
          AND (o.order_date AT TIME ZONE 'America/Los_Angeles')::date
            >= (now() AT TIME ZONE 'America/Los_Angeles')::date - 730
    ),
    a AS (SELECT b.order_id FROM basket AS b WHERE b.product_id = 1),
    n AS (SELECT count(DISTINCT b.order_id)::numeric AS n FROM basket AS b)
    SELECT b.product_id, round((t.n + 5) / (e.n + 5), 2), t.n
    FROM (SELECT b.product_id, count(*) AS n FROM basket AS b GROUP BY b.product_id) AS b
    CROSS JOIN n
    CROSS JOIN LATERAL (SELECT count(*) FROM basket AS o JOIN a USING (order_id) WHERE o.product_id = b.product_id) AS t (n)
    CROSS JOIN LATERAL (SELECT (SELECT count(*) FROM a) * b.n / n.n) AS e (n)
    WHERE t.n > 2 AND t.n > e.n AND b.product_id NOT IN (1, 7)
    ORDER BY 2 DESC, 3 DESC, 1
$function$;
SELECT sku FROM retail.products WHERE product_id = 1 \gset

CREATE FUNCTION pg_temp.found() RETURNS SETOF integer LANGUAGE sql AS $function$
    SELECT b.product_id
    FROM retail.find_product((SELECT p.sku FROM retail.products AS p WHERE p.product_id = 1)) AS f,
        retail.bought_together(f, retail.get_user_store_list(), 200) AS b
$function$;

-- Nobody
SELECT be();
SELECT is_empty(
    format('SELECT * FROM retail.bought_together(retail.find_product(%L), %L)', :'sku', ARRAY[:'seattle']::uuid[]), 'nobody sees orders'
);

-- The manager
SELECT be('seattle@zava.example');
SELECT results_eq(
    format('SELECT product_id, score, orders FROM retail.bought_together(retail.find_product(%L), retail.get_user_store_list())', :'sku'),
    format('SELECT * FROM pg_temp.want(%L)', ARRAY[:'seattle']::uuid[]), 'as counted otherwise'
);
SELECT is(b.product_id, 2, 'the most frequent is first')
FROM retail.bought_together(retail.find_product(:'sku'), retail.get_user_store_list(), 1) AS b;
SELECT is(b.orders, 15::bigint, 'with its orders')
FROM retail.bought_together(retail.find_product(:'sku'), retail.get_user_store_list(), 1) AS b;
SELECT ok(b.why LIKE 'in 15 of 48 orders with it (31.3 %), % times as often as chance; last 24 months', 'and says of how many')
FROM retail.bought_together(retail.find_product(:'sku'), retail.get_user_store_list(), 1) AS b;
SELECT is_empty('SELECT FROM pg_temp.found() AS p WHERE p = 4', 'two orders are chance');
SELECT is_empty('SELECT FROM pg_temp.found() AS p WHERE p = 8', 'in however many lines');
SELECT is_empty('SELECT FROM pg_temp.found() AS p WHERE p = 3', 'nor is what everybody has');
SELECT is_empty('SELECT FROM pg_temp.found() AS p WHERE p = 5', 'what is old, cancelled or returned does not count');
SELECT is_empty('SELECT FROM pg_temp.found() AS p WHERE p = 6', 'nor what a colleague sold');
SELECT is_empty('SELECT FROM pg_temp.found() AS p WHERE p = 7', 'what is no longer bought in is not offered');
SELECT is_empty(
    format('SELECT * FROM retail.bought_together(retail.find_product(%L), %L)', :'sku', ARRAY[:'bellevue']::uuid[]),
    'a colleague''s store has none for them'
);

-- A colleague, head office
SELECT be('bellevue@zava.example');
SELECT is(b.product_id, 6, 'a colleague sees their own')
FROM retail.bought_together(retail.find_product(:'sku'), retail.get_user_store_list(), 1) AS b;
SELECT be('analyst@zava.example');
SELECT results_eq(
    format('SELECT product_id, score, orders FROM retail.bought_together(retail.find_product(%L), retail.get_user_store_list(), 200)', :'sku'),
    'SELECT * FROM pg_temp.want(retail.get_user_store_list())', 'head office over all stores'
);

SELECT * FROM finish();
ROLLBACK;
