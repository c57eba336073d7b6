-- tool.adjust_inventory: what is written, by whom, and what is refused.
BEGIN;
\ir ../tap.sql
SELECT plan(27);

SELECT sku, product_id, name FROM retail.products WHERE is_active ORDER BY product_id LIMIT 1 \gset
SELECT sku AS new_sku, product_id AS new_id FROM retail.products ORDER BY product_id DESC LIMIT 1 \gset
UPDATE retail.inventory SET stock_level = 10, reorder_point = 4 WHERE product_id = :product_id;
DELETE FROM retail.inventory WHERE product_id = :new_id AND store_id = '00000000-0000-4000-8000-000000000001';

CREATE FUNCTION pg_temp.refused(sku text, change text, reason text, code text, description text, more text DEFAULT '')
RETURNS text LANGUAGE sql AS $function$
    SELECT throws_ok(format('SELECT tool.adjust_inventory(%L, %s, %L%s)', sku, change, reason, more), code, description)
$function$;

-- Nobody
SELECT be();
SELECT pg_temp.refused(:'sku', '1', 'count', 'SK404', 'nobody has no store');

-- The manager
SELECT be('seattle@zava.example');
SELECT is(
    to_jsonb(tool.adjust_inventory(lower(:'sku'), -3, 'damage', note => 'water')),
    jsonb_build_object(
        'store', 'Zava Retail Seattle', 'sku', :'sku', 'product_name', :'name', 'stock_before', 10, 'stock_level', 7,
        'reorder_point', 4
    ), 'the manager takes out what broke'
);
SELECT results_eq(
    'SELECT stock_level, updated_at FROM retail.inventory WHERE product_id = ' || :product_id, 'VALUES (7, now())',
    'the stock is less'
);
SELECT results_eq(
    $$SELECT quantity, reason, note, made_by, made_at, order_id, transfer_id FROM retail.stock_movements WHERE note = 'water'$$,
    $$VALUES (-3, 'damage', 'water', gateway.principal_id(), now(), NULL::uuid, NULL::uuid)$$,
    'and the ledger says why'
);
SELECT is((tool.adjust_inventory(:'sku', 20, 'delivery')).stock_level, 27, 'a delivery adds');
SELECT is((tool.adjust_inventory(:'sku', -27, 'count')).stock_level, 0, 'down to nothing');
SELECT pg_temp.refused(:'sku', '-1', 'loss', 'SK409', 'and no further');
SELECT is(
    to_jsonb(tool.adjust_inventory(:'new_sku', 5, 'delivery')) - 'product_name' - 'sku',
    '{"store": "Zava Retail Seattle", "stock_before": 0, "stock_level": 5, "reorder_point": 0}',
    'a product may be new in the store'
);
SELECT is(
    (tool.adjust_inventory(:'sku', 2, 'other', 'seattle', NULL, 'once')).stock_level, 2, 'a call with a key'
);
SELECT is(
    (tool.adjust_inventory(:'sku', 2, 'other', 'seattle', NULL, 'once')).stock_level, 2, 'is told the same again'
);
SELECT is((tool.adjust_inventory(:'sku', 1, 'count')).stock_before, 2, 'and does nothing again');

-- What is refused
SELECT pg_temp.refused(:'sku', '0', 'count', 'SK400', 'no change');
SELECT pg_temp.refused(:'sku', 'NULL', 'count', 'SK400', 'an unknown change');
SELECT pg_temp.refused(:'sku', '-1', 'delivery', 'SK400', 'a delivery that takes');
SELECT pg_temp.refused(:'sku', '1', 'damage', 'SK400', 'damage that adds');
SELECT pg_temp.refused(:'sku', '1', 'sale', '23514', 'a reason that is not one');
SELECT pg_temp.refused(:'sku', '10001', 'count', '23514', 'too much at once');
SELECT pg_temp.refused('NONE000000', '1', 'count', 'SK404', 'an unknown product');
SELECT pg_temp.refused(:'sku', '1', 'count', 'SK404', 'another store', $$, 'Bellevue'$$);

SELECT throws_ok(
    $$SELECT gateway.free_query('SELECT tool.adjust_inventory(''HTHA000101'', 1, ''count'')')$$, 'SK403',
    'free SQL does not write by a tool'
);
SELECT throws_ok(
    $$SELECT gateway.free_query('SELECT stock_level FROM inventory FOR UPDATE')$$, 'SK403', 'nor lock what tools write'
);

-- A colleague
SELECT be('bellevue@zava.example');
SELECT is((tool.adjust_inventory(:'sku', 1, 'count')).stock_level, 11, 'a colleague has their own stock');

-- A stranger
SELECT be_dba();
SELECT throws_ok($$SELECT be('former@zava.example')$$, 'SK401', 'a deactivated manager is refused');

-- The regional manager
SELECT be('puget-sound@zava.example');
SELECT pg_temp.refused(:'sku', '1', 'count', 'SK400', 'who has several stores names one');
SELECT is(
    (tool.adjust_inventory(:'sku', 1, 'count', 'Tacoma')).store, 'Zava Retail Tacoma', 'the regional manager does'
);

-- Head office
SELECT be('analyst@zava.example');
SELECT is(
    (tool.adjust_inventory(:'sku', 1, 'count', 'Online')).store, 'Zava Retail Online', 'head office may in every store'
);

-- All of it in the ledger: since the change of stock above, nothing but movements.
SELECT be_dba();
SELECT is(
    (SELECT sum(quantity) FROM retail.stock_movements WHERE made_at = now() AND made_by IS NOT NULL),
    (-3 + 20 - 27 + 5 + 2 + 1 + 1 + 1 + 1)::bigint, 'each change has its movement'
);

SELECT * FROM finish();
ROLLBACK;
