SET LOCAL ROLE storekeeper_definer;
DROP TABLE embedding.queue;
RESET ROLE;
