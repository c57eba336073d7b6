-- Statistics: spread, correlation, regression, outliers and forecasts.

-- query: Mean, median, deviation and quartiles of the order value by store
SELECT s.name, count(*) AS n, round(avg(total_amount), 2) AS mean,
       round(stddev_samp(total_amount), 2) AS deviation, round(var_pop(total_amount), 2) AS variance,
       percentile_cont(0.25) WITHIN GROUP (ORDER BY total_amount) AS q1,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY total_amount) AS median,
       percentile_cont(0.75) WITHIN GROUP (ORDER BY total_amount) AS q3
FROM orders o JOIN stores s USING (store_id)
GROUP BY s.name
ORDER BY s.name;

-- query: Orders that are outliers by the interquartile range
WITH q AS (
    SELECT percentile_cont(0.25) WITHIN GROUP (ORDER BY total_amount) AS q1,
           percentile_cont(0.75) WITHIN GROUP (ORDER BY total_amount) AS q3
    FROM orders
)
SELECT o.order_id, o.total_amount, round(((o.total_amount - q.q3) / (q.q3 - q.q1))::numeric, 2) AS ranges_above
FROM orders o, q
WHERE o.total_amount > q.q3 + 3 * (q.q3 - q.q1)
ORDER BY o.total_amount DESC, o.order_id
LIMIT 30;

-- query: Days whose revenue is more than two deviations from the mean
WITH daily AS (
    SELECT order_date::date AS day, sum(total_amount) AS revenue FROM orders GROUP BY 1
), scored AS (
    SELECT day, revenue, (revenue - avg(revenue) OVER ()) / NULLIF(stddev_pop(revenue) OVER (), 0) AS z FROM daily
)
SELECT day, revenue, round(z, 2) AS z FROM scored WHERE abs(z) > 2 ORDER BY z DESC, day LIMIT 40;

-- query: Trend of monthly revenue by linear regression, and a forecast for the next three months
WITH monthly AS (
    SELECT row_number() OVER (ORDER BY date_trunc('month', order_date)) AS x,
           date_trunc('month', order_date) AS month, sum(total_amount) AS y
    FROM orders
    WHERE order_date < date_trunc('month', now()) AND status IN ('pending', 'shipped', 'completed')
    GROUP BY date_trunc('month', order_date)
), line AS (
    SELECT regr_slope(y, x) AS slope, regr_intercept(y, x) AS base, max(x) AS last FROM monthly
)
SELECT (date_trunc('month', now()) + n * INTERVAL '1 month')::date AS month,
       round((base + slope * (last + 1 + n))::numeric, 0) AS expected
FROM line, generate_series(0, 2) AS n
ORDER BY month;

-- query: How well does price explain the quantity?
SELECT c.name, regr_count(i.quantity, i.unit_price) AS n,
       round(corr(i.quantity, i.unit_price)::numeric, 4) AS correlation,
       round(regr_slope(i.quantity, i.unit_price)::numeric, 5) AS slope,
       round(covar_samp(i.quantity, i.unit_price)::numeric, 4) AS covariance
FROM order_items i JOIN products p USING (product_id) JOIN product_types t USING (type_id) JOIN categories c USING (category_id)
GROUP BY c.name
ORDER BY c.name;

-- query: Coefficient of variation of monthly units by category: what is erratic?
SELECT name, round(stddev_pop(units) / avg(units), 3) AS variation, count(*) AS months
FROM (
    SELECT c.name, date_trunc('month', o.order_date) AS month, sum(i.quantity) AS units
    FROM orders o JOIN order_items i USING (store_id, order_id)
    JOIN products p USING (product_id) JOIN product_types t USING (type_id) JOIN categories c USING (category_id)
    GROUP BY 1, 2
) AS m
GROUP BY name
ORDER BY variation DESC, name;

-- query: The Gini coefficient of customer revenue
WITH spend AS (
    SELECT sum(total_amount) AS x, row_number() OVER (ORDER BY sum(total_amount), customer_id) AS i, count(*) OVER () AS n
    FROM orders GROUP BY store_id, customer_id
)
SELECT round(2 * sum(i * x) / (max(n) * sum(x)) - (max(n) + 1.0) / max(n), 4) AS gini FROM spend;

-- query: A histogram of order values with a bar each
WITH bounds AS (
    SELECT min(total_amount) AS low, max(total_amount) + 0.01 AS high FROM orders
)
SELECT width_bucket(o.total_amount, b.low, b.high, 15) AS bucket,
       min(o.total_amount) AS least, max(o.total_amount) AS most, count(*) AS orders,
       lpad('', ceil(log(count(*) + 1) * 10)::int, '#') AS bar
FROM orders o CROSS JOIN bounds b
GROUP BY bucket
ORDER BY bucket;

-- query: Exponential smoothing of monthly revenue by recursion
WITH RECURSIVE monthly AS (
    SELECT row_number() OVER (ORDER BY date_trunc('month', order_date)) AS n,
           date_trunc('month', order_date)::date AS month, sum(total_amount) AS revenue
    FROM orders GROUP BY date_trunc('month', order_date)
), smooth AS (
    SELECT n, month, revenue, revenue AS level FROM monthly WHERE n = 1
    UNION ALL
    SELECT m.n, m.month, m.revenue, round(0.3 * m.revenue + 0.7 * s.level, 2)
    FROM smooth s JOIN monthly m ON m.n = s.n + 1
)
SELECT month, revenue, level FROM smooth ORDER BY n;

-- query: Median by hand, to check percentile_cont
SELECT round(avg(total_amount), 2) AS by_hand,
       (SELECT round(percentile_cont(0.5) WITHIN GROUP (ORDER BY total_amount)::numeric, 2) FROM orders) AS by_function
FROM (
    SELECT total_amount, row_number() OVER (ORDER BY total_amount) AS n, count(*) OVER () AS of
    FROM orders
) AS o
WHERE n IN ((of + 1) / 2, (of + 2) / 2);

-- query: Compound annual growth since the first full year
WITH y AS (
    SELECT extract(year FROM order_date)::int AS year, sum(total_amount) AS revenue
    FROM orders
    WHERE order_date >= '2021-01-01' AND order_date < date_trunc('year', now())
    GROUP BY 1
)
SELECT min(year) AS since, max(year) AS until,
       round(100 * (power((array_agg(revenue ORDER BY year DESC))[1] / (array_agg(revenue ORDER BY year))[1],
                          1.0 / NULLIF(count(*) - 1, 0)) - 1), 2) AS growth_percent
FROM y;

-- query: A random sample of twenty orders
-- random
SELECT order_id, total_amount FROM orders ORDER BY random() LIMIT 20;

-- query: An estimate of the mean from a tenth of the orders
-- random
SELECT count(*) AS sampled, round(avg(total_amount), 2) AS mean FROM orders WHERE random() < 0.1;

-- query: A repeatable half of the products
SELECT count(*) AS sampled FROM products WHERE hashint4extended(product_id, 42) % 2 = 0;

-- query: A fixed sample by hash of the customer
SELECT count(*) AS customers, count(*) FILTER (WHERE abs(hashtext(email)) % 10 = 0) AS in_sample,
       count(*) FILTER (WHERE ('x' || left(md5(email), 2))::bit(8)::int < 26) AS in_other_sample
FROM customers;
