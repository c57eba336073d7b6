SET LOCAL ROLE storekeeper_owner;
DROP TABLE retail.next_product_description_embeddings;
ALTER TABLE retail.product_description_embeddings DROP COLUMN model_id;
RESET ROLE;
