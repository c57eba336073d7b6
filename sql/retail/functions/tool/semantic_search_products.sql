-- Finds products by what they are for, by words or by number.
-- drop: DROP FUNCTION tool.semantic_search_products;
CREATE OR REPLACE FUNCTION tool.semantic_search_products(
    query_description    text,
    max_rows             retail.row_limit  DEFAULT 20,
    similarity_threshold retail.similarity DEFAULT 0.2,
    category             text              DEFAULT NULL,
    price_min            retail.price      DEFAULT NULL,
    price_max            retail.price      DEFAULT NULL,
    in_stock_only        boolean           DEFAULT false,
    query_embedding      public.vector     DEFAULT NULL,
    query_model          text              DEFAULT NULL
)
RETURNS TABLE (
    sku           text,
    product_name  text,
    description   text,
    category_name text,
    price         numeric,
    stock         bigint,
    discontinued  boolean,
    score         numeric,
    similarity    numeric,
    matched       text,
    degraded      boolean
)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
-- From a few products to their rows one by one: never through a whole table.
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET jit = off
AS $function$
DECLARE
    -- First of all: no other model takes over from here on.
    v_service     CONSTANT smallint := (SELECT d.model_id FROM search.description_model AS d);
    v_embedding   CONSTANT public.vector := CASE
        WHEN semantic_search_products.query_model = (
            SELECT m.name FROM embedding.models AS m WHERE m.model_id = v_service
        ) THEN semantic_search_products.query_embedding
    END;
    v_category_id CONSTANT smallint := retail.find_category(semantic_search_products.category);
    v_store_ids   CONSTANT uuid[] := retail.get_user_store_list();
    v_degraded    boolean;
BEGIN
    IF coalesce(semantic_search_products.query_description, '') !~ '[[:alnum:]]' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = 'query_description says nothing.',
            HINT = 'Say what the product is or does, for example "waterproof electrical connectors", or give a SKU.';
    ELSIF length(semantic_search_products.query_description) > 1000 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = format(
                'query_description has %s characters, more than 1000.', length(semantic_search_products.query_description)
            ),
            HINT = 'Say it in a sentence or two.';
    ELSIF semantic_search_products.price_min > semantic_search_products.price_max THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = format(
                'price_min %s is above price_max %s.', semantic_search_products.price_min, semantic_search_products.price_max
            ),
            HINT = 'Exchange them.';
    END IF;
    v_degraded := NOT EXISTS (SELECT FROM retail.product_description_embeddings) OR CASE
        WHEN v_service IS NOT NULL THEN v_embedding IS NULL
        ELSE NOT EXISTS (SELECT FROM embedding.models AS m WHERE m.is_active AND m.provider = 'built-in')
    END;

    RETURN QUERY
    SELECT
        p.sku::text, p.name::text, p.description, c.name::text, p.base_price,
        coalesce((
            SELECT sum(i.stock_level) FROM retail.inventory AS i
            WHERE i.store_id = ANY (v_store_ids) AND i.product_id = p.product_id
        ), 0),
        NOT p.is_active,
        round(r.score::numeric, 3), round(r.similarity::numeric, 3), r.matched, v_degraded
    FROM retail.rank_products(
        semantic_search_products.query_description,
        v_embedding,
        coalesce(semantic_search_products.max_rows, 20),
        coalesce(semantic_search_products.similarity_threshold, 0.2),
        v_category_id,
        semantic_search_products.price_min,
        semantic_search_products.price_max,
        CASE WHEN semantic_search_products.in_stock_only THEN v_store_ids END
    ) WITH ORDINALITY AS r (product_id, score, text_rank, vector_rank, similarity, matched, n)
    JOIN retail.products AS p USING (product_id)
    JOIN retail.product_types AS t USING (type_id)
    JOIN retail.categories AS c USING (category_id)
    ORDER BY r.n;

    IF NOT FOUND AND v_degraded THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK404',
            MESSAGE = 'No product has these words, and search by meaning is not to be had now (degraded).',
            HINT = 'Try other words for the same thing, or fewer filters.';
    END IF;
END
$function$;

COMMENT ON FUNCTION tool.semantic_search_products IS $comment$
Finds products by a use, a description, words (misspelt, too), a size or a SKU, with price and stock,
the best match first; the last ones may fit loosely.
@title Search products
@embeds query_embedding query_model query_description
@param query_description     For example: hang a heavy mirror.
@param max_rows              1 to 200.
@param similarity_threshold  For what is found by meaning alone.
@param category              For example Power Tools.
@param price_min             US dollars.
@param price_max             US dollars.
@param in_stock_only         In your stores.
@return stock         In your stores.
@return discontinued  Can't be ordered any more.
@return score         0 to 1, by rank.
@return degraded      Only words were searched.
@example semantic_search_products('containers for paint')
$comment$;
REVOKE ALL ON FUNCTION tool.semantic_search_products FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tool.semantic_search_products TO store_managers, regional_managers, head_office;
