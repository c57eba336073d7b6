-- How a store, or all the caller's stores together, did over a period.
-- drop: DROP FUNCTION tool.get_store_performance;
CREATE OR REPLACE FUNCTION tool.get_store_performance(
    store_name text DEFAULT NULL,
    date_from  date DEFAULT NULL,
    date_to    date DEFAULT NULL
)
RETURNS json
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
    v_store_ids CONSTANT uuid[] := retail.find_stores(get_store_performance.store_name);
    v_period    CONSTANT record
        := retail.sales_period(get_store_performance.date_from, get_store_performance.date_to);
    v_from      CONSTANT date := v_period.date_from;
    v_to        CONSTANT date := v_period.date_to;
    v_days      CONSTANT integer := v_to - v_from + 1;
    v_report    json;
BEGIN
    WITH
    period AS (
        SELECT
            p.name, p.first_day, p.last_day,
            p.first_day::timestamp AT TIME ZONE retail.time_zone() AS starts,
            (p.last_day + 1)::timestamp AT TIME ZONE retail.time_zone() AS ends
        FROM (
            VALUES
                ('current', v_from, v_to),
                ('previous_period', v_from - v_days, v_from - 1),
                (
                    'year_before',
                    (v_from - interval '1 year')::date, (v_to - interval '1 year')::date
                )
        ) AS p (name, first_day, last_day)
    ),
    store_day AS MATERIALIZED (
        SELECT
            p.name AS period, o.store_id,
            (o.order_date AT TIME ZONE retail.time_zone())::date AS day,
            count(*) AS orders, sum(o.total_amount) AS revenue
        FROM period AS p
        JOIN retail.orders AS o ON o.order_date >= p.starts AND o.order_date < p.ends
        WHERE o.store_id = ANY (v_store_ids)
          AND retail.counts_as_revenue(o.status)
        GROUP BY p.name, o.store_id, (o.order_date AT TIME ZONE retail.time_zone())::date
    ),
    store_category AS MATERIALIZED (
        SELECT
            o.store_id, t.category_id,
            sum(i.quantity) AS units, sum(i.line_total) AS revenue,
            sum(i.quantity * i.unit_price) AS list_value, sum(i.quantity * p.cost) AS cost
        FROM retail.orders AS o
        JOIN retail.order_items AS i USING (store_id, order_id)
        JOIN retail.products AS p USING (product_id)
        JOIN retail.product_types AS t USING (type_id)
        WHERE o.store_id = ANY (v_store_ids)
          AND o.order_date >= v_period.starts
          AND o.order_date < v_period.ends
          AND retail.counts_as_revenue(o.status)
        GROUP BY o.store_id, t.category_id
    ),
    total AS (
        SELECT
            p.name AS period, p.first_day, p.last_day,
            coalesce(sum(d.orders), 0) AS orders, coalesce(sum(d.revenue), 0) AS revenue,
            round(sum(d.revenue) / sum(d.orders), 2) AS average_basket
        FROM period AS p
        LEFT JOIN store_day AS d ON d.period = p.name
        GROUP BY p.name, p.first_day, p.last_day
    ),
    goods AS (
        SELECT
            coalesce(sum(c.units), 0) AS units,
            coalesce(sum(c.revenue), 0) AS revenue,
            coalesce(sum(c.revenue - c.cost), 0) AS margin,
            coalesce(sum(c.list_value), 0) AS list_value,
            coalesce(sum(c.list_value - c.revenue), 0) AS discount
        FROM store_category AS c
    ),
    category AS (
        SELECT
            c.name AS category, sum(s.revenue) AS revenue,
            retail.percent(sum(s.revenue), g.revenue) AS share_percent
        FROM store_category AS s
        JOIN retail.categories AS c USING (category_id)
        CROSS JOIN goods AS g
        GROUP BY c.name, g.revenue
        ORDER BY sum(s.revenue) DESC, c.name
        LIMIT 5
    ),
    -- Each day that is over, those without a sale too.
    day AS (
        SELECT
            c.day::date AS date, to_char(c.day, 'FMDay') AS weekday,
            coalesce(sum(d.revenue), 0) AS revenue, coalesce(sum(d.orders), 0) AS orders
        FROM generate_series(v_from::timestamp, least(v_to, retail.today() - 1), '1 day') AS c (day)
        LEFT JOIN store_day AS d ON d.period = 'current' AND d.day = c.day::date
        GROUP BY c.day
    ),
    comparison AS (
        SELECT
            b.period,
            json_build_object(
                'from', b.first_day,
                'to', b.last_day,
                'revenue', b.revenue,
                'revenue_change', t.revenue - b.revenue,
                'revenue_change_percent', retail.percent(t.revenue - b.revenue, b.revenue),
                'orders', b.orders,
                'orders_change', t.orders - b.orders,
                'orders_change_percent', retail.percent(t.orders - b.orders, b.orders),
                'average_basket', b.average_basket,
                'average_basket_change', t.average_basket - b.average_basket,
                'average_basket_change_percent',
                    retail.percent(t.average_basket - b.average_basket, b.average_basket)
            ) AS figures
        FROM total AS t
        JOIN total AS b ON b.period <> t.period
        WHERE t.period = 'current'
    ),
    store AS (
        SELECT
            s.name AS store,
            coalesce(d.revenue, 0) AS revenue,
            retail.percent(coalesce(d.revenue, 0), sum(d.revenue) OVER ()) AS share_percent,
            retail.percent(coalesce(d.revenue, 0) * count(*) OVER (), sum(d.revenue) OVER ()) - 100
                AS against_average_percent,
            coalesce(d.orders, 0) AS orders,
            round(d.revenue / d.orders, 2) AS average_basket,
            g.margin_percent,
            g.discount_percent,
            retail.percent(coalesce(d.revenue, 0) - d.revenue_before, d.revenue_before)
                AS change_percent,
            retail.percent(coalesce(d.revenue, 0) - d.revenue_year_before, d.revenue_year_before)
                AS year_change_percent
        FROM retail.stores AS s
        LEFT JOIN (
            SELECT
                d.store_id,
                sum(d.revenue) FILTER (WHERE d.period = 'current') AS revenue,
                sum(d.orders) FILTER (WHERE d.period = 'current') AS orders,
                sum(d.revenue) FILTER (WHERE d.period = 'previous_period') AS revenue_before,
                sum(d.revenue) FILTER (WHERE d.period = 'year_before') AS revenue_year_before
            FROM store_day AS d
            GROUP BY d.store_id
        ) AS d USING (store_id)
        LEFT JOIN (
            SELECT
                c.store_id,
                retail.percent(sum(c.revenue - c.cost), sum(c.revenue)) AS margin_percent,
                retail.percent(sum(c.list_value - c.revenue), sum(c.list_value)) AS discount_percent
            FROM store_category AS c
            GROUP BY c.store_id
        ) AS g USING (store_id)
        WHERE s.store_id = ANY (v_store_ids)
    )
    SELECT row_to_json(r) INTO v_report
    FROM (
        SELECT
            (SELECT json_agg(s.store ORDER BY s.store) FROM store AS s) AS stores,
            json_build_object(
                'from', v_from, 'to', v_to, 'days', v_days,
                'is_over', v_to < retail.today(), 'time_zone', retail.time_zone()
            ) AS period,
            t.revenue, t.orders, t.average_basket, g.units,
            json_build_object(
                'amount', g.margin, 'percent', retail.percent(g.margin, g.revenue)
            ) AS margin,
            json_build_object(
                'amount', g.discount, 'percent', retail.percent(g.discount, g.list_value)
            ) AS discount,
            (SELECT json_agg(c) FROM category AS c) AS top_categories,
            (SELECT row_to_json(d) FROM day AS d ORDER BY d.revenue DESC, d.date LIMIT 1)
                AS best_day,
            (SELECT row_to_json(d) FROM day AS d ORDER BY d.revenue, d.date LIMIT 1)
                AS worst_day,
            (SELECT json_object_agg(c.period, c.figures ORDER BY c.period) FROM comparison AS c)
                AS change,
            (
                SELECT json_agg(s ORDER BY s.revenue DESC, s.store)
                FROM store AS s
                HAVING count(*) > 1
            ) AS by_store
        FROM total AS t
        CROSS JOIN goods AS g
        WHERE t.period = 'current'
    ) AS r;

    RETURN (
        SELECT json_object_agg(e.key, e.value ORDER BY e.n)
        FROM (
            SELECT e.key, e.value, e.n
            FROM json_each(v_report) WITH ORDINALITY AS e (key, value, n)
            WHERE json_typeof(e.value) <> 'null'
            UNION ALL
            SELECT 'insights', to_json(retail.performance_insights(v_report)), NULL
        ) AS e
    );
END
$function$;

COMMENT ON FUNCTION tool.get_store_performance IS $comment$
How one store, or all your stores together, did over a period: revenue, orders, average basket,
units, margin, discounts, top categories, best and worst day, the change against the period just
before and the same days a year before, each store against the average (by_store), and insights
in plain words. Ask this before writing SQL of your own. US dollars, net of discounts; cancelled
and returned orders do not count. Margin is revenue less today's cost of the units.
@title Store performance
@param store_name  For example Seattle; left out: all your stores.
@param date_from   First day counted, YYYY-MM-DD; left out: the period has 90 days.
@param date_to     Last day counted; left out: yesterday.
@return One object; a percentage is null when there is nothing to compare with.
@example get_store_performance('Seattle', date_from => '2026-01-01', date_to => '2026-03-31')
$comment$;
REVOKE ALL ON FUNCTION tool.get_store_performance FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tool.get_store_performance
    TO store_managers, regional_managers, head_office;
