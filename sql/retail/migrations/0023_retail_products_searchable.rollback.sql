SET LOCAL ROLE storekeeper_loader;
DELETE FROM retail.product_description_embeddings WHERE NOT EXISTS (SELECT FROM search.description_model);
DELETE FROM search.documents;
RESET ROLE;
