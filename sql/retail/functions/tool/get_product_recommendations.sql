-- What to offer beside, or in place of, a product; and what is on the rise.
-- drop: DROP FUNCTION tool.get_product_recommendations;
CREATE OR REPLACE FUNCTION tool.get_product_recommendations(
    sku        text                       DEFAULT NULL,
    kind       retail.recommendation_kind DEFAULT 'similar',
    max_rows   retail.row_limit           DEFAULT 10,
    store_name text                       DEFAULT NULL
)
RETURNS SETOF retail.recommended_product
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_kind      CONSTANT text := coalesce(get_product_recommendations.kind, 'similar');
    v_rows      CONSTANT integer := coalesce(get_product_recommendations.max_rows, 10);
    v_store_ids CONSTANT uuid[] := retail.find_stores(get_product_recommendations.store_name);
    v_product   retail.products;
    v_ids       integer[] := '{}';
    v_scores    numeric[] := '{}';
    v_whys      text[] := '{}';
    v_degraded  boolean := false;
BEGIN
    IF get_product_recommendations.sku IS NOT NULL THEN
        v_product := retail.find_product(get_product_recommendations.sku);
    ELSIF v_kind <> 'trending' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = format('kind %s needs a sku.', v_kind),
            HINT = 'Give the article number of the product; only kind trending goes without.';
    END IF;

    IF v_kind = 'bought_together' THEN
        SELECT array_agg(b.product_id), array_agg(b.score), array_agg(b.why)
        INTO v_ids, v_scores, v_whys
        FROM retail.bought_together(v_product, v_store_ids, v_rows) AS b;
    ELSIF v_kind = 'trending' THEN
        SELECT array_agg(b.product_id), array_agg(b.score), array_agg(b.why)
        INTO v_ids, v_scores, v_whys
        FROM retail.trending_products(
            v_store_ids,
            (SELECT t.category_id FROM retail.product_types AS t WHERE t.type_id = v_product.type_id),
            v_rows + 1
        ) AS b
        WHERE b.product_id IS DISTINCT FROM v_product.product_id;
    ELSE
        SELECT array_agg(a.product_id), array_agg(round(a.similarity::numeric, 3)), array_agg(a.why), bool_or(a.degraded)
        INTO v_ids, v_scores, v_whys, v_degraded
        FROM retail.alike_products(
            v_product, v_rows, v_kind = 'substitutes', CASE WHEN v_kind = 'substitutes' THEN v_store_ids END
        ) AS a;
    END IF;

    RETURN QUERY
    SELECT
        p.sku::text, p.name::text, p.base_price, s.stock, f.score,
        CASE WHEN v_kind <> 'substitutes' THEN f.why
            ELSE concat_ws('; ', f.why, format('%s in stock', s.stock), CASE
                WHEN p.base_price < v_product.base_price
                THEN format('%s %% cheaper', retail.percent(v_product.base_price - p.base_price, v_product.base_price))
                WHEN p.base_price > v_product.base_price
                THEN format('%s %% dearer', retail.percent(p.base_price - v_product.base_price, v_product.base_price))
                ELSE 'same price'
            END)
        END,
        v_degraded
    FROM unnest(v_ids, v_scores, v_whys) WITH ORDINALITY AS f (product_id, score, why, place)
    JOIN retail.products AS p USING (product_id)
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(i.stock_level), 0) AS stock
        FROM retail.inventory AS i
        WHERE i.store_id = ANY (v_store_ids) AND i.product_id = p.product_id
    ) AS s
    ORDER BY f.place
    LIMIT v_rows;
END
$function$;

COMMENT ON FUNCTION tool.get_product_recommendations IS $comment$
What to offer beside or in place of a product, with stock and why. kind: similar; substitutes (in stock, of its type and
about its price); bought_together (more often than chance, 24 months); trending (last 28 days above its past and
season; in the product's category, or all without sku). No rows: no such habit in your stores.
@title Product recommendations
@param sku         Article number.
@param kind        similar unless told.
@param max_rows    1 to 200.
@param store_name  Left out: all your stores.
@return stock  In these stores.
@return score  Likeness, times as often as chance, or strength of the trend.
@example get_product_recommendations('PTDR000901', 'bought_together')
$comment$;
REVOKE ALL ON FUNCTION tool.get_product_recommendations FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tool.get_product_recommendations TO store_managers, regional_managers, head_office;
