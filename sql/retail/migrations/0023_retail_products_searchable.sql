-- Makes the products searchable that were there before search.
-- depends: 0022_retail_search_by_meaning

SET LOCAL ROLE storekeeper_loader;
DO $do$ BEGIN PERFORM retail.embed_products(); END $do$;
RESET ROLE;
