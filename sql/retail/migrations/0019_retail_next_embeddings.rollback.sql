SET LOCAL ROLE storekeeper_owner;
DROP TABLE search.next_description_model;
DROP TABLE search.description_model;
DROP TABLE retail.next_product_description_embeddings;
RESET ROLE;
