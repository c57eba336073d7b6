SET LOCAL ROLE storekeeper_owner;
COMMENT ON SCHEMA tool IS 'Zava Retail is a chain of eight do-it-yourself stores. Every answer covers only the stores of the person you speak for.
Start with get_store_performance for how things went, top_products for what sells, list_stores for names of stores. For anything else call get_multiple_table_schemas, then execute_sales_query with one SELECT. What the person asks to have written, record_order, adjust_inventory and transfer_stock write. Amounts are US dollars; days are days in America/Los_Angeles.';
REVOKE USAGE ON SCHEMA search FROM storekeeper_definer;
REVOKE SELECT (product_id) ON retail.products, search.documents FROM storekeeper_definer;
REVOKE SELECT (product_id, description_embedding) ON retail.product_description_embeddings FROM storekeeper_definer;
DROP INDEX retail.products_base_price_idx;
DROP TYPE retail.recommended_product;
DROP TYPE retail.similar_product;
DROP DOMAIN retail.recommendation_kind;
RESET ROLE;
