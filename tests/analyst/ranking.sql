-- Ranking: tops, rank changes, shares and window functions of every kind.

-- query: Rank of the categories by year and how it changed
WITH yearly AS (
    SELECT extract(year FROM o.order_date)::int AS year, c.name, sum(i.line_total) AS revenue
    FROM orders o
    JOIN order_items i USING (store_id, order_id)
    JOIN products p USING (product_id) JOIN product_types t USING (type_id) JOIN categories c USING (category_id)
    GROUP BY 1, 2
), ranked AS (
    SELECT *, rank() OVER (PARTITION BY year ORDER BY revenue DESC) AS place FROM yearly
)
SELECT year, place, name, revenue,
       lag(place) OVER (PARTITION BY name ORDER BY year) - place AS up
FROM ranked
ORDER BY year, place, name;

-- query: Rank, dense rank, percent rank and cumulative distribution of list prices in Power Tools
SELECT p.name, p.base_price,
       rank() OVER w, dense_rank() OVER w,
       round((percent_rank() OVER w)::numeric, 4) AS percent_rank,
       round((cume_dist() OVER w)::numeric, 4) AS cume_dist
FROM products p JOIN product_types t USING (type_id) JOIN categories c USING (category_id)
WHERE c.name = 'Power Tools'
WINDOW w AS (ORDER BY p.base_price DESC)
ORDER BY p.base_price DESC, p.name;

-- query: First, second and last order of each customer with at least three
SELECT DISTINCT store_id, customer_id,
       first_value(total_amount) OVER w AS first_amount,
       nth_value(total_amount, 2) OVER w AS second_amount,
       last_value(total_amount) OVER w AS last_amount
FROM (SELECT *, count(*) OVER (PARTITION BY store_id, customer_id) AS n FROM orders) AS o
WHERE n >= 3
WINDOW w AS (
    PARTITION BY store_id, customer_id ORDER BY order_date, order_id
    ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
)
ORDER BY last_amount DESC, store_id, customer_id
LIMIT 40;

-- query: The best day of each month of the last year
SELECT month, day, revenue
FROM (
    SELECT to_char(order_date, 'YYYY-MM') AS month, order_date::date AS day, sum(total_amount) AS revenue,
           row_number() OVER (PARTITION BY to_char(order_date, 'YYYY-MM') ORDER BY sum(total_amount) DESC, order_date::date) AS n
    FROM orders
    WHERE order_date >= current_date - INTERVAL '1 year'
    GROUP BY 1, 2
) AS ranked
WHERE n = 1
ORDER BY month;

-- query: Pareto: which products make 80 percent of revenue?
WITH revenue AS (
    SELECT product_id, sum(line_total) AS amount FROM order_items GROUP BY product_id
), running AS (
    SELECT product_id, amount,
           sum(amount) OVER (ORDER BY amount DESC, product_id) AS upto, sum(amount) OVER () AS total
    FROM revenue
)
SELECT p.name, r.amount, round(100 * r.upto / r.total, 2) AS cumulated
FROM running r JOIN products p USING (product_id)
WHERE r.upto - r.amount < 0.8 * r.total
ORDER BY r.amount DESC, r.product_id;

-- query: Compare each product with the neighbours in price, by groups
SELECT sku, base_price,
       count(*) OVER (ORDER BY base_price GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING) AS near,
       count(*) OVER (ORDER BY base_price GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE TIES) AS near_without_ties,
       count(*) OVER (ORDER BY base_price RANGE BETWEEN 1.00 PRECEDING AND 1.00 FOLLOWING EXCLUDE GROUP) AS within_a_dollar
FROM products
ORDER BY base_price, sku
LIMIT 80;

-- query: What would an order of 250 dollars rank?
SELECT rank(250.00) WITHIN GROUP (ORDER BY total_amount DESC) AS place,
       dense_rank(250.00) WITHIN GROUP (ORDER BY total_amount DESC) AS dense_place,
       round(percent_rank(250.00) WITHIN GROUP (ORDER BY total_amount DESC)::numeric, 4) AS percent,
       count(*) AS orders
FROM orders;

-- query: Stores above the average of those that I see
WITH revenue AS (
    SELECT s.name, sum(o.total_amount) AS amount FROM stores s JOIN orders o USING (store_id) GROUP BY s.name
)
SELECT name, amount, amount >= (SELECT avg(amount) FROM revenue) AS above_average
FROM revenue
ORDER BY amount DESC, name;

-- query: The top three customers of every year, ties included
SELECT year, place, email, spent
FROM (
    SELECT extract(year FROM o.order_date)::int AS year, c.email, sum(o.total_amount) AS spent,
           dense_rank() OVER (PARTITION BY extract(year FROM o.order_date) ORDER BY sum(o.total_amount) DESC) AS place
    FROM customers c JOIN orders o USING (store_id, customer_id)
    GROUP BY extract(year FROM o.order_date), c.store_id, c.customer_id, c.email
) AS r
WHERE place <= 3
ORDER BY year, place, email;

-- query: Running total of units against the two extremes of the year
SELECT month, units,
       sum(units) OVER running AS total_so_far,
       min(units) OVER yearly AS least, max(units) OVER yearly AS most,
       units = max(units) OVER yearly AS is_best
FROM (
    SELECT date_trunc('month', o.order_date)::date AS month, sum(i.quantity) AS units
    FROM orders o JOIN order_items i USING (store_id, order_id)
    GROUP BY 1
) AS m
WINDOW yearly AS (PARTITION BY extract(year FROM month)), running AS (yearly ORDER BY month)
ORDER BY month;

-- query: Next and previous larger orders of the biggest twenty
SELECT order_id, total_amount,
       lead(total_amount, 1, 0::numeric) OVER (ORDER BY total_amount DESC, order_id) AS next_smaller,
       total_amount - lead(total_amount, 1, 0::numeric) OVER (ORDER BY total_amount DESC, order_id) AS distance
FROM orders
ORDER BY total_amount DESC, order_id
FETCH NEXT 20 ROWS ONLY;

-- query: Page three of the price list, 25 a page
SELECT sku, name, base_price FROM products ORDER BY base_price DESC, sku LIMIT 25 OFFSET 50;

-- query: Bestseller of every store and year
SELECT DISTINCT ON (s.name, year) s.name AS store, extract(year FROM o.order_date) AS year, p.name AS product,
       sum(i.quantity) AS units
FROM orders o
JOIN stores s USING (store_id)
JOIN order_items i USING (store_id, order_id)
JOIN products p USING (product_id)
GROUP BY s.name, year, p.product_id, p.name
ORDER BY s.name, year, units DESC, p.name;
