-- Keeps the daily sales as the orders are: whether they count, and on which day.
-- drop: DROP FUNCTION retail.roll_up_orders;
CREATE OR REPLACE FUNCTION retail.roll_up_orders()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_store_ids uuid[];
    v_order_ids uuid[];
BEGIN
    IF TG_OP = 'DELETE' THEN
        -- Before the foreign key does, which would leave the lines' trigger no order to ask.
        DELETE FROM retail.order_items AS i WHERE i.store_id = OLD.store_id AND i.order_id = OLD.order_id;
        RETURN OLD;
    END IF;

    SELECT array_agg(n.store_id ORDER BY n.store_id, n.order_id), array_agg(n.order_id ORDER BY n.store_id, n.order_id)
    INTO v_store_ids, v_order_ids
    FROM old_orders AS o
    JOIN new_orders AS n USING (store_id, order_id)
    WHERE retail.counts_as_revenue(o.status) <> retail.counts_as_revenue(n.status)
       OR (
            retail.counts_as_revenue(n.status)
            AND (o.order_date AT TIME ZONE retail.time_zone())::date
                <> (n.order_date AT TIME ZONE retail.time_zone())::date
        );
    IF v_order_ids IS NULL THEN
        RETURN NULL;
    END IF;

    -- Whoever is adding lines holds the foreign key's lock on the order; the next statement sees them.
    PERFORM
    FROM retail.orders AS o
    WHERE (o.store_id, o.order_id) IN (SELECT u.* FROM unnest(v_store_ids, v_order_ids) AS u)
    ORDER BY o.store_id, o.order_id
    FOR UPDATE;

    INSERT INTO retail.daily_sales AS d (
        store_id, business_day, product_id, order_lines, units, revenue, discount
    )
    SELECT
        i.store_id,
        (v.order_date AT TIME ZONE retail.time_zone())::date,
        i.product_id,
        sum(v.sign),
        sum(v.sign * i.quantity),
        sum(v.sign * i.line_total),
        sum(v.sign * (i.quantity * i.unit_price - i.line_total))
    FROM unnest(v_store_ids, v_order_ids) AS u (store_id, order_id)
    JOIN old_orders AS o USING (store_id, order_id)
    JOIN new_orders AS n USING (store_id, order_id)
    CROSS JOIN LATERAL (
        VALUES (-1, o.order_date, o.status), (1, n.order_date, n.status)
    ) AS v (sign, order_date, status)
    JOIN retail.order_items AS i USING (store_id, order_id)
    WHERE retail.counts_as_revenue(v.status)
    GROUP BY 1, 2, 3
    ORDER BY 1, 2, 3
    ON CONFLICT (store_id, business_day, product_id) DO UPDATE SET
        order_lines = d.order_lines + excluded.order_lines,
        units = d.units + excluded.units,
        revenue = d.revenue + excluded.revenue,
        discount = d.discount + excluded.discount;
    RETURN NULL;
END
$function$;

COMMENT ON FUNCTION retail.roll_up_orders IS $comment$
Trigger: moves the sales of orders that begin or cease to count as revenue, or change their day, within
retail.daily_sales, once a statement; before an order is deleted, deletes its lines. Runs as whoever writes,
within their row security; who deletes orders needs the right to delete lines. Exact at READ COMMITTED, which is
what calls run at.
$comment$;
REVOKE ALL ON FUNCTION retail.roll_up_orders FROM PUBLIC;
