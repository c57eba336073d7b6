SET LOCAL ROLE storekeeper_owner;
COMMENT ON SCHEMA tool IS 'Zava Retail is a chain of eight do-it-yourself stores. Every answer covers only the stores of the person you speak for.
Start with get_store_performance for how things went, top_products for what sells, list_stores for names of stores. For anything else call get_multiple_table_schemas, then execute_sales_query with one SELECT. Amounts are US dollars; days are days in America/Los_Angeles.';
REVOKE INSERT (store_id, order_id, customer_id, total_amount)
    ON retail.orders FROM store_managers, regional_managers, head_office;
REVOKE INSERT (store_id, order_id, line_number, product_id, quantity, unit_price, discount_percent, line_total)
    ON retail.order_items FROM store_managers, regional_managers, head_office;
REVOKE INSERT (store_id, product_id, stock_level), UPDATE (stock_level, updated_at)
    ON retail.inventory FROM store_managers, regional_managers, head_office;
REVOKE EXECUTE ON FUNCTION retail.counts_as_revenue, retail.time_zone, retail.today FROM storekeeper_definer;
REVOKE SELECT (store_id, order_id, order_date, status) ON retail.orders FROM storekeeper_definer;
REVOKE SELECT (store_id, order_id, product_id, quantity, unit_price, line_total) ON retail.order_items FROM storekeeper_definer;
REVOKE SELECT (store_id, product_id, stock_level) ON retail.inventory FROM storekeeper_definer;
DROP TABLE retail.daily_sales;
DROP TABLE retail.stock_movements;
DROP TYPE retail.stock_transfer;
DROP TYPE retail.stock_change;
DROP TYPE retail.order_line;
DROP DOMAIN retail.discount_percent;
DROP DOMAIN retail.price;
DROP DOMAIN retail.unit_change;
DROP DOMAIN retail.units;
DROP DOMAIN retail.stock_reason;
RESET ROLE;
