-- tool.transfer_stock: both stores at once, and only one's own.
BEGIN;
\ir ../tap.sql
SELECT plan(21);

SELECT sku, product_id FROM retail.products WHERE is_active ORDER BY product_id LIMIT 1 \gset
UPDATE retail.inventory SET stock_level = 10, reorder_point = 4 WHERE product_id = :product_id;
DELETE FROM retail.inventory WHERE product_id = :product_id AND store_id = '00000000-0000-4000-8000-000000000005';

CREATE FUNCTION pg_temp.refused(sku text, quantity text, from_store text, to_store text, code text, description text)
RETURNS text LANGUAGE sql AS $function$
    SELECT throws_ok(
        format('SELECT tool.transfer_stock(%L, %s, %L, %L)', sku, quantity, from_store, to_store), code, description
    )
$function$;

-- Nobody, the manager, a colleague: of two stores one is not theirs.
SELECT be();
SELECT pg_temp.refused(:'sku', '1', 'Seattle', 'Tacoma', '42501', 'nobody');
SELECT be('seattle@zava.example');
SELECT pg_temp.refused(:'sku', '1', 'Seattle', 'Tacoma', '42501', 'not the manager of the one');
SELECT be('tacoma@zava.example');
SELECT pg_temp.refused(:'sku', '1', 'Seattle', 'Tacoma', '42501', 'nor of the other');

-- A stranger
SELECT be_dba();
SELECT throws_ok($$SELECT be('former@zava.example')$$, 'SK401', 'a deactivated manager is refused');

-- The regional manager
SELECT be('puget-sound@zava.example');
SELECT tool.transfer_stock(lower(:'sku'), 4, 'seattle', 'Zava Retail Tacoma', 'for the weekend') AS t,
    'x' AS x \gset
SELECT is(
    to_jsonb(:'t'::retail.stock_transfer) - 'transfer_id' - 'product_name' - 'sku',
    '{"quantity": 4, "from_store": "Zava Retail Seattle", "from_stock_level": 6, "from_reorder_point": 4,
        "to_store": "Zava Retail Tacoma", "to_stock_level": 14, "to_reorder_point": 4}',
    'the one has less, the other more'
);
SELECT results_eq(
    $$SELECT s.name, m.quantity, m.reason, m.note, m.made_by FROM retail.stock_movements AS m
        JOIN retail.stores AS s USING (store_id) WHERE m.transfer_id = $$ || quote_literal((:'t'::retail.stock_transfer).transfer_id)
        || ' ORDER BY 1',
    $$VALUES ('Zava Retail Seattle', -4, 'transfer', 'for the weekend', gateway.principal_id()),
        ('Zava Retail Tacoma', 4, 'transfer', 'for the weekend', gateway.principal_id())$$,
    'both movements bear the transfer''s id'
);
SELECT is(
    (tool.transfer_stock(:'sku', 1, 'Tacoma', 'Seattle')).to_stock_level, 7, 'and back: from the higher store id'
);
SELECT is(
    (tool.transfer_stock(:'sku', 2, 'Tacoma', 'Everett')).to_stock_level, 2, 'a product may be new in a store'
);
SELECT is(
    tool.transfer_stock(:'sku', 1, 'Seattle', 'Tacoma', idempotency_key => 'once'),
    tool.transfer_stock(:'sku', 1, 'Seattle', 'Tacoma', idempotency_key => 'once'),
    'the same call again is told the same'
);
SELECT results_eq(
    format(
        $$SELECT s.name, i.stock_level FROM retail.inventory AS i JOIN retail.stores AS s USING (store_id)
            WHERE i.product_id = %s ORDER BY 1$$, :product_id
    ),
    $$VALUES ('Zava Retail Everett', 2), ('Zava Retail Seattle', 6), ('Zava Retail Tacoma', 12)$$,
    'and moves nothing again'
);

-- What is refused
SELECT pg_temp.refused(:'sku', '7', 'Seattle', 'Tacoma', 'SK409', 'more than there is');
SELECT pg_temp.refused(:'sku', '13', 'Tacoma', 'Seattle', 'SK409', 'in this direction too');
SELECT pg_temp.refused(:'sku', '1', 'Seattle', 'seattle', 'SK400', 'a store to itself');
SELECT pg_temp.refused(:'sku', '1', 'Seattle', 'Bellevue', 'SK404', 'to a store of another region');
SELECT pg_temp.refused(:'sku', '1', 'Bellevue', 'Seattle', 'SK404', 'from one');
SELECT pg_temp.refused(:'sku', '0', 'Seattle', 'Tacoma', '23514', 'no units');
SELECT pg_temp.refused(:'sku', 'NULL', 'Seattle', 'Tacoma', 'SK400', 'unknown units');
SELECT throws_ok(
    format('SELECT tool.transfer_stock(%L, 1, NULL, %L)', :'sku', 'Tacoma'), 'SK400', 'a store that is not named'
);
SELECT pg_temp.refused('NONE000000', '1', 'Seattle', 'Tacoma', 'SK404', 'an unknown product');

-- Head office
SELECT be('analyst@zava.example');
SELECT is(
    (tool.transfer_stock(:'sku', 1, 'Seattle', 'Bellevue')).to_store, 'Zava Retail Bellevue', 'head office: between any two'
);
SELECT be_dba();
SELECT is_empty(
    $$SELECT transfer_id FROM retail.stock_movements WHERE transfer_id IS NOT NULL
        GROUP BY transfer_id HAVING sum(quantity) <> 0 OR count(*) <> 2$$, 'a transfer neither makes nor loses units'
);

SELECT * FROM finish();
ROLLBACK;
