-- Makes the daily sales anew from the orders.
-- drop: DROP FUNCTION retail.rebuild_daily_sales;
CREATE OR REPLACE FUNCTION retail.rebuild_daily_sales()
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_rows bigint;
BEGIN
    IF row_security_active('retail.orders') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK403',
            MESSAGE = format('%I does not see every order.', current_user),
            HINT = 'SET ROLE storekeeper_loader, then SELECT retail.rebuild_daily_sales().';
    END IF;
    -- Readers go on; writers wait.
    LOCK TABLE retail.orders, retail.order_items, retail.daily_sales IN SHARE ROW EXCLUSIVE MODE;
    DELETE FROM retail.daily_sales;
    INSERT INTO retail.daily_sales (
        store_id, business_day, product_id, order_lines, units, revenue, discount
    )
    SELECT
        i.store_id,
        (o.order_date AT TIME ZONE retail.time_zone())::date,
        i.product_id,
        count(*),
        sum(i.quantity),
        sum(i.line_total),
        sum(i.quantity * i.unit_price - i.line_total)
    FROM retail.orders AS o
    JOIN retail.order_items AS i USING (store_id, order_id)
    WHERE retail.counts_as_revenue(o.status)
    GROUP BY 1, 2, 3;
    GET DIAGNOSTICS v_rows = ROW_COUNT;
    RETURN v_rows;
END
$function$;

COMMENT ON FUNCTION retail.rebuild_daily_sales IS $comment$
For the loader, after a load with the triggers disabled or where retail.doctor finds a difference: fills
retail.daily_sales from the orders. Orders can be read meanwhile, not written. SK403 for who sees only some.
@title Rebuild the daily sales
@return How many rows there are.
@example SELECT retail.rebuild_daily_sales();
$comment$;
REVOKE ALL ON FUNCTION retail.rebuild_daily_sales FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.rebuild_daily_sales TO storekeeper_loader;
