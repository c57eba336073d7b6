-- Sales: revenue, orders and baskets of stores and regions.

-- query: How much did we sell in the last 30 days?
SELECT
    count(*) AS orders,
    coalesce(sum(total_amount), 0) AS revenue,
    round(avg(total_amount), 2) AS average_order
FROM orders
WHERE status IN ('pending', 'shipped', 'completed')
  AND order_date >= date_trunc('day', now()) - INTERVAL '30 days';

-- query: What is revenue by store, with each store's share?
SELECT
    s.name,
    count(*) AS orders,
    sum(o.total_amount) AS revenue,
    round(100.0 * sum(o.total_amount) / sum(sum(o.total_amount)) OVER (), 1) AS share_percent
FROM orders AS o
JOIN stores AS s USING (store_id)
WHERE o.status IN ('pending', 'shipped', 'completed')
GROUP BY s.store_id, s.name
ORDER BY revenue DESC, s.name

-- query: Revenue by region and store with subtotals and a grand total
SELECT
    CASE GROUPING(r.name) WHEN 1 THEN 'All regions' ELSE r.name END AS region,
    CASE GROUPING(s.name) WHEN 1 THEN 'All stores' ELSE s.name END AS store,
    SUM(o.total_amount) AS revenue,
    COUNT(*) AS order_count
FROM orders o
JOIN stores s ON s.store_id = o.store_id
JOIN regions r ON r.region_id = s.region_id
WHERE o.status IN ('pending','shipped','completed')
GROUP BY ROLLUP (r.name, s.name)
ORDER BY GROUPING(r.name), r.name, GROUPING(s.name), s.name;

-- query: Monthly revenue of the last two years with the change on the month before
WITH monthly AS (
    SELECT date_trunc('month', order_date)::date AS month, SUM(total_amount) AS revenue
    FROM orders
    WHERE status IN ('pending', 'shipped', 'completed')
      AND order_date >= date_trunc('month', CURRENT_DATE) - INTERVAL '24 months'
    GROUP BY 1
)
SELECT
    to_char(month, 'YYYY-MM') AS month,
    revenue,
    LAG(revenue) OVER (ORDER BY month) AS previous,
    ROUND(100 * (revenue - LAG(revenue) OVER (ORDER BY month))
          / NULLIF(LAG(revenue) OVER (ORDER BY month), 0), 1) AS change_percent
FROM monthly
ORDER BY month;

-- query: How does each year compare with the year before?
WITH yearly AS (
    SELECT EXTRACT(YEAR FROM order_date)::int AS year, count(*) AS orders, sum(total_amount) AS revenue
    FROM orders
    WHERE status NOT IN ('cancelled', 'returned')
    GROUP BY 1
)
SELECT y.year, y.orders, y.revenue, p.revenue AS year_before,
       round(100 * (y.revenue / p.revenue - 1), 1) AS growth_percent
FROM yearly y
LEFT JOIN yearly p ON p.year = y.year - 1
ORDER BY y.year;

-- query: Year to date against the same days of last year
SELECT
    sum(total_amount) FILTER (WHERE order_date >= date_trunc('year', now())) AS this_year,
    sum(total_amount) FILTER (
        WHERE order_date >= date_trunc('year', now()) - INTERVAL '1 year'
          AND order_date < date_trunc('day', now()) - INTERVAL '1 year'
    ) AS last_year_same_days
FROM orders
WHERE status = ANY (ARRAY['pending', 'shipped', 'completed'])

-- query: Which share of orders was cancelled or returned, by store?
SELECT s.name,
       count(*) AS orders,
       count(*) FILTER (WHERE o.status = 'cancelled') AS cancelled,
       count(*) FILTER (WHERE o.status = 'returned') AS returned,
       round(100.0 * avg((o.status IN ('cancelled', 'returned'))::int), 2) AS lost_percent
FROM orders o JOIN stores s ON s.store_id = o.store_id
GROUP BY s.name
ORDER BY lost_percent DESC, s.name;

-- query: What are the ten largest orders, and who placed them?
SELECT o.order_id, o.order_date::date AS day, c.first_name || ' ' || c.last_name AS customer,
       s.name AS store, o.total_amount
FROM orders o
JOIN customers c ON c.store_id = o.store_id AND c.customer_id = o.customer_id
JOIN stores s ON s.store_id = o.store_id
ORDER BY o.total_amount DESC, o.order_id
LIMIT 10;

-- query: Orders by status, as a cross table of years
SELECT
    status,
    COUNT(*) FILTER (WHERE EXTRACT(YEAR FROM order_date) = 2022) AS "2022",
    COUNT(*) FILTER (WHERE EXTRACT(YEAR FROM order_date) = 2023) AS "2023",
    COUNT(*) FILTER (WHERE EXTRACT(YEAR FROM order_date) = 2024) AS "2024",
    COUNT(*) FILTER (WHERE EXTRACT(YEAR FROM order_date) >= 2025) AS "2025 and later"
FROM orders
GROUP BY status
ORDER BY status;

-- query: Revenue by category in the last twelve months, the best first
SELECT c.name AS category, SUM(i.line_total) AS revenue, SUM(i.quantity) AS units,
       COUNT(DISTINCT (i.store_id, i.order_id)) AS orders
FROM orders o
JOIN order_items i USING (store_id, order_id)
JOIN products p USING (product_id)
JOIN product_types t USING (type_id)
JOIN categories c USING (category_id)
WHERE o.status IN ('pending', 'shipped', 'completed')
  AND o.order_date >= now()::date - 365
GROUP BY c.category_id, c.name
ORDER BY revenue DESC, c.name;

-- query: A cube of year, category and online
SELECT EXTRACT(YEAR FROM o.order_date)::int AS year, c.name AS category, s.is_online,
       GROUPING(EXTRACT(YEAR FROM o.order_date)::int, c.name, s.is_online) AS level,
       SUM(i.line_total) AS revenue
FROM orders o
JOIN order_items i USING (store_id, order_id)
JOIN stores s USING (store_id)
JOIN products p USING (product_id)
JOIN product_types t USING (type_id)
JOIN categories c USING (category_id)
GROUP BY CUBE (EXTRACT(YEAR FROM o.order_date)::int, c.name, s.is_online)
ORDER BY level, year NULLS LAST, category NULLS LAST, is_online NULLS LAST;

-- query: Basket size: items and units in an average order by store and year
SELECT s.name, date_part('year', o.order_date) AS year,
       round(avg(b.lines), 2) AS lines, round(avg(b.units), 2) AS units, round(avg(o.total_amount), 2) AS basket
FROM orders o
JOIN stores s USING (store_id)
CROSS JOIN LATERAL (
    SELECT count(*) AS lines, sum(i.quantity) AS units
    FROM order_items i
    WHERE i.store_id = o.store_id AND i.order_id = o.order_id
) AS b
GROUP BY s.name, year
ORDER BY s.name, year;

-- query: Do the order totals agree with their lines?
SELECT count(*) AS orders,
       count(*) FILTER (WHERE o.total_amount IS DISTINCT FROM l.total) AS wrong
FROM orders AS o
LEFT JOIN (
    SELECT store_id, order_id, sum(line_total) AS total FROM order_items GROUP BY store_id, order_id
) AS l USING (store_id, order_id);

-- query: Are we above or below the average month?
WITH monthly AS MATERIALIZED (
    SELECT date_trunc('month', order_date) AS month, sum(total_amount) AS revenue
    FROM orders
    WHERE status IN ('pending', 'shipped', 'completed')
    GROUP BY month
), average AS NOT MATERIALIZED (
    SELECT avg(revenue) AS revenue FROM monthly
)
SELECT m.month::date, m.revenue, round(m.revenue - a.revenue, 2) AS difference,
       CASE WHEN m.revenue >= 1.2 * a.revenue THEN 'strong'
            WHEN m.revenue >= 0.8 * a.revenue THEN 'normal'
            ELSE 'weak' END AS verdict
FROM monthly m CROSS JOIN average a
ORDER BY m.month DESC
LIMIT 24;

-- query: Each store's revenue against a target from a list
WITH target (city, amount) AS (
    VALUES ('Seattle', 150000.00), ('Bellevue', 120000), ('Tacoma', 90000), ('Spokane', 40000),
           ('Everett', 30000), ('Redmond', 25000), ('Kirkland', 15000), ('Online', 160000)
)
SELECT s.name, t.amount AS target, sum(o.total_amount) AS revenue,
       round(100 * sum(o.total_amount) / t.amount, 1) AS reached_percent
FROM stores s
JOIN target t ON s.name = 'Zava Retail ' || t.city
JOIN orders o ON o.store_id = s.store_id AND o.status IN ('pending', 'shipped', 'completed')
GROUP BY s.name, t.amount
ORDER BY reached_percent DESC, s.name;

-- query: Revenue by month, from the daily sales
SELECT s.name AS store, date_trunc('month', d.business_day)::date AS month,
       sum(d.revenue) AS revenue, sum(d.units) AS units,
       round(100 * sum(d.discount) / nullif(sum(d.revenue + d.discount), 0), 1) AS discount_percent
FROM daily_sales d JOIN stores s USING (store_id)
GROUP BY s.name, date_trunc('month', d.business_day)
ORDER BY month DESC, s.name
LIMIT 60;

-- query: Seven-day moving average of units from the daily sales
SELECT business_day, units,
       round(avg(units) OVER (ORDER BY business_day RANGE BETWEEN '6 days' PRECEDING AND CURRENT ROW), 2) AS average
FROM (SELECT business_day, sum(units) AS units FROM daily_sales GROUP BY business_day) AS d
ORDER BY business_day DESC
LIMIT 30;

-- query: Do the daily sales agree with the orders?
SELECT d.day, d.revenue, o.revenue AS of_orders, d.revenue - o.revenue AS difference
FROM (
    SELECT business_day AS day, sum(revenue) AS revenue FROM daily_sales GROUP BY business_day
) d
FULL JOIN (
    SELECT o.order_date::date AS day, sum(i.line_total) AS revenue
    FROM orders o JOIN order_items i USING (store_id, order_id)
    WHERE o.status IN ('pending', 'shipped', 'completed')
    GROUP BY o.order_date::date
) o USING (day)
ORDER BY day DESC
LIMIT 30;
