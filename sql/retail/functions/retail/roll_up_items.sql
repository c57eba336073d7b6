-- Keeps the daily sales as the order lines are.
-- drop: DROP FUNCTION retail.roll_up_items;
CREATE OR REPLACE FUNCTION retail.roll_up_items()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_sign CONSTANT integer := CASE TG_ARGV[0] WHEN 'gone' THEN -1 ELSE 1 END;
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        -- Not again where the same statement did already. Row security does not hide rows from TRUNCATE.
        IF row_security_active('retail.daily_sales') OR EXISTS (SELECT FROM retail.daily_sales) THEN
            TRUNCATE retail.daily_sales;
        END IF;
        RETURN NULL;
    ELSIF TG_OP <> 'INSERT' THEN
        -- Whether the order counts, and on which day, must not change meanwhile. For an insert the
        -- foreign key's lock on the order is enough: roll_up_orders waits for it.
        PERFORM
        FROM retail.orders AS o
        WHERE (o.store_id, o.order_id) IN (SELECT c.store_id, c.order_id FROM changed_items AS c)
        ORDER BY o.store_id, o.order_id
        FOR SHARE;
    END IF;

    -- Sorted, so that no two writers wait for each other.
    INSERT INTO retail.daily_sales AS d (
        store_id, business_day, product_id, order_lines, units, revenue, discount
    )
    SELECT
        c.store_id,
        (o.order_date AT TIME ZONE retail.time_zone())::date,
        c.product_id,
        v_sign * count(*),
        v_sign * sum(c.quantity),
        v_sign * sum(c.line_total),
        v_sign * sum(c.quantity * c.unit_price - c.line_total)
    FROM changed_items AS c
    JOIN retail.orders AS o USING (store_id, order_id)
    WHERE retail.counts_as_revenue(o.status)
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

COMMENT ON FUNCTION retail.roll_up_items IS $comment$
Trigger, once a statement: adds the lines in changed_items to retail.daily_sales, or with the argument gone takes
them away. Runs as whoever writes, within their row security. Who changes or deletes lines needs the right to
UPDATE orders, for the lock. Exact at READ COMMITTED, which is what calls run at.
$comment$;
REVOKE ALL ON FUNCTION retail.roll_up_items FROM PUBLIC;
