-- What is in stock: by what sold in the last ninety days, with some of it running out.
-- drop: DROP FUNCTION sample.load_inventory;
CREATE OR REPLACE FUNCTION sample.load_inventory(seed bigint, today date)
RETURNS void
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
    WITH sold AS (
        SELECT i.store_id, i.product_id, sum(i.quantity) AS units
        FROM retail.orders AS o
        JOIN retail.order_items AS i USING (store_id, order_id)
        WHERE o.order_date >= (load_inventory.today - 90)::timestamp AT TIME ZONE retail.time_zone()
          AND retail.counts_as_revenue(o.status)
        GROUP BY i.store_id, i.product_id
    ),
    shelf AS (
        SELECT
            s.store_id,
            p.product_id,
            p.lifecycle,
            -- Two weeks' sales, which is how long a delivery takes.
            greatest(2, ceil(coalesce(sold.units, 0) * 14 / 90.0))::integer AS reorder_point,
            sample.uniform(seed, 'shortage in ' || s.store_id, p.product_id) AS shortage,
            sample.uniform(seed, 'stock of ' || s.store_id, p.product_id) AS fullness,
            sample.uniform(seed, 'counted in ' || s.store_id, p.product_id) AS counted
        FROM sample.stores AS s
        CROSS JOIN sample.products AS p
        LEFT JOIN sold USING (store_id, product_id)
    ),
    stocked AS (
        INSERT INTO retail.inventory (store_id, product_id, stock_level, reorder_point, updated_at)
        SELECT
            s.store_id,
            s.product_id,
            CASE
                WHEN s.lifecycle = 'dead_stock' THEN 8 + floor(40 * s.fullness)
                WHEN s.shortage < 0.03 THEN 0
                WHEN s.shortage < 0.12 THEN floor(s.fullness * (s.reorder_point + 1))
                ELSE ceil(s.reorder_point * (1.2 + 4 * s.fullness))
            END,
            s.reorder_point,
            (load_inventory.today - 1 - floor(30 * s.counted)::integer + time '06:30')
                AT TIME ZONE retail.time_zone()
        FROM shelf AS s
        RETURNING store_id, product_id, stock_level, updated_at
    )
    INSERT INTO retail.stock_movements (
        store_id, movement_id, product_id, quantity, reason, made_by, made_at
    )
    SELECT
        t.store_id,
        sample.make_uuid(seed, 'opening of ' || t.store_id, t.product_id),
        t.product_id,
        t.stock_level,
        'opening',
        NULL,
        t.updated_at
    FROM stocked AS t;
$function$;

COMMENT ON FUNCTION sample.load_inventory IS $comment$
Fills the inventory, and the ledger with what lay there when counting began, from the orders that are there and
sample.*: 3 % is sold out, another 9 % is at or below its reorder point; dead stock lies there.
$comment$;
REVOKE ALL ON FUNCTION sample.load_inventory FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sample.load_inventory TO storekeeper_loader;
