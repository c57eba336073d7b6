-- functions: written by storekeeper ship from the object files named below.

SET LOCAL ROLE storekeeper_owner;
SET LOCAL check_function_bodies = off;

-- object: triggers/stores.sql
DROP TRIGGER grant_managers ON retail.stores;

-- object: triggers/regions.sql
DROP TRIGGER grant_managers ON retail.regions;

-- object: functions/sample/uniform.sql
DROP FUNCTION sample.uniform;

-- object: functions/sample/make_uuid.sql
DROP FUNCTION sample.make_uuid;

-- object: functions/retail/grant_managers.sql
DROP FUNCTION retail.grant_managers;

-- end of objects
NOTIFY storekeeper_catalog;
