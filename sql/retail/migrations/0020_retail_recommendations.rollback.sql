SET LOCAL ROLE storekeeper_owner;
REVOKE SELECT (product_id, description_embedding) ON retail.product_description_embeddings FROM storekeeper_definer;
DROP INDEX retail.products_base_price_idx;
DROP TYPE retail.recommended_product;
DROP TYPE retail.similar_product;
DROP DOMAIN retail.recommendation_kind;
RESET ROLE;
