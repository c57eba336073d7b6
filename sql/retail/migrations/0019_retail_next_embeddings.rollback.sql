SET LOCAL ROLE storekeeper_owner;
DROP TABLE retail.next_description_model;
DROP TABLE retail.description_model;
DROP TABLE retail.next_product_description_embeddings;
RESET ROLE;
