-- What people buy: how a category's sales share out over its products, and what goes with what.
-- drop: DROP FUNCTION sample.plan_baskets;
-- The tables are there while sample.load runs, as in sample.plan_days. The bounds of shares are
-- arrays for width_bucket, which finds the place of a number between 0 and 1 in them.
CREATE OR REPLACE FUNCTION sample.plan_baskets()
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    CREATE UNLOGGED TABLE sample.shelves AS
    WITH seller AS (
        SELECT
            e.is_early,
            t.category_id,
            p.product_id,
            p.base_price,
            CASE p.lifecycle WHEN 'dead_stock' THEN 1 ELSE p.popularity END AS weight
        FROM sample.products AS p
        JOIN sample.product_types AS t USING (type_id)
        JOIN (VALUES (true), (false)) AS e (is_early) ON e.is_early OR p.lifecycle <> 'dead_stock'
    ),
    -- A category's mean price, and the square of its coefficient of variation.
    category_price AS (
        SELECT
            s.is_early,
            s.category_id,
            sum(s.weight * s.base_price) / sum(s.weight) AS mean,
            sum(s.weight * s.base_price ^ 2) * sum(s.weight) / sum(s.weight * s.base_price) ^ 2 - 1
                AS spread
        FROM seller AS s
        GROUP BY s.is_early, s.category_id
    ),
    -- What is dearer than the mean sells more, in the measure that makes the mean order_value times
    -- as high; nothing sells less than a twentieth of what it would.
    store_seller AS (
        SELECT
            st.store_id,
            s.is_early,
            s.category_id,
            s.product_id,
            s.weight * greatest(
                0.05, 1 + (st.order_value - 1) / nullif(c.spread, 0) * (s.base_price / c.mean - 1)
            ) AS weight
        FROM sample.stores AS st
        CROSS JOIN seller AS s
        JOIN category_price AS c USING (is_early, category_id)
    ),
    shelf AS (
        SELECT
            s.*,
            sum(s.weight) OVER (shelf ORDER BY s.product_id) / sum(s.weight) OVER shelf AS upto
        FROM store_seller AS s
        WINDOW shelf AS (PARTITION BY s.store_id, s.is_early, s.category_id)
    )
    SELECT
        s.store_id,
        s.is_early,
        s.category_id,
        array_agg(s.product_id ORDER BY s.product_id) AS product_ids,
        array_agg(s.upto::double precision ORDER BY s.product_id) AS product_bounds
    FROM shelf AS s
    GROUP BY s.store_id, s.is_early, s.category_id;

    CREATE UNLOGGED TABLE sample.priced_products AS
    WITH partner AS (
        SELECT
            a.product_a AS product_id,
            a.product_b AS partner_id,
            sum(a.strength) OVER (product ORDER BY a.product_b)
                / greatest(1, sum(a.strength) OVER product) AS upto
        FROM sample.product_affinities AS a
        WINDOW product AS (PARTITION BY a.product_a)
    ),
    partners AS (
        SELECT
            p.product_id,
            array_agg(p.partner_id ORDER BY p.partner_id) AS partner_ids,
            array_agg(p.upto::double precision ORDER BY p.partner_id) AS partner_bounds
        FROM partner AS p
        GROUP BY p.product_id
    )
    SELECT
        p.product_id,
        round(100 * p.base_price)::integer AS base_cents,
        g.partner_ids,
        g.partner_bounds
    FROM sample.products AS p
    LEFT JOIN partners AS g USING (product_id);

    ANALYZE sample.shelves, sample.priced_products;
END
$function$;

COMMENT ON FUNCTION sample.plan_baskets IS $comment$
Makes sample.shelves, what each store sells of a category (is_early: in the years in which what is
dead stock today still sold), and sample.priced_products, with the partners each product sells with.
$comment$;
REVOKE ALL ON FUNCTION sample.plan_baskets FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sample.plan_baskets TO storekeeper_loader;
