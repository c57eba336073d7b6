-- What sells best, by revenue.
-- drop: DROP FUNCTION tool.top_products;
CREATE OR REPLACE FUNCTION tool.top_products(
    date_from  date             DEFAULT NULL,
    date_to    date             DEFAULT NULL,
    category   text             DEFAULT NULL,
    max_rows   retail.row_limit DEFAULT 20,
    store_name text             DEFAULT NULL
)
RETURNS TABLE (
    rank           bigint,
    sku            text,
    product_name   text,
    product_type   text,
    category_name  text,
    revenue        numeric,
    share_percent  numeric,
    units          bigint,
    orders         bigint,
    margin_percent numeric
)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
-- One plan for every store and every period would fit few of them; and what was sold of late is in
-- memory, where a look-up costs little.
SET plan_cache_mode = force_custom_plan
SET random_page_cost = 1.1
AS $function$
DECLARE
    -- Row security asks for them anyway; named in the query, they let the planner reckon rightly.
    v_store_ids   CONSTANT uuid[] := retail.find_stores(top_products.store_name);
    v_category_id CONSTANT smallint := retail.find_category(top_products.category);
    v_period      CONSTANT record
        := retail.sales_period(top_products.date_from, top_products.date_to);
BEGIN
    RETURN QUERY
    WITH sold AS (
        SELECT
            i.product_id,
            sum(i.line_total) AS revenue,
            sum(i.quantity) AS units,
            count(DISTINCT i.order_id) AS orders
        FROM retail.orders AS o
        JOIN retail.order_items AS i USING (store_id, order_id)
        WHERE o.store_id = ANY (v_store_ids)
          AND o.order_date >= v_period.starts
          AND o.order_date < v_period.ends
          AND retail.counts_as_revenue(o.status)
        GROUP BY i.product_id
    )
    SELECT
        rank() OVER (ORDER BY s.revenue DESC),
        p.sku::text, p.name::text, t.name::text, c.name::text,
        s.revenue,
        retail.percent(s.revenue, sum(s.revenue) OVER ()),
        s.units,
        s.orders,
        retail.percent(s.revenue - s.units * p.cost, s.revenue)
    FROM sold AS s
    JOIN retail.products AS p USING (product_id)
    JOIN retail.product_types AS t USING (type_id)
    JOIN retail.categories AS c USING (category_id)
    WHERE v_category_id IS NULL OR c.category_id = v_category_id
    ORDER BY s.revenue DESC, p.sku
    LIMIT coalesce(top_products.max_rows, 20);
END
$function$;

COMMENT ON FUNCTION tool.top_products IS $comment$
Best-selling products of the stores you may see, by revenue: what sells, what earns, in one category
or in all. Ask this before writing SQL of your own. US dollars, net of discounts; cancelled and
returned orders do not count.
@title Top products
@param date_from   First day counted, YYYY-MM-DD; left out: the period has 90 days.
@param date_to     Last day counted; left out: yesterday.
@param category    For example Power Tools; left out: all.
@param max_rows    1 to 200.
@param store_name  For example Seattle; left out: all your stores together.
@return rank            By revenue.
@return sku             Article number.
@return revenue         US dollars.
@return share_percent   Share of the revenue of all products asked about.
@return units           Units sold.
@return orders          Orders with the product.
@return margin_percent  Revenue less today's cost of the units, in percent of revenue.
@example top_products(category => 'Power Tools', max_rows => 10)
$comment$;
REVOKE ALL ON FUNCTION tool.top_products FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tool.top_products TO store_managers, regional_managers, head_office;
