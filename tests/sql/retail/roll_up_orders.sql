-- retail.roll_up_orders: what each change does is in roll_up_items.sql; here, what it costs and who may.
BEGIN;
\ir ../tap.sql
SELECT plan(6);

-- Nothing is written where nothing changes: a row written by this transaction has its xmin.
CREATE FUNCTION pg_temp.written() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS $$
    SELECT count(*) FROM retail.daily_sales WHERE xmin = pg_current_xact_id()::xid
$$;
UPDATE retail.orders SET total_amount = total_amount;
SELECT is(pg_temp.written(), 0::bigint, 'orders that stay where they were touch no sales');
UPDATE retail.orders SET status = 'completed' WHERE status IN ('pending', 'shipped');
SELECT is(pg_temp.written(), 0::bigint, 'nor do those that go on from pending to completed');
UPDATE retail.orders SET status = 'cancelled' WHERE status = 'returned';
SELECT is(pg_temp.written(), 0::bigint, 'nor those that did not count and do not now');

-- The manager, given the right to: their own orders, and no others, whatever they ask for.
GRANT UPDATE (status) ON retail.orders TO store_managers;
SELECT be('seattle@zava.example');
SELECT lives_ok($$UPDATE retail.orders SET status = 'returned' WHERE status = 'completed'$$, 'the manager takes orders back');
SELECT is(
    (SELECT sum(revenue) FROM retail.daily_sales), 0::numeric, 'their store has no sales then'
);
SELECT be('bellevue@zava.example');
SELECT isnt((SELECT sum(revenue) FROM retail.daily_sales), 0::numeric, 'a colleague''s has');

SELECT * FROM finish();
ROLLBACK;
