-- Products like one, with price and stock.
-- drop: DROP FUNCTION tool.similar_products;
CREATE OR REPLACE FUNCTION tool.similar_products(
    sku           text,
    max_rows      retail.row_limit DEFAULT 10,
    in_stock_only boolean          DEFAULT false
)
RETURNS SETOF retail.similar_product
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_product   CONSTANT retail.products := retail.find_product(sku);
    v_store_ids CONSTANT uuid[] := retail.get_user_store_list();
BEGIN
    RETURN QUERY
    SELECT
        p.sku::text, p.name::text, p.base_price, p.base_price - v_product.base_price,
        coalesce((
            SELECT sum(i.stock_level) FROM retail.inventory AS i
            WHERE i.store_id = ANY (v_store_ids) AND i.product_id = p.product_id
        ), 0),
        round(a.similarity::numeric, 3), a.why, a.degraded
    FROM retail.alike_products(
        v_product, coalesce(max_rows, 10)::integer,
        stocked_in => CASE WHEN in_stock_only THEN v_store_ids END
    ) WITH ORDINALITY AS a (product_id, similarity, why, degraded, place)
    JOIN retail.products AS p USING (product_id)
    ORDER BY a.place;
END
$function$;

COMMENT ON FUNCTION tool.similar_products IS $comment$
Products most like a given one by their descriptions: for "what else is there like it", or something cheaper.
@title Similar products
@param sku            Article number.
@param max_rows       1 to 200.
@param in_stock_only  Only what your stores have.
@return price_difference  Negative: cheaper than the given product.
@return stock             In your stores.
@return similarity        Up to 1.
@return degraded          True: found by words, as it has no vector yet.
@example similar_products('PTDR000901', in_stock_only => true)
$comment$;
REVOKE ALL ON FUNCTION tool.similar_products FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tool.similar_products TO store_managers, regional_managers, head_office;
