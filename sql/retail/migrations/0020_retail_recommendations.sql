-- What may be recommended, and what search by vector needs of the tables.
-- depends: 0019_retail_next_embeddings

SET LOCAL ROLE storekeeper_owner;

COMMENT ON SCHEMA tool IS 'Zava Retail is a chain of eight do-it-yourself stores. Every answer covers only the stores of the person you speak for.
Start with get_store_performance for how things went, top_products for what sells, list_stores for names of stores, semantic_search_products for a product in anybody''s words. For anything else call get_multiple_table_schemas, then execute_sales_query with one SELECT. What the person asks to have written, record_order, adjust_inventory and transfer_stock write. Amounts are US dollars; days are days in America/Los_Angeles.';

CREATE DOMAIN retail.recommendation_kind AS text
    CHECK (VALUE IN ('similar', 'substitutes', 'bought_together', 'trending'));
COMMENT ON DOMAIN retail.recommendation_kind IS 'What kind of product is recommended.';

CREATE TYPE retail.similar_product AS (
    sku              text,
    product_name     text,
    price            numeric,
    price_difference numeric,
    stock            bigint,
    similarity       numeric,
    why              text,
    degraded         boolean
);
COMMENT ON TYPE retail.similar_product IS 'A product like another one.';

CREATE TYPE retail.recommended_product AS (
    sku          text,
    product_name text,
    price        numeric,
    stock        bigint,
    score        numeric,
    why          text,
    degraded     boolean
);
COMMENT ON TYPE retail.recommended_product IS 'A product to offer beside, or in place of, another one.';

-- So that the candidates of a narrow price range are counted, and found, without the whole catalogue.
CREATE INDEX products_base_price_idx ON retail.products (base_price);

-- For retail.doctor, as storekeeper_definer.
GRANT SELECT (product_id, description_embedding) ON retail.product_description_embeddings TO storekeeper_definer;
GRANT SELECT (product_id) ON retail.products, search.documents TO storekeeper_definer;
GRANT USAGE ON SCHEMA search TO storekeeper_definer;

RESET ROLE;
