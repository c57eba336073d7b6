SET LOCAL ROLE storekeeper_definer;
DROP TABLE gateway.answers;
RESET ROLE;
