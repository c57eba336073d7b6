-- retail.move_stock: what the tools that write rest on; see tool/adjust_inventory and tool/transfer_stock.
BEGIN;
\ir ../tap.sql
SELECT plan(6);

SELECT sku, product_id FROM retail.products ORDER BY product_id LIMIT 1 \gset
UPDATE retail.inventory SET stock_level = 10 WHERE product_id = :product_id;
CREATE FUNCTION pg_temp.moves(store text, change integer, reason text) RETURNS text LANGUAGE sql AS $function$
    SELECT format(
        'SELECT (retail.move_stock(%L, retail.find_product(%L), %s, %L, NULL)).stock_level',
        '00000000-0000-4000-8000-0000000000' || store, tap.setting('tap.sku'), change, reason
    )
$function$;
SELECT tap.set('tap.sku', :'sku', true) AS sku_set \gset

-- Nobody
SELECT be();
SELECT throws_ok(pg_temp.moves('01', 1, 'count'), '42501', 'nobody');

-- The manager
SELECT be('seattle@zava.example');
SELECT results_eq(pg_temp.moves('01', -10, 'count'), 'VALUES (0)', 'the manager');
SELECT throws_ok(pg_temp.moves('01', -1, 'count'), 'SK409', 'not below zero');
SELECT throws_ok(pg_temp.moves('02', 1, 'count'), '42501', 'not in another store');
SELECT throws_ok(pg_temp.moves('02', -1, 'count'), 'SK409', 'where nothing is, as far as they can see');
SELECT throws_ok(pg_temp.moves('01', 1, 'whim'), '23514', 'not for any reason');

SELECT * FROM finish();
ROLLBACK;
