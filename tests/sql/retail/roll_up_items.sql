-- The triggers on order_items and orders: daily_sales is what the orders say, whatever is done to them.
BEGIN;
\ir ../tap.sql
SELECT plan(26);

-- What the rollup should be and is not. A row of zeros is none.
CREATE VIEW pg_temp.difference AS
WITH want AS (
    SELECT i.store_id, (o.order_date AT TIME ZONE 'America/Los_Angeles')::date AS business_day, i.product_id,
        count(*) AS order_lines, sum(i.quantity) AS units, sum(i.line_total) AS revenue,
        sum(i.quantity * i.unit_price - i.line_total) AS discount
    FROM retail.orders AS o
    JOIN retail.order_items AS i USING (store_id, order_id)
    WHERE o.status NOT IN ('cancelled', 'returned')
    GROUP BY 1, 2, 3
),
have AS (SELECT * FROM retail.daily_sales WHERE (order_lines, units, revenue, discount) <> (0, 0, 0, 0))
(SELECT 'missing', * FROM want EXCEPT ALL SELECT 'missing', * FROM have)
UNION ALL
(SELECT 'too much', * FROM have EXCEPT ALL SELECT 'too much', * FROM want);

CREATE FUNCTION pg_temp.holds(statement text, description text) RETURNS SETOF text LANGUAGE plpgsql AS $function$
DECLARE
    v_rows bigint;
BEGIN
    EXECUTE statement;
    GET DIAGNOSTICS v_rows = ROW_COUNT;
    RETURN NEXT tap.ok(
        v_rows > 0 AND NOT EXISTS (SELECT FROM pg_temp.difference), description,
        format('%s rows written; %s', v_rows, (SELECT string_agg(d::text, E'\n') FROM (SELECT * FROM pg_temp.difference LIMIT 5) AS d))
    );
END
$function$;

SELECT is_empty('SELECT * FROM pg_temp.difference', 'after the load');
SELECT isnt_empty('SELECT FROM retail.daily_sales', 'which made some');

-- Orders, in every way that they change
SELECT pg_temp.holds($$UPDATE retail.orders SET status = 'cancelled' WHERE status = 'completed' AND order_id < '20000000-0000-4000-8000-000000000000'$$,
    'orders are cancelled');
SELECT pg_temp.holds($$UPDATE retail.orders SET status = 'shipped' WHERE status = 'cancelled'$$, 'and taken up again');
SELECT pg_temp.holds($$UPDATE retail.orders SET order_date = order_date + interval '1 day' WHERE order_id < '40000000-0000-4000-8000-000000000000'$$,
    'orders change their day');
SELECT pg_temp.holds($$UPDATE retail.orders SET order_date = order_date - interval '1 day', status = 'returned' WHERE order_id > 'f0000000-0000-4000-8000-000000000000'$$,
    'their day and whether they count');
SELECT pg_temp.holds($$UPDATE retail.orders SET total_amount = total_amount, order_date = order_date + interval '1 second'$$, 'what doesn''t matter');
SELECT pg_temp.holds($$UPDATE retail.orders SET status = 'completed', order_date = '2024-03-10 10:30+00' WHERE status = 'pending'$$,
    'many orders on one day, on which the clock jumps');
SELECT pg_temp.holds($$DELETE FROM retail.orders WHERE order_id < '10000000-0000-4000-8000-000000000000'$$, 'orders are deleted, and their lines with them');
SELECT is_empty($$SELECT FROM retail.order_items WHERE order_id < '10000000-0000-4000-8000-000000000000'$$, 'with all lines');

-- Lines
SELECT pg_temp.holds($$DELETE FROM retail.order_items WHERE line_number = 3$$, 'lines are deleted');
SELECT pg_temp.holds($$UPDATE retail.order_items SET quantity = quantity + 1, line_total = round((quantity + 1) * unit_price * (100 - discount_percent) / 100, 2)
    WHERE line_number = 2$$, 'lines change their units');
SELECT pg_temp.holds($$UPDATE retail.order_items SET product_id = 1 + product_id % 400 WHERE line_number = 1$$, 'and their product');
SELECT pg_temp.holds($$INSERT INTO retail.order_items (store_id, order_id, line_number, product_id, quantity, unit_price, discount_percent, line_total)
    SELECT o.store_id, o.order_id, 10, 7, 2, 10.01, 15, 17.02 FROM retail.orders AS o WHERE o.order_id > 'd0000000-0000-4000-8000-000000000000'$$,
    'lines come');
SELECT pg_temp.holds($$INSERT INTO retail.order_items (store_id, order_id, line_number, product_id, quantity, unit_price, line_total)
    SELECT o.store_id, o.order_id, n, 7, 1, 1, 1 FROM retail.orders AS o, generate_series(20, 21) AS n WHERE o.order_id > 'e0000000-0000-4000-8000-000000000000'$$,
    'two of one product in an order');
SELECT pg_temp.holds($$MERGE INTO retail.order_items AS i USING (SELECT 10 AS line_number) AS v ON i.line_number IN (10, 20)
    WHEN MATCHED AND i.line_number = 10 THEN DELETE WHEN MATCHED THEN UPDATE SET quantity = 2, line_total = 2$$, 'lines come, go and change in one statement');
SELECT pg_temp.holds($$WITH o AS (INSERT INTO retail.orders (store_id, customer_id) SELECT store_id, customer_id FROM retail.customers LIMIT 3 RETURNING *)
    SELECT * FROM o$$, 'an order without lines');
SELECT is_empty('SELECT FROM retail.daily_sales WHERE order_lines < 0 OR units < 0 OR revenue < 0 OR discount < 0', 'nothing falls below zero');

-- The manager, by the tool: today's row, which a model may read.
SELECT customer_id FROM retail.customers WHERE store_id = '00000000-0000-4000-8000-000000000001' ORDER BY 1 LIMIT 1 \gset
SELECT sku, product_id FROM retail.products WHERE is_active ORDER BY product_id LIMIT 1 \gset
UPDATE retail.inventory SET stock_level = 100 WHERE product_id = :product_id;
SELECT be('seattle@zava.example');
SELECT lives_ok(
    format($$SELECT tool.record_order(%L, ARRAY[ROW(%L, 3, 10, 20.00)]::retail.order_line[])$$, :'customer_id', :'sku'),
    'the manager records an order'
);
SELECT lives_ok(
    format($$SELECT tool.record_order(%L, ARRAY[ROW(%L, 1, 0, 20.00)]::retail.order_line[])$$, :'customer_id', :'sku'),
    'and another one'
);
SELECT results_eq(
    format('SELECT order_lines, units, revenue, discount FROM retail.daily_sales
        WHERE business_day = retail.today() AND product_id = %s', :product_id),
    $$VALUES (2::bigint, 4::bigint, 74.00, 6.00)$$, 'which today''s sales have'
);
SELECT throws_ok('DELETE FROM retail.daily_sales', '42501', 'they are not the manager''s to delete');
SELECT be_dba();
SELECT is_empty('SELECT * FROM pg_temp.difference', 'all of it adds up');

-- All of it
SELECT pg_temp.holds($$DELETE FROM retail.orders WHERE status IN ('shipped', 'returned')$$, 'most orders are deleted');
TRUNCATE retail.orders, retail.order_items;
SELECT is_empty('SELECT FROM retail.daily_sales', 'and then all at once');
SELECT lives_ok('TRUNCATE retail.stores CASCADE', 'together with the sales, too');

SELECT * FROM finish();
ROLLBACK;
