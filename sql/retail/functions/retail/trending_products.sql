-- What sells better than its own past has it.
-- drop: DROP FUNCTION retail.trending_products;
CREATE OR REPLACE FUNCTION retail.trending_products(
    store_ids   uuid[],
    category_id smallint DEFAULT NULL,
    how_many    integer  DEFAULT 10
)
RETURNS TABLE (product_id integer, score numeric, orders bigint, why text)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
SET jit = off
AS $function$
DECLARE
    v_today CONSTANT date := retail.today();
BEGIN
    RETURN QUERY
    WITH sold AS (
        SELECT
            d.product_id,
            coalesce(sum(d.units) FILTER (WHERE d.business_day >= v_today - 28), 0) AS units,
            coalesce(sum(d.order_lines) FILTER (WHERE d.business_day >= v_today - 28), 0) AS lines,
            coalesce(sum(d.units) FILTER (WHERE d.business_day BETWEEN v_today - 112 AND v_today - 29), 0) / 3 AS before_units,
            coalesce(sum(d.order_lines) FILTER (WHERE d.business_day BETWEEN v_today - 112 AND v_today - 29), 0) / 3 AS before_lines,
            -- 52 weeks earlier: the same weekdays.
            coalesce(sum(d.units) FILTER (WHERE d.business_day < v_today - 364), 0) AS year_units,
            coalesce(sum(d.order_lines) FILTER (WHERE d.business_day < v_today - 364), 0) AS year_lines
        FROM retail.daily_sales AS d
        WHERE d.store_id = ANY (store_ids)
          AND (
                d.business_day BETWEEN v_today - 112 AND v_today - 1
             OR d.business_day BETWEEN v_today - 392 AND v_today - 365
          )
        GROUP BY d.product_id
    ),
    judged AS (
        SELECT
            s.product_id, s.units, s.lines, s.before_units, s.year_units,
            -- Of order lines, so that one large order is no trend; the difference of roots is as large by chance
            -- for few as for many, and 2 is a chance of one in forty.
            2 * (sqrt(s.lines + 0.375) - sqrt(greatest(s.before_lines, s.year_lines) + 0.375)) AS score
        FROM sold AS s
        WHERE s.lines >= 3
          AND s.units > greatest(s.before_units, s.year_units)
    )
    SELECT
        j.product_id, round(j.score, 2), j.lines::bigint,
        format(
            '%s sold in the last 28 days; %s in 28 days of the 12 weeks before, %s in the same weeks last year',
            j.units, round(j.before_units), j.year_units
        )
    FROM judged AS j
    JOIN retail.products AS p USING (product_id)
    JOIN retail.product_types AS t USING (type_id)
    WHERE j.score >= 2
      AND p.is_active
      AND (trending_products.category_id IS NULL OR t.category_id = trending_products.category_id)
    ORDER BY j.score DESC, j.units DESC, j.product_id
    LIMIT how_many;
END
$function$;

COMMENT ON FUNCTION retail.trending_products IS $comment$
Products of which more was sold in the last 28 full days than in 28 days of the 12 weeks before and than in the same
weeks a year before, by more than chance: what rises every year at this time is no trend. Cancelled and returned orders
do not count.
@title Trending products
@param store_ids    The stores whose sales count.
@param category_id  Of this category; NULL: all.
@param how_many     At most so many.
@return product_id  The product.
@return score       Standard deviations above the better of the two; 2 or more.
@return orders      Order lines of the last 28 days.
@return why         The figures in words.
@example SELECT * FROM retail.trending_products(retail.get_user_store_list());
$comment$;
REVOKE ALL ON FUNCTION retail.trending_products FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.trending_products TO store_managers, regional_managers, head_office;
