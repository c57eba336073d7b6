-- functions: written by storekeeper ship from the object files named below.

SET LOCAL ROLE storekeeper_owner;
SET LOCAL check_function_bodies = off;

-- object: policies/stores.sql
DROP POLICY store_manager_stores ON retail.stores;
DROP POLICY regional_manager_stores ON retail.stores;
DROP POLICY head_office_stores ON retail.stores;
DROP POLICY tenant_guard ON retail.stores;

-- object: policies/orders.sql
DROP POLICY store_manager_orders ON retail.orders;
DROP POLICY regional_manager_orders ON retail.orders;
DROP POLICY head_office_orders ON retail.orders;
DROP POLICY tenant_guard ON retail.orders;

-- object: policies/order_items.sql
DROP POLICY store_manager_order_items ON retail.order_items;
DROP POLICY regional_manager_order_items ON retail.order_items;
DROP POLICY head_office_order_items ON retail.order_items;
DROP POLICY tenant_guard ON retail.order_items;

-- object: policies/inventory.sql
DROP POLICY store_manager_inventory ON retail.inventory;
DROP POLICY regional_manager_inventory ON retail.inventory;
DROP POLICY head_office_inventory ON retail.inventory;
DROP POLICY tenant_guard ON retail.inventory;

-- object: policies/customers.sql
DROP POLICY store_manager_customers ON retail.customers;
DROP POLICY regional_manager_customers ON retail.customers;
DROP POLICY head_office_customers ON retail.customers;
DROP POLICY tenant_guard ON retail.customers;

-- object: triggers/stores.sql
DROP TRIGGER grant_managers ON retail.stores;

-- object: triggers/regions.sql
DROP TRIGGER grant_managers ON retail.regions;

-- object: functions/tool/who_am_i.sql
DROP FUNCTION tool.who_am_i;

-- object: functions/tool/top_products.sql
DROP FUNCTION tool.top_products;

-- object: functions/tool/list_stores.sql
DROP FUNCTION tool.list_stores;

-- object: functions/tool/get_store_performance.sql
DROP FUNCTION tool.get_store_performance;

-- object: functions/tool/get_multiple_table_schemas.sql
DROP FUNCTION tool.get_multiple_table_schemas;

-- object: functions/tool/get_current_utc_date.sql
DROP FUNCTION tool.get_current_utc_date;

-- object: functions/tool/execute_sales_query.sql
DROP FUNCTION tool.execute_sales_query;

-- object: functions/sample/uniform.sql
DROP FUNCTION sample.uniform;

-- object: functions/sample/plan_days.sql
DROP FUNCTION sample.plan_days;

-- object: functions/sample/plan_baskets.sql
DROP FUNCTION sample.plan_baskets;

-- object: functions/sample/make_uuid.sql
DROP FUNCTION sample.make_uuid;

-- object: functions/sample/load_people.sql
DROP FUNCTION sample.load_people;

-- object: functions/sample/load_orders.sql
DROP FUNCTION sample.load_orders;

-- object: functions/sample/load_inventory.sql
DROP FUNCTION sample.load_inventory;

-- object: functions/sample/load_catalogue.sql
DROP FUNCTION sample.load_catalogue;

-- object: functions/sample/load.sql
DROP FUNCTION sample.load;

-- object: functions/sample/bulk_load_ddl.sql
DROP FUNCTION sample.bulk_load_ddl;

-- object: functions/retail/visible_tables.sql
DROP FUNCTION retail.visible_tables;

-- object: functions/retail/today.sql
DROP FUNCTION retail.today;

-- object: functions/retail/time_zone.sql
DROP FUNCTION retail.time_zone;

-- object: functions/retail/search_products_by_description.sql
DROP FUNCTION retail.search_products_by_description;

-- object: functions/retail/sales_period.sql
DROP FUNCTION retail.sales_period;

-- object: functions/retail/performance_insights.sql
DROP FUNCTION retail.performance_insights;

-- object: functions/retail/percent.sql
DROP FUNCTION retail.percent;

-- object: functions/retail/key_columns.sql
DROP FUNCTION retail.key_columns;

-- object: functions/retail/grant_managers.sql
DROP FUNCTION retail.grant_managers;

-- object: functions/retail/get_user_store_list.sql
DROP FUNCTION retail.get_user_store_list;

-- object: functions/retail/get_current_user_store.sql
DROP FUNCTION retail.get_current_user_store;

-- object: functions/retail/find_stores.sql
DROP FUNCTION retail.find_stores;

-- object: functions/retail/find_category.sql
DROP FUNCTION retail.find_category;

-- object: functions/retail/dollars.sql
DROP FUNCTION retail.dollars;

-- object: functions/retail/describe_table.sql
DROP FUNCTION retail.describe_table;

-- object: functions/retail/counts_as_revenue.sql
DROP FUNCTION retail.counts_as_revenue;

-- object: functions/resource/schema.sql
DROP FUNCTION resource.schema;

-- object: functions/prompt/weekly_review.sql
DROP FUNCTION prompt.weekly_review;

-- object: functions/completion/table.sql
DROP FUNCTION completion."table";

-- object: functions/completion/store.sql
DROP FUNCTION completion.store;

-- end of objects
NOTIFY storekeeper_catalog;
