-- Pricing: discounts, what they cost and what they bring.

-- query: How often do we give which discount?
SELECT discount_percent, count(*) AS lines, sum(quantity) AS units,
       sum(quantity * unit_price - line_total) AS given_away
FROM order_items
GROUP BY discount_percent
ORDER BY discount_percent;

-- query: Do discounted lines sell more units?
SELECT CASE WHEN discount_percent > 0 THEN 'discounted' ELSE 'full price' END AS kind,
       round(avg(quantity), 3) AS units_a_line, round(avg(line_total), 2) AS value_a_line
FROM order_items
GROUP BY 1
ORDER BY 1;

-- query: Correlation of discount and quantity
SELECT round(corr(quantity, discount_percent)::numeric, 6) AS r,
       round(regr_r2(quantity, discount_percent)::numeric, 6) AS r2,
       regr_count(quantity, discount_percent) AS n
FROM order_items;

-- query: Which orders had every line discounted?
SELECT o.order_id, o.order_date::date AS day, o.total_amount
FROM orders o
WHERE 0 < ALL (
    SELECT i.discount_percent FROM order_items i WHERE i.store_id = o.store_id AND i.order_id = o.order_id
)
ORDER BY o.total_amount DESC, o.order_id
LIMIT 20;

-- query: How has the average price paid for each drill changed over the years?
SELECT p.name, extract(year FROM o.order_date)::int AS year,
       round(sum(i.line_total) / sum(i.quantity), 2) AS average_paid
FROM products p
JOIN order_items i USING (product_id)
JOIN orders o USING (store_id, order_id)
WHERE p.type_id = (SELECT type_id FROM product_types WHERE name = 'Drills')
GROUP BY p.name, year
ORDER BY p.name, year;

-- query: The lines paid above or below today's list price
SELECT sign(i.unit_price - p.base_price)::int AS direction, count(*) AS lines,
       round(avg((i.unit_price - p.base_price) / p.base_price * 100), 2) AS average_percent
FROM order_items i JOIN products p USING (product_id)
GROUP BY direction
ORDER BY direction;

-- query: Discount rate by weekday and weekend
SELECT CASE WHEN extract(isodow FROM o.order_date) IN (6, 7) THEN 'weekend' ELSE 'weekday' END AS part_of_week,
       round(100 * sum(i.quantity * i.unit_price - i.line_total) / sum(i.quantity * i.unit_price), 3) AS rate
FROM orders o JOIN order_items i USING (store_id, order_id)
GROUP BY part_of_week
ORDER BY part_of_week;

-- query: The deepest discounts of the last year with the customer
SELECT i.discount_percent, i.quantity * i.unit_price - i.line_total AS given_away, p.name,
       concat_ws(', ', c.last_name, c.first_name) AS customer
FROM order_items i
JOIN orders o USING (store_id, order_id)
JOIN customers c USING (store_id, customer_id)
JOIN products p USING (product_id)
WHERE i.discount_percent >= 20 AND o.order_date >= current_date - 365
ORDER BY given_away DESC, i.order_id, i.line_number
LIMIT 25;

-- query: Quantity breaks: price a unit by size of line
SELECT int4range(low, high) AS units, count(i.quantity) AS lines, round(avg(i.unit_price), 2) AS average_unit_price
FROM (VALUES (1, 2), (2, 5), (5, 10), (10, NULL)) AS b (low, high)
LEFT JOIN order_items i ON i.quantity <@ int4range(b.low, b.high)
GROUP BY b.low, b.high
ORDER BY b.low;

-- query: Products whose price ends in 9
SELECT count(*) FILTER (WHERE base_price::text LIKE '%9') AS nines,
       count(*) FILTER (WHERE mod(base_price * 100, 10) = 0) AS zeros,
       count(*) AS all_products
FROM products;

-- query: Discount depth by category as a cross table
SELECT c.name,
       sum(i.line_total) FILTER (WHERE i.discount_percent = 0) AS full_price,
       sum(i.line_total) FILTER (WHERE i.discount_percent BETWEEN 1 AND 10) AS light,
       sum(i.line_total) FILTER (WHERE i.discount_percent BETWEEN SYMMETRIC 25 AND 11) AS deep
FROM order_items i JOIN products p USING (product_id) JOIN product_types t USING (type_id) JOIN categories c USING (category_id)
GROUP BY c.name
ORDER BY c.name;

-- query: Did the discount month beat the month before?
WITH monthly AS (
    SELECT date_trunc('month', o.order_date) AS month, sum(i.quantity) AS units,
           avg(i.discount_percent) AS discount
    FROM orders o JOIN order_items i USING (store_id, order_id)
    GROUP BY 1
)
SELECT month::date, units, round(discount, 2) AS discount,
       units - lag(units, 1, units) OVER w AS change,
       CASE WHEN discount > lag(discount) OVER w AND units > lag(units) OVER w THEN 'yes'
            WHEN discount > lag(discount) OVER w THEN 'no' END AS worked
FROM monthly
WINDOW w AS (ORDER BY month)
ORDER BY month DESC
LIMIT 36;
