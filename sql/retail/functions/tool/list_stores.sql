-- The stores the caller may see, with their size.
-- drop: DROP FUNCTION tool.list_stores;
CREATE OR REPLACE FUNCTION tool.list_stores()
RETURNS TABLE (
    store_name         text,
    region             text,
    location           text,
    is_online          boolean,
    customers          bigint,
    orders_last_30d    bigint,
    revenue_last_30d   numeric
)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_period CONSTANT record := retail.sales_period(retail.today() - 30, retail.today() - 1);
BEGIN
    RETURN QUERY
    SELECT
        s.name::text, r.name::text, s.location::text, s.is_online,
        coalesce(c.customers, 0), coalesce(o.orders, 0), coalesce(o.revenue, 0)
    FROM retail.stores AS s
    JOIN retail.regions AS r USING (region_id)
    LEFT JOIN (
        SELECT c.store_id, count(*) AS customers
        FROM retail.customers AS c
        GROUP BY c.store_id
    ) AS c USING (store_id)
    LEFT JOIN (
        SELECT o.store_id, count(*) AS orders, sum(o.total_amount) AS revenue
        FROM retail.orders AS o
        WHERE o.order_date >= v_period.starts
          AND o.order_date < v_period.ends
          AND retail.counts_as_revenue(o.status)
        GROUP BY o.store_id
    ) AS o USING (store_id)
    ORDER BY 7 DESC, 1;
END
$function$;

COMMENT ON FUNCTION tool.list_stores IS $comment$
The stores you may see, the busiest first, with region, customers and sales of the last 30 days.
Call it for store names to hand to other tools, or for a first comparison of stores.
@title Stores
@return store_name        Name, as other tools take it.
@return region            Puget Sound, Eastside, Inland or Online.
@return location          City and state.
@return is_online         Whether it is the web shop.
@return customers         Customers registered there.
@return orders_last_30d   Orders that count as revenue (not cancelled, not returned).
@return revenue_last_30d  US dollars, net of discounts.
@example list_stores()
$comment$;
REVOKE ALL ON FUNCTION tool.list_stores FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tool.list_stores TO store_managers, regional_managers, head_office;
