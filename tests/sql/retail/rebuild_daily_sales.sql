-- retail.rebuild_daily_sales: from any state to the right one, by the loader alone.
BEGIN;
\ir ../tap.sql
SELECT plan(7);

CREATE TEMP TABLE want ON COMMIT DROP AS
SELECT * FROM retail.daily_sales WHERE order_lines <> 0;
UPDATE retail.daily_sales SET revenue = revenue + 1 WHERE product_id < 100;
DELETE FROM retail.daily_sales WHERE product_id BETWEEN 100 AND 200;
INSERT INTO retail.daily_sales SELECT store_id, '1999-01-01', 1, 1, 1, 1, 0 FROM retail.stores;

-- Nobody, the manager, head office
SELECT be();
SELECT throws_ok('SELECT retail.rebuild_daily_sales()', '42501', 'nobody');
SELECT be('seattle@zava.example');
SELECT throws_ok('SELECT retail.rebuild_daily_sales()', '42501', 'not the manager');
SELECT be('analyst@zava.example');
SELECT throws_ok('SELECT retail.rebuild_daily_sales()', '42501', 'nor head office');
SELECT be_dba();
SET LOCAL ROLE storekeeper_owner;
SELECT throws_ok('SELECT retail.rebuild_daily_sales()', 'SK403', 'nor the owner, who sees no orders');
RESET ROLE;

SET LOCAL ROLE storekeeper_loader;
SELECT retail.rebuild_daily_sales() AS rebuilt \gset
RESET ROLE;
SELECT is(:rebuilt::bigint, (SELECT count(*) FROM want), 'the loader does');
SELECT is_empty('(SELECT * FROM want EXCEPT SELECT * FROM retail.daily_sales)
    UNION ALL (SELECT * FROM retail.daily_sales EXCEPT SELECT * FROM want)', 'and all is as it was');
SELECT is((SELECT count(*) FROM retail.daily_sales), (SELECT count(*) FROM want), 'no more than that');

SELECT * FROM finish();
ROLLBACK;
