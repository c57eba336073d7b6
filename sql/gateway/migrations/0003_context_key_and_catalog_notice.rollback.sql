DROP EVENT TRIGGER IF EXISTS storekeeper_catalog;
