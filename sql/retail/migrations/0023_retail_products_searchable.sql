-- Makes the products searchable that were there before search.
-- depends: 0022_retail_search_by_meaning

SET LOCAL ROLE storekeeper_loader;
SELECT retail.embed_products();
RESET ROLE;
