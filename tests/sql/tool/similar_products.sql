-- tool.similar_products: the nearest products, with price and stock.
BEGIN;
\ir ../tap.sql
SELECT plan(16);

DELETE FROM retail.product_description_embeddings;
INSERT INTO retail.product_description_embeddings (product_id, description_embedding)
SELECT p.product_id, ARRAY[cosd(p.product_id / 5.0), sind(p.product_id / 5.0)]::public.vector(2)
FROM retail.products AS p;
CREATE FUNCTION pg_temp.want(stores text, in_stock boolean, count integer) RETURNS TABLE (
    sku text, product_name text, price numeric, price_difference numeric, stock bigint, similarity numeric
) LANGUAGE sql SECURITY DEFINER AS $function$
    SELECT p.sku, p.name, p.base_price, p.base_price - f.base_price, x.stock, round(cosd((p.product_id - 1) / 5.0)::numeric, 3)
    FROM retail.products AS p
    JOIN retail.products AS f ON f.product_id = 1
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(i.stock_level), 0) FROM retail.inventory AS i JOIN retail.stores AS s USING (store_id)
        WHERE i.product_id = p.product_id AND s.name ~ stores
    ) AS x (stock)
    WHERE p.product_id <> 1 AND p.is_active AND (x.stock > 0 OR NOT in_stock)
    ORDER BY p.product_id
    LIMIT count
$function$;
SELECT sku FROM retail.products WHERE product_id = 1 \gset
CREATE FUNCTION pg_temp.have(arguments text) RETURNS text LANGUAGE sql AS $function$
    SELECT 'SELECT sku, product_name, price, price_difference, stock, similarity FROM tool.similar_products(' || arguments || ')'
$function$;

-- Nobody
SELECT be();
SELECT results_eq(pg_temp.have(quote_literal(:'sku')), $$SELECT * FROM pg_temp.want('^$', false, 10)$$, 'nobody sees products, but no stock');

-- The manager
SELECT be('seattle@zava.example');
SELECT results_eq(pg_temp.have(quote_literal(lower(:'sku'))), $$SELECT * FROM pg_temp.want('Seattle', false, 10)$$, 'the nearest ten');
SELECT results_eq(
    pg_temp.have(quote_literal(:'sku') || ', in_stock_only => true, max_rows => 200'), $$SELECT * FROM pg_temp.want('Seattle', true, 200)$$,
    'what there is in stock'
);
SELECT results_eq(
    pg_temp.have(quote_literal(:'sku') || ', NULL, NULL'), $$SELECT * FROM pg_temp.want('Seattle', false, 10)$$, 'NULLs are the defaults'
);
SELECT is((SELECT bool_or(s.degraded) FROM tool.similar_products(:'sku') AS s), false, 'by vectors');
SELECT is((SELECT bool_and(s.why <> '') FROM tool.similar_products(:'sku') AS s), true, 'each says why');
SELECT throws_ok($$SELECT tool.similar_products('NONE000000')$$, 'SK404', 'an unknown product');
SELECT throws_ok($$SELECT tool.similar_products('claw hammer')$$, 'SK404', 'a name is no number');
SELECT throws_ok($$SELECT tool.similar_products(NULL)$$, 'SK404', 'none');
SELECT throws_ok(format('SELECT tool.similar_products(%L, 0)', :'sku'), '23514', 'not less than one');
SELECT throws_ok(format('SELECT tool.similar_products(%L, 201)', :'sku'), '23514', 'not more than 200');

-- A colleague, the regional manager, head office
SELECT be('bellevue@zava.example');
SELECT results_eq(
    pg_temp.have(quote_literal(:'sku') || ', in_stock_only => true'), $$SELECT * FROM pg_temp.want('Bellevue', true, 10)$$, 'a colleague has their stock'
);
SELECT be('puget-sound@zava.example');
SELECT results_eq(
    pg_temp.have(quote_literal(:'sku') || ', in_stock_only => true'), $$SELECT * FROM pg_temp.want('Everett|Seattle|Tacoma', true, 10)$$,
    'the regional manager the region''s'
);
SELECT be('analyst@zava.example');
SELECT results_eq(pg_temp.have(quote_literal(:'sku')), $$SELECT * FROM pg_temp.want('', false, 10)$$, 'head office all');

-- Without vectors
SELECT be_dba();
DELETE FROM retail.product_description_embeddings;
SELECT be('seattle@zava.example');
SELECT is((SELECT bool_and(s.degraded) FROM tool.similar_products(:'sku') AS s), true, 'by words, and says so');
SELECT is((SELECT bool_or(s.sku = :'sku') FROM tool.similar_products(:'sku') AS s), false, 'without itself');

SELECT * FROM finish();
ROLLBACK;
