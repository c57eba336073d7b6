-- search by meaning: written by storekeeper ship from the object files named below.

SET LOCAL ROLE storekeeper_owner;
SET LOCAL check_function_bodies = off;

-- object: functions/retail/wanted_embedding_index.sql
DROP FUNCTION retail.wanted_embedding_index;

-- object: functions/retail/nearest_products.sql
DROP FUNCTION retail.nearest_products;

-- object: functions/retail/exact_search_limit.sql
DROP FUNCTION retail.exact_search_limit;

-- end of objects
NOTIFY storekeeper_catalog;
