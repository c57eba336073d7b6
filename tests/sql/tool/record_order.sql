-- tool.record_order: what is written, by whom, and what is refused.
BEGIN;
\ir ../tap.sql
SELECT plan(43);

SELECT store_id, customer_id AS seattle_customer, first_name || ' ' || last_name AS seattle_name
FROM retail.customers WHERE store_id = '00000000-0000-4000-8000-000000000001'
ORDER BY customer_id LIMIT 1 \gset
SELECT customer_id AS bellevue_customer
FROM retail.customers WHERE store_id = '00000000-0000-4000-8000-000000000002'
ORDER BY customer_id LIMIT 1 \gset
-- Two products that are in the range and in stock, one that is not in the range.
UPDATE retail.inventory SET stock_level = 40, reorder_point = 5
WHERE product_id IN (SELECT product_id FROM retail.products WHERE is_active ORDER BY product_id LIMIT 2);
SELECT min(sku) FILTER (WHERE n = 1) AS a, min(sku) FILTER (WHERE n = 2) AS b,
    min(product_id) FILTER (WHERE n = 1) AS a_id, min(product_id) FILTER (WHERE n = 2) AS b_id,
    min(base_price) FILTER (WHERE n = 2) AS b_price
FROM (SELECT *, row_number() OVER (ORDER BY product_id) AS n FROM retail.products WHERE is_active) AS p \gset
SELECT min(sku) AS retired FROM retail.products WHERE NOT is_active \gset

CREATE FUNCTION pg_temp.line(
    sku text, quantity integer, discount integer DEFAULT NULL, price numeric DEFAULT NULL
) RETURNS retail.order_line LANGUAGE sql AS 'SELECT ROW(sku, quantity, discount, price)::retail.order_line';
CREATE FUNCTION pg_temp.stock(product integer, store text DEFAULT '01') RETURNS integer LANGUAGE sql SECURITY DEFINER
AS $$SELECT stock_level FROM retail.inventory WHERE product_id = product
    AND store_id = ('00000000-0000-4000-8000-0000000000' || store)::uuid$$;
CREATE FUNCTION pg_temp.refused(customer text, items text, code text, description text, more text DEFAULT '')
RETURNS text LANGUAGE sql AS $function$
    SELECT throws_ok(
        format('SELECT tool.record_order(%L, ARRAY[%s]::retail.order_line[]%s)', customer, items, more),
        code, description
    )
$function$;
CREATE FUNCTION pg_temp.told(customer text, items text) RETURNS text LANGUAGE plpgsql AS $function$
BEGIN
    EXECUTE format('SELECT tool.record_order(%L, ARRAY[%s]::retail.order_line[])', customer, items);
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    RETURN SQLERRM;
END
$function$;

-- Nobody
SELECT be();
SELECT pg_temp.refused(:'seattle_customer', $$pg_temp.line('HTHA000101', 1)$$, 'SK404', 'nobody finds no customer');

-- The manager
SELECT be('seattle@zava.example');
SELECT tool.record_order(
    :'seattle_customer',
    ARRAY[pg_temp.line(lower(:'b'), 3, 10), pg_temp.line(' ' || :'a' || ' ', 2, NULL, 9.99)]
)::text AS told \gset
SELECT is(:'told'::jsonb ->> 'store', 'Zava Retail Seattle', 'the customer decides the store');
SELECT is(:'told'::jsonb ->> 'customer', :'seattle_name', 'the customer is named');
SELECT is(:'told'::jsonb ->> 'status', 'pending', 'an order begins as pending');
SELECT is(
    (SELECT array_agg(l ->> 'sku') FROM jsonb_array_elements(:'told'::jsonb -> 'items') AS l),
    ARRAY[:'b', :'a'], 'lines are in the order given'
);
SELECT is(
    (:'told'::jsonb ->> 'total_amount')::numeric, round(3 * :b_price * 0.9, 2) + 19.98,
    'the total is the sum of the lines, list price unless another was given'
);
SELECT results_eq(
    format($$SELECT customer_id, total_amount, status, order_date FROM retail.orders WHERE order_id = %L$$, :'told'::jsonb ->> 'order_id'),
    format($$VALUES (%L::uuid, %s::numeric, 'pending', now())$$, :'seattle_customer', :'told'::jsonb ->> 'total_amount'),
    'the order is there'
);
SELECT results_eq(
    format(
        $$SELECT line_number, product_id, quantity, unit_price, discount_percent FROM retail.order_items
            WHERE order_id = %L ORDER BY 1$$, :'told'::jsonb ->> 'order_id'
    ),
    format($$VALUES (1, %s, 3, %s, 10), (2, %s, 2, 9.99, 0)$$, :b_id, :b_price, :a_id),
    'so are its lines'
);
SELECT is(pg_temp.stock(:a_id), 38, 'the first product''s units have left');
SELECT is(pg_temp.stock(:b_id), 37, 'the second one''s too');
SELECT is(
    :'told'::jsonb -> 'stock_left',
    jsonb_build_array(
        jsonb_build_object('sku', :'b', 'stock_level', 37, 'reorder_point', 5),
        jsonb_build_object('sku', :'a', 'stock_level', 38, 'reorder_point', 5)
    ), 'what is left is told'
);
SELECT results_eq(
    format(
        $$SELECT product_id, quantity, reason, note, made_by, made_at FROM retail.stock_movements
            WHERE order_id = %L ORDER BY 1$$, :'told'::jsonb ->> 'order_id'
    ),
    format(
        $$VALUES (%s, -2, 'sale', NULL, gateway.principal_id(), now()),
            (%s, -3, 'sale', NULL, gateway.principal_id(), now()) ORDER BY 1$$, :a_id, :b_id
    ),
    'and the ledger says who took them'
);

-- Asked twice, done once.
SELECT tool.record_order(:'seattle_customer', ARRAY[pg_temp.line(:'a', 1)], idempotency_key => 'once')::text AS first \gset
SELECT is(
    tool.record_order(:'seattle_customer', ARRAY[pg_temp.line(:'a', 1)], idempotency_key => 'once'),
    :'first'::jsonb, 'the same call again is told the same'
);
SELECT is(pg_temp.stock(:a_id), 37, 'and takes nothing');
SELECT pg_temp.refused(
    :'seattle_customer', format('pg_temp.line(%L, 2)', :'a'), 'SK409', 'another call needs another key',
    $$, idempotency_key => 'once'$$
);

-- What is refused, whole
SELECT pg_temp.refused(
    :'seattle_customer', format('pg_temp.line(%L, 1), pg_temp.line(%L, 38)', :'b', :'a'), 'SK409', 'more than there is'
);
SELECT is(
    pg_temp.told(:'seattle_customer', format('pg_temp.line(%L, 50), pg_temp.line(%L, 38)', :'b', :'a')),
    format('Zava Retail Seattle has too few. %s: 50 wanted, 37 in stock; %s: 38 wanted, 37 in stock.', :'b', :'a'),
    'which sku lacks how many is told'
);
SELECT is(pg_temp.stock(:b_id), 37, 'nothing of a refused order leaves the stock');
SELECT pg_temp.refused(:'seattle_customer', format('pg_temp.line(%L, 1)', :'retired'), 'SK409', 'what is not in the range');
SELECT pg_temp.refused(:'seattle_customer', $$pg_temp.line('NONE000000', 1)$$, 'SK404', 'an unknown product');
SELECT pg_temp.refused(:'seattle_customer', format('pg_temp.line(%1$L, 1), pg_temp.line(lower(%1$L), 1)', :'a'), 'SK400', 'a product twice');
SELECT pg_temp.refused(:'seattle_customer', 'NULL', 'SK400', 'a line that is null');
SELECT pg_temp.refused(:'seattle_customer', format('pg_temp.line(%L, NULL)', :'a'), 'SK400', 'a line without a quantity');
SELECT pg_temp.refused(:'seattle_customer', 'pg_temp.line(NULL, 1)', 'SK400', 'a line without a product');
SELECT pg_temp.refused(:'seattle_customer', format('pg_temp.line(%L, 0)', :'a'), '23514', 'no units');
SELECT pg_temp.refused(:'seattle_customer', format('pg_temp.line(%L, -1)', :'a'), '23514', 'fewer than none');
SELECT pg_temp.refused(:'seattle_customer', format('pg_temp.line(%L, 1, 101)', :'a'), '23514', 'a discount above all');
SELECT pg_temp.refused(:'seattle_customer', format('pg_temp.line(%L, 1, 0, -1)', :'a'), '23514', 'a price below nothing');
SELECT pg_temp.refused(:'seattle_customer', '', 'SK400', 'no lines');
SELECT throws_ok(
    format('SELECT tool.record_order(%L, NULL)', :'seattle_customer'), 'SK400', 'nor NULL for lines'
);
SELECT throws_ok(
    format(
        'SELECT tool.record_order(%L, array_fill(pg_temp.line(%L, 1), ARRAY[101]))', :'seattle_customer', :'a'
    ), 'SK400', 'too many lines'
);
SELECT pg_temp.refused(NULL, format('pg_temp.line(%L, 1)', :'a'), 'SK404', 'no customer');
SELECT pg_temp.refused(:'bellevue_customer', format('pg_temp.line(%L, 1)', :'a'), 'SK404', 'another store''s customer');
SELECT pg_temp.refused(
    gen_random_uuid()::text, format('pg_temp.line(%L, 1)', :'a'), 'SK404', 'reads like one who is not there'
);
SELECT pg_temp.refused(
    :'bellevue_customer', format('pg_temp.line(%L, 1)', :'a'), 'SK404', 'nor by the store''s name',
    $$, store_name => 'Bellevue'$$
);
SELECT throws_ok(
    $$INSERT INTO retail.orders (store_id, customer_id, order_date)
        SELECT store_id, customer_id, now() FROM retail.customers LIMIT 1$$,
    '42501', 'when it was is not the manager''s to say'
);
SELECT throws_ok($$UPDATE retail.orders SET status = 'cancelled'$$, '42501', 'nor what becomes of it');

-- A colleague
SELECT be('bellevue@zava.example');
SELECT is(
    tool.record_order(:'bellevue_customer', ARRAY[pg_temp.line(:'a', 1)], 'Bellevue', 'once') ->> 'store',
    'Zava Retail Bellevue', 'a colleague records theirs, with a key of their own'
);

-- A stranger
SELECT be_dba();
SELECT throws_ok($$SELECT be('former@zava.example')$$, 'SK401', 'a deactivated manager is refused');

-- The regional manager
SELECT be('puget-sound@zava.example');
SELECT is(
    tool.record_order(:'seattle_customer', ARRAY[pg_temp.line(:'a', 1)]) ->> 'store',
    'Zava Retail Seattle', 'the regional manager need not name the store'
);
SELECT pg_temp.refused(
    :'seattle_customer', format('pg_temp.line(%L, 1)', :'a'), 'SK404', 'but not name another one',
    $$, store_name => 'Tacoma'$$
);

-- Head office
SELECT be('analyst@zava.example');
SELECT is(
    tool.record_order(:'bellevue_customer', ARRAY[pg_temp.line(:'a', 1)]) ->> 'store',
    'Zava Retail Bellevue', 'head office may for every store'
);
SELECT be_dba();
SELECT is(pg_temp.stock(:a_id, '02'), 38, 'all of it was written');

SELECT * FROM finish();
ROLLBACK;
