-- tool.get_product_recommendations: each kind is what its function says, with price and stock.
BEGIN;
\ir ../tap.sql
SELECT plan(24);

DELETE FROM retail.product_description_embeddings;
INSERT INTO retail.product_description_embeddings (product_id, description_embedding)
SELECT p.product_id, ARRAY[cosd(p.product_id / 5.0), sind(p.product_id / 5.0)]::public.vector(2)
FROM retail.products AS p;
-- Something that sells together, and rises.
WITH o AS (
    INSERT INTO retail.orders (store_id, customer_id, order_date)
    SELECT s.store_id, c.customer_id, now() - interval '5 days'
    FROM generate_series(1, 9) AS n
    CROSS JOIN retail.stores AS s
    CROSS JOIN LATERAL (SELECT c.customer_id FROM retail.customers AS c WHERE c.store_id = s.store_id LIMIT 1) AS c
    RETURNING store_id, order_id
)
INSERT INTO retail.order_items (store_id, order_id, line_number, product_id, quantity, unit_price, line_total)
SELECT o.store_id, o.order_id, p.n, p.product_id, 1, 10, 10
FROM o JOIN retail.stores AS s USING (store_id),
    unnest(CASE WHEN s.name ~ 'Bellevue' THEN ARRAY[1, 300] ELSE ARRAY[1, 200] END) WITH ORDINALITY AS p (product_id, n);
SELECT sku FROM retail.products WHERE product_id = 1 \gset
SELECT sku AS sku2 FROM retail.products WHERE product_id = 200 \gset
SELECT sku AS sku3 FROM retail.products WHERE product_id = 300 \gset
CREATE FUNCTION pg_temp.stock(product text, stores text) RETURNS bigint LANGUAGE sql SECURITY DEFINER AS $function$
    SELECT coalesce(sum(i.stock_level), 0) FROM retail.inventory AS i JOIN retail.stores AS s USING (store_id)
    JOIN retail.products AS p USING (product_id) WHERE p.sku = product AND s.name ~ stores
$function$;

-- Nobody
SELECT be();
SELECT is_empty(format($$SELECT * FROM tool.get_product_recommendations(%L, 'bought_together')$$, :'sku'), 'nobody sees orders');
SELECT is_empty($$SELECT * FROM tool.get_product_recommendations(kind => 'trending')$$, 'nor sales');
SELECT is_empty(format($$SELECT * FROM tool.get_product_recommendations(%L, 'substitutes')$$, :'sku'), 'nor stock');

-- The manager
SELECT be('seattle@zava.example');
SELECT results_eq(
    format('SELECT sku, product_name, price, stock, score, why, degraded FROM tool.get_product_recommendations(%L)', :'sku'),
    format('SELECT sku, product_name, price, stock, similarity, why, degraded FROM tool.similar_products(%L)', :'sku'),
    'similar unless told, as similar_products has it'
);
SELECT results_eq(
    format($$SELECT sku, score, why FROM tool.get_product_recommendations(%L, 'bought_together')$$, :'sku'),
    format('SELECT p.sku::text, b.score, b.why FROM retail.bought_together(retail.find_product(%L), retail.get_user_store_list())
        AS b JOIN retail.products AS p USING (product_id)', :'sku'), 'bought_together'
);
SELECT ok(r.sku = :'sku2' AND substring(r.why FROM 'in ([0-9]+) of')::integer >= 9, 'what was sold with it')
FROM tool.get_product_recommendations(:'sku', 'bought_together', 1) AS r;
SELECT is(r.stock, pg_temp.stock(:'sku2', 'Seattle'), 'and how much of it there is')
FROM tool.get_product_recommendations(:'sku', 'bought_together', 1) AS r;
SELECT isnt_empty(
    format($$SELECT FROM tool.get_product_recommendations(kind => 'trending') WHERE sku = %L$$, :'sku'), 'trending, of all'
);
SELECT is_empty(
    format($$SELECT FROM tool.get_product_recommendations(%L, 'trending') WHERE sku = %L$$, :'sku', :'sku'), 'trending beside a product'
);
SELECT is_empty(
    format($$SELECT r.sku FROM tool.get_product_recommendations(%L, 'trending', 200) AS r JOIN retail.products AS p USING (sku)
        JOIN retail.product_types AS t USING (type_id) WHERE t.category_id <> (SELECT t.category_id FROM retail.find_product(%L) AS p JOIN retail.product_types AS t USING (type_id))$$,
        :'sku2', :'sku2'), 'of its category'
);
SELECT isnt_empty(format($$SELECT FROM tool.get_product_recommendations(%L, 'substitutes')$$, :'sku'), 'substitutes');
SELECT is_empty(
    format($$SELECT r.sku FROM tool.get_product_recommendations(%L, 'substitutes', 200) AS r JOIN retail.products AS p USING (sku), retail.find_product(%L) AS f
        WHERE r.stock <= 0 OR p.type_id <> f.type_id OR r.price NOT BETWEEN f.base_price / 2 AND f.base_price * 2
            OR r.why !~ '; [0-9]+ in stock; ([0-9.]+ %% (cheaper|dearer)|same price)$'$$, :'sku', :'sku'),
    'in stock, of its type, of about its price, and say so'
);
SELECT results_eq(
    format($$SELECT * FROM tool.get_product_recommendations(%L, NULL, NULL, NULL)$$, :'sku'),
    format($$SELECT * FROM tool.get_product_recommendations(%L, 'similar', 10)$$, :'sku'), 'NULLs are the defaults'
);
SELECT throws_ok($$SELECT tool.get_product_recommendations()$$, 'SK400', 'only trending goes without a sku');
SELECT throws_ok($$SELECT tool.get_product_recommendations(kind => 'bought_together')$$, 'SK400', 'nor this');
SELECT throws_ok($$SELECT tool.get_product_recommendations('NONE000000')$$, 'SK404', 'an unknown product');
SELECT throws_ok($$SELECT tool.get_product_recommendations('NONE000000', 'trending')$$, 'SK404', 'for trending, too');
SELECT throws_ok(format($$SELECT tool.get_product_recommendations(%L, 'best')$$, :'sku'), '23514', 'an unknown kind');
SELECT throws_ok(format('SELECT tool.get_product_recommendations(%L, max_rows => 0)', :'sku'), '23514', 'not less than one');
SELECT throws_ok(format($$SELECT tool.get_product_recommendations(%L, store_name => 'Bellevue')$$, :'sku'), 'SK404', 'a colleague''s store');

-- A colleague
SELECT be('bellevue@zava.example');
SELECT is(r.sku, :'sku3', 'a colleague sees their own orders') FROM tool.get_product_recommendations(:'sku', 'bought_together', 1) AS r;

-- The regional manager, head office
SELECT be('puget-sound@zava.example');
SELECT is(r.stock, pg_temp.stock(:'sku2', 'Everett|Seattle|Tacoma'), 'the regional manager the region''s stock')
FROM tool.get_product_recommendations(:'sku', 'bought_together', 1) AS r;
SELECT be('analyst@zava.example');
SELECT ok(r.sku = :'sku3' AND r.stock = pg_temp.stock(:'sku3', 'Bellevue'), 'head office one store')
FROM tool.get_product_recommendations(:'sku', 'bought_together', 1, 'Bellevue') AS r;
SELECT ok(substring(r.why FROM 'in ([0-9]+) of')::integer >= 63, 'or all')
FROM tool.get_product_recommendations(:'sku', 'bought_together', 5) AS r WHERE r.sku = :'sku2';

SELECT * FROM finish();
ROLLBACK;
