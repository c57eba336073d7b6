-- Customers: who they are, what they are worth, who is leaving.

-- query: Who are our 20 best customers by revenue?
SELECT c.first_name, c.last_name, c.email, COUNT(o.order_id) AS orders, SUM(o.total_amount) AS revenue
FROM customers c
JOIN orders o ON o.customer_id = c.customer_id AND o.store_id = c.store_id
WHERE o.status IN ('pending', 'shipped', 'completed')
GROUP BY c.store_id, c.customer_id, c.first_name, c.last_name, c.email
ORDER BY revenue DESC, c.email
LIMIT 20;

-- query: RFM segments: how many customers are in each?
WITH per_customer AS (
    SELECT store_id, customer_id,
           max(order_date) AS last_order, count(*) AS frequency, sum(total_amount) AS monetary
    FROM orders
    WHERE status IN ('pending', 'shipped', 'completed')
    GROUP BY store_id, customer_id
), scored AS (
    SELECT *,
           ntile(5) OVER (ORDER BY last_order, customer_id) AS r,
           ntile(5) OVER (ORDER BY frequency, customer_id) AS f,
           ntile(5) OVER (ORDER BY monetary, customer_id) AS m
    FROM per_customer
)
SELECT CASE
           WHEN r >= 4 AND f >= 4 AND m >= 4 THEN 'champions'
           WHEN r >= 3 AND f >= 3 THEN 'loyal'
           WHEN r >= 4 THEN 'new or promising'
           WHEN r <= 2 AND f >= 3 THEN 'at risk'
           ELSE 'hibernating'
       END AS segment,
       count(*) AS customers, round(avg(monetary), 2) AS average_value, sum(monetary) AS value
FROM scored
GROUP BY segment
ORDER BY value DESC, segment;

-- query: Which customers bought before but not in the last twelve months?
SELECT c.email, max(o.order_date)::date AS last_order, sum(o.total_amount) AS lifetime_value
FROM customers c
JOIN orders o USING (store_id, customer_id)
GROUP BY c.store_id, c.customer_id, c.email
HAVING max(o.order_date) < now() - INTERVAL '12 months'
ORDER BY lifetime_value DESC, c.email
LIMIT 25

-- query: How many customers never ordered?
SELECT count(*) AS without_orders
FROM customers AS c
WHERE NOT EXISTS (
    SELECT FROM orders AS o WHERE o.store_id = c.store_id AND o.customer_id = c.customer_id
)

-- query: New and returning customers by quarter
WITH firsts AS (
    SELECT store_id, customer_id, min(order_date) AS first_order
    FROM orders GROUP BY store_id, customer_id
)
SELECT to_char(date_trunc('quarter', o.order_date), 'YYYY "Q"Q') AS quarter,
       count(DISTINCT o.customer_id) FILTER (
           WHERE date_trunc('quarter', f.first_order) = date_trunc('quarter', o.order_date)) AS new,
       count(DISTINCT o.customer_id) FILTER (
           WHERE date_trunc('quarter', f.first_order) < date_trunc('quarter', o.order_date)) AS returning
FROM orders o
JOIN firsts f USING (store_id, customer_id)
GROUP BY date_trunc('quarter', o.order_date)
ORDER BY date_trunc('quarter', o.order_date);

-- query: How long do customers wait between orders?
SELECT round(avg(gap), 1) AS average_days,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY gap) AS median_days,
       max(gap) AS longest
FROM (
    SELECT order_date::date - lag(order_date::date) OVER (PARTITION BY store_id, customer_id ORDER BY order_date) AS gap
    FROM orders
) AS gaps
WHERE gap IS NOT NULL;

-- query: The latest order of each customer of our top ten
SELECT DISTINCT ON (o.store_id, o.customer_id)
       o.store_id, o.customer_id, o.order_id, o.order_date, o.status, o.total_amount
FROM orders o
WHERE (o.store_id, o.customer_id) IN (
    SELECT store_id, customer_id FROM orders
    GROUP BY store_id, customer_id
    ORDER BY sum(total_amount) DESC, customer_id
    FETCH FIRST 10 ROWS ONLY
)
ORDER BY o.store_id, o.customer_id, o.order_date DESC, o.order_id;

-- query: Customers by first letter of the last name
SELECT upper(left(last_name, 1)) AS letter, count(*) AS customers,
       array_agg(DISTINCT last_name ORDER BY last_name) AS names
FROM customers
GROUP BY letter
ORDER BY letter;

-- query: Which mail domains do our customers use?
SELECT lower(split_part(email, '@', 2)) AS domain, count(*) AS customers
FROM customers
GROUP BY 1
ORDER BY customers DESC, domain;

-- query: Which customers may be the same person in several stores?
-- may be empty
SELECT lower(first_name || ' ' || last_name) AS person, count(*) AS records,
       string_agg(email, ', ' ORDER BY email) AS emails
FROM customers
GROUP BY 1
HAVING count(DISTINCT store_id) > 1
ORDER BY records DESC, person
LIMIT 20;

-- query: How is revenue spread over customers: share of each decile?
WITH spend AS (
    SELECT customer_id, sum(total_amount) AS revenue
    FROM orders WHERE status IN ('pending', 'shipped', 'completed')
    GROUP BY store_id, customer_id
), deciles AS (
    SELECT revenue, ntile(10) OVER (ORDER BY revenue DESC, customer_id) AS decile FROM spend
)
SELECT decile, count(*) AS customers, sum(revenue) AS revenue,
       round(100 * sum(revenue) / sum(sum(revenue)) OVER (), 1) AS share,
       round(100 * sum(sum(revenue)) OVER (ORDER BY decile) / sum(sum(revenue)) OVER (), 1) AS cumulated
FROM deciles
GROUP BY decile
ORDER BY decile;

-- query: One-time buyers, repeat buyers and regulars
SELECT CASE WHEN n = 1 THEN '1' WHEN n BETWEEN 2 AND 4 THEN '2-4' WHEN n <= 9 THEN '5-9' ELSE '10+' END AS orders,
       count(*) AS customers
FROM (SELECT count(*) AS n FROM orders GROUP BY store_id, customer_id) AS per_customer
GROUP BY 1
ORDER BY min(n);

-- query: Full name and greeting for a mailing, the newest fifty customers
SELECT format('Dear %s %s,', initcap(first_name), initcap(last_name)) AS greeting,
       lower(email) AS email,
       age(current_date, created_at::date) AS customer_for
FROM customers
ORDER BY created_at DESC, email
LIMIT 50;

-- query: Customers who bought paint but never brushes or rollers
WITH bought AS (
    SELECT DISTINCT o.store_id, o.customer_id, t.name AS type
    FROM orders o
    JOIN order_items i USING (store_id, order_id)
    JOIN products p USING (product_id)
    JOIN product_types t USING (type_id)
)
SELECT count(*) AS customers
FROM (
    SELECT store_id, customer_id FROM bought WHERE type IN ('Interior Paint', 'Exterior Paint')
    EXCEPT
    SELECT store_id, customer_id FROM bought WHERE type IN ('Brushes', 'Rollers')
) AS candidates;

-- query: Each customer's favourite category, counted
SELECT favourite, count(*) AS customers
FROM (
    SELECT mode() WITHIN GROUP (ORDER BY c.name) AS favourite
    FROM orders o
    JOIN order_items i USING (store_id, order_id)
    JOIN products p USING (product_id)
    JOIN product_types t USING (type_id)
    JOIN categories c USING (category_id)
    GROUP BY o.store_id, o.customer_id
) AS f
GROUP BY favourite
ORDER BY customers DESC, favourite;
