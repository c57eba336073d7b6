-- What is in the same orders as a product, more often than chance has it.
-- drop: DROP FUNCTION retail.bought_together;
CREATE OR REPLACE FUNCTION retail.bought_together(
    product   retail.products,
    store_ids uuid[],
    how_many  integer DEFAULT 10
)
RETURNS TABLE (product_id integer, score numeric, orders bigint, why text)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
-- A plan for these stores and this product.
SET plan_cache_mode = force_custom_plan
SET jit = off
AS $function$
DECLARE
    c_days      CONSTANT integer := 730;
    v_first_day CONSTANT date := retail.today() - c_days;
    v_starts    CONSTANT timestamptz := v_first_day::timestamp AT TIME ZONE retail.time_zone();
    v_all       bigint;
    v_with      bigint;
    v_ids       integer[];
    v_orders    bigint[];
BEGIN
    WITH basket AS MATERIALIZED (
        SELECT DISTINCT i.store_id, i.order_id
        FROM retail.order_items AS i
        JOIN retail.orders AS o USING (store_id, order_id)
        WHERE i.store_id = ANY (store_ids)
          AND i.product_id = product.product_id
          AND o.order_date >= v_starts
          AND retail.counts_as_revenue(o.status)
    ),
    other AS (
        SELECT i.product_id, count(DISTINCT (i.store_id, i.order_id)) AS orders
        FROM basket AS b
        JOIN retail.order_items AS i USING (store_id, order_id)
        WHERE i.product_id <> product.product_id
        GROUP BY i.product_id
        -- One or two are soon chance, with hundreds of products that it could be.
        HAVING count(DISTINCT (i.store_id, i.order_id)) > 2
    )
    SELECT (SELECT count(*) FROM basket), array_agg(o.product_id), array_agg(o.orders)
    INTO v_with, v_ids, v_orders
    FROM other AS o
    JOIN retail.products AS p USING (product_id)
    WHERE p.is_active;
    IF v_ids IS NULL THEN
        RETURN;
    END IF;

    SELECT count(*) INTO v_all
    FROM retail.orders AS o
    WHERE o.store_id = ANY (store_ids)
      AND o.order_date >= v_starts
      AND retail.counts_as_revenue(o.status);

    RETURN QUERY
    SELECT r.product_id, round(r.score, 2), r.together, r.why
    FROM (
        SELECT
            f.product_id, f.together,
            -- How many times as often as chance has it, drawn to 1 where orders are few.
            (f.together + 5) / (f.expected + 5) AS score,
            format(
                'in %s of %s orders with it (%s %%), %s times as often as chance; last 24 months',
                f.together, v_with, retail.percent(f.together, v_with), round(f.together / f.expected, 1)
            ) AS why
        FROM (
            SELECT
                b.product_id, b.together,
                -- Order lines stand for orders: hardly anybody has a product twice in one.
                v_with * greatest(s.order_lines, b.together) / v_all::numeric AS expected
            FROM unnest(v_ids, v_orders) AS b (product_id, together)
            JOIN (
                SELECT d.product_id, sum(d.order_lines) AS order_lines
                FROM retail.daily_sales AS d
                WHERE d.store_id = ANY (store_ids)
                  AND d.business_day >= v_first_day
                GROUP BY d.product_id
            ) AS s USING (product_id)
        ) AS f
        WHERE f.together > f.expected
    ) AS r
    ORDER BY r.score DESC, r.together DESC, r.product_id
    LIMIT how_many;
END
$function$;

COMMENT ON FUNCTION retail.bought_together IS $comment$
Products that are in the same orders as one, of the last 730 days and of those stores that the caller sees, in three
orders at least, more often than chance has it. Cancelled and returned orders do not count.
@title Bought together
@param product    The row of retail.products.
@param store_ids  The stores whose orders count.
@param how_many   At most so many.
@return product_id  The other product.
@return score       (orders + 5) / (orders that chance would give + 5).
@return orders      Orders with both.
@return why         The figures in words.
@example SELECT * FROM retail.bought_together(retail.find_product('HTHA000101'), retail.get_user_store_list());
$comment$;
REVOKE ALL ON FUNCTION retail.bought_together FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.bought_together TO store_managers, regional_managers, head_office;
