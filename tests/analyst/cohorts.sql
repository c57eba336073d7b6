-- Cohorts: retention, lifetime value, and recursive calendars.

-- query: Retention by year of the first order
WITH first_order AS (
    SELECT store_id, customer_id, extract(year FROM min(order_date))::int AS cohort
    FROM orders GROUP BY store_id, customer_id
), activity AS (
    SELECT DISTINCT f.cohort, f.customer_id, extract(year FROM o.order_date)::int - f.cohort AS age
    FROM first_order f JOIN orders o USING (store_id, customer_id)
)
SELECT cohort, age, count(*) AS active,
       round(100.0 * count(*) / first_value(count(*)) OVER (PARTITION BY cohort ORDER BY age), 1) AS percent
FROM activity
GROUP BY cohort, age
ORDER BY cohort, age;

-- query: Quarterly cohorts as a triangle
WITH first_order AS (
    SELECT store_id, customer_id, date_trunc('quarter', min(order_date)) AS cohort FROM orders GROUP BY 1, 2
), ages AS (
    SELECT f.cohort, f.customer_id,
           (extract(year FROM age(date_trunc('quarter', o.order_date), f.cohort)) * 4
            + extract(month FROM age(date_trunc('quarter', o.order_date), f.cohort)) / 3)::int AS q
    FROM first_order f JOIN orders o USING (store_id, customer_id)
)
SELECT to_char(cohort, 'YYYY"q"Q') AS cohort,
       count(DISTINCT customer_id) FILTER (WHERE q = 0) AS q0,
       count(DISTINCT customer_id) FILTER (WHERE q = 1) AS q1,
       count(DISTINCT customer_id) FILTER (WHERE q = 2) AS q2,
       count(DISTINCT customer_id) FILTER (WHERE q = 3) AS q3,
       count(DISTINCT customer_id) FILTER (WHERE q >= 4) AS later
FROM ages
GROUP BY ages.cohort
ORDER BY ages.cohort;

-- query: Lifetime value by year of registration
SELECT extract(year FROM c.created_at)::int AS registered, count(DISTINCT (c.store_id, c.customer_id)) AS customers,
       round(coalesce(sum(o.total_amount), 0) / count(DISTINCT (c.store_id, c.customer_id)), 2) AS lifetime_value
FROM customers c
LEFT JOIN orders o ON o.store_id = c.store_id AND o.customer_id = c.customer_id AND o.status IN ('pending', 'shipped', 'completed')
GROUP BY 1
ORDER BY 1;

-- query: How soon after registration comes the first order?
SELECT width_bucket(days, 0, 360, 12) AS thirty_day_block, count(*) AS customers
FROM (
    SELECT min(o.order_date)::date - c.created_at::date AS days
    FROM customers c JOIN orders o USING (store_id, customer_id)
    GROUP BY c.store_id, c.customer_id, c.created_at
) AS d
GROUP BY 1
ORDER BY 1;

-- query: A calendar of months by recursion, with active customers
WITH RECURSIVE months (month) AS (
    SELECT date_trunc('month', now()) - INTERVAL '17 months'
    UNION ALL
    SELECT month + INTERVAL '1 month' FROM months WHERE month < date_trunc('month', now())
)
SELECT months.month::date, count(DISTINCT o.customer_id) AS active, count(o.order_id) AS orders
FROM months
LEFT JOIN orders o ON date_trunc('month', o.order_date) = months.month
GROUP BY months.month
ORDER BY months.month;

-- query: Rolling twelve month active customers, by month
SELECT m.month::date,
       (SELECT count(DISTINCT (o.store_id, o.customer_id)) FROM orders o
        WHERE o.order_date < m.month + INTERVAL '1 month' AND o.order_date >= m.month - INTERVAL '11 months') AS active_12_months
FROM generate_series(date_trunc('month', now()) - INTERVAL '12 months', date_trunc('month', now()), '1 month') AS m (month)
ORDER BY m.month;

-- query: Churn: customers active two years ago and gone last year
WITH active AS (
    SELECT store_id, customer_id,
           bool_or(order_date < now() - INTERVAL '1 year' AND order_date >= now() - INTERVAL '2 years') AS before,
           bool_or(order_date >= now() - INTERVAL '1 year') AS lately
    FROM orders GROUP BY store_id, customer_id
)
SELECT count(*) FILTER (WHERE before) AS before,
       count(*) FILTER (WHERE before AND lately) AS stayed,
       count(*) FILTER (WHERE before AND NOT lately) AS churned,
       count(*) FILTER (WHERE lately AND NOT before) AS won
FROM active;

-- query: Second order within 90 days, by year of the first
SELECT first_year, count(*) AS customers,
       count(*) FILTER (WHERE second_at - first_at <= INTERVAL '90 days') AS quick_second
FROM (
    SELECT min(order_date) AS first_at, (array_agg(order_date ORDER BY order_date))[2] AS second_at,
           extract(year FROM min(order_date))::int AS first_year
    FROM orders
    GROUP BY store_id, customer_id
) AS f
GROUP BY first_year
ORDER BY first_year;

-- query: Cumulated revenue of each yearly cohort over the calendar years
WITH cohorts AS (
    SELECT store_id, customer_id, min(extract(year FROM order_date))::int AS cohort FROM orders GROUP BY 1, 2
)
SELECT cohort, extract(year FROM o.order_date)::int AS year, sum(o.total_amount) AS revenue,
       sum(sum(o.total_amount)) OVER (PARTITION BY cohort ORDER BY extract(year FROM o.order_date)::int) AS cumulated
FROM cohorts JOIN orders o USING (store_id, customer_id)
GROUP BY cohort, year
ORDER BY cohort, year;

-- query: Loan of the new roof: a repayment plan by recursion
WITH RECURSIVE plan (month, balance, interest) AS (
    SELECT 0, 12000.00::numeric, 0.00::numeric
    UNION ALL
    SELECT month + 1, round(balance * 1.005 - 1033, 2), round(balance * 0.005, 2)
    FROM plan
    WHERE month < 12 AND balance > 0
)
SELECT month, balance, interest, sum(interest) OVER (ORDER BY month) AS paid_interest
FROM plan
ORDER BY month;

-- query: Chains of orders: how long is the longest run of orders no more than 60 days apart?
WITH RECURSIVE numbered AS (
    SELECT store_id, customer_id, order_date,
           row_number() OVER (PARTITION BY store_id, customer_id ORDER BY order_date, order_id) AS n
    FROM orders
    WHERE order_date >= now() - INTERVAL '2 years'
), chain AS (
    SELECT store_id, customer_id, order_date, n, 1 AS length FROM numbered WHERE n = 1
    UNION ALL
    SELECT x.store_id, x.customer_id, x.order_date, x.n,
           CASE WHEN x.order_date - c.order_date <= INTERVAL '60 days' THEN c.length + 1 ELSE 1 END
    FROM chain c
    JOIN numbered x ON x.store_id = c.store_id AND x.customer_id = c.customer_id AND x.n = c.n + 1
)
SELECT max(length) AS longest, count(DISTINCT customer_id) AS customers FROM chain;

-- query: The tree of regions and stores, depth first
WITH RECURSIVE org (id, label, parent) AS (
    SELECT 'r' || region_id, name::text, NULL FROM regions
    UNION ALL
    SELECT s.store_id::text, s.name::text, org.id FROM stores s JOIN org ON org.id = 'r' || s.region_id
) SEARCH DEPTH FIRST BY label SET position CYCLE id SET looped USING visited
SELECT label, parent IS NULL AS is_region FROM org WHERE NOT looped ORDER BY position;
