-- writes: written by storekeeper ship from the object files named below.

SET LOCAL ROLE storekeeper_owner;
SET LOCAL check_function_bodies = off;

-- object: policies/stock_movements.sql
DROP POLICY store_manager_stock_movements ON retail.stock_movements;
DROP POLICY regional_manager_stock_movements ON retail.stock_movements;
DROP POLICY head_office_stock_movements ON retail.stock_movements;
DROP POLICY tenant_guard ON retail.stock_movements;

-- object: policies/daily_sales.sql
DROP POLICY store_manager_daily_sales ON retail.daily_sales;
DROP POLICY regional_manager_daily_sales ON retail.daily_sales;
DROP POLICY head_office_daily_sales ON retail.daily_sales;
DROP POLICY tenant_guard ON retail.daily_sales;

-- object: functions/tool/transfer_stock.sql
DROP FUNCTION tool.transfer_stock;

-- object: functions/tool/record_order.sql
DROP FUNCTION tool.record_order;

-- object: functions/tool/adjust_inventory.sql
DROP FUNCTION tool.adjust_inventory;

-- object: functions/retail/move_stock.sql
DROP FUNCTION retail.move_stock;

-- object: functions/retail/find_product.sql
DROP FUNCTION retail.find_product;

-- object: functions/retail/find_one_store.sql
DROP FUNCTION retail.find_one_store;

-- end of objects
NOTIFY storekeeper_catalog;
