-- search by meaning: written by storekeeper ship from the object files named below.

SET LOCAL ROLE storekeeper_owner;
SET LOCAL check_function_bodies = off;

-- object: functions/retail/swap_embeddings.sql
DROP FUNCTION retail.swap_embeddings;

-- object: functions/retail/store_embeddings.sql
DROP FUNCTION retail.store_embeddings;

-- object: functions/retail/queue_embeddings.sql
DROP FUNCTION retail.queue_embeddings;

-- end of objects
NOTIFY storekeeper_catalog;
