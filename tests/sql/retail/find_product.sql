-- retail.find_product: by article number.
BEGIN;
\ir ../tap.sql
SELECT plan(6);

SELECT sku, product_id FROM retail.products ORDER BY product_id LIMIT 1 \gset

-- Nobody, the manager, head office: the catalogue is everybody's.
SELECT be();
SELECT is((retail.find_product(:'sku')).product_id, :product_id, 'nobody');
SELECT be('seattle@zava.example');
SELECT results_eq(
    format('SELECT (retail.find_product(%L)).*', ' ' || lower(:'sku') || ' '),
    format('SELECT * FROM retail.products WHERE sku = %L', :'sku'), 'the manager, in any letter case'
);
SELECT be('analyst@zava.example');
SELECT is((retail.find_product(:'sku')).sku::text, :'sku', 'head office');
SELECT throws_ok($$SELECT retail.find_product('NONE000000')$$, 'SK404', 'an unknown one');
SELECT throws_ok($$SELECT retail.find_product('')$$, 'SK404', 'an empty one');
SELECT throws_ok($$SELECT retail.find_product(NULL)$$, 'SK404', 'none');

SELECT * FROM finish();
ROLLBACK;
