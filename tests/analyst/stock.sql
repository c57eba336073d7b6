-- Stock: levels, cover, reorders and what only gathers dust.

-- query: What must be reordered now?
SELECT s.name AS store, p.sku, p.name AS product, i.stock_level, i.reorder_point,
       i.reorder_point * 2 - i.stock_level AS suggested
FROM inventory i
JOIN stores s USING (store_id)
JOIN products p USING (product_id)
WHERE i.stock_level <= i.reorder_point AND p.is_active
ORDER BY i.stock_level - i.reorder_point, s.name, p.sku
LIMIT 100;

-- query: What is our stock worth at cost and at list price?
SELECT COALESCE(s.name, 'Total') AS store,
       SUM(i.stock_level) AS units,
       SUM(i.stock_level * p.cost) AS at_cost,
       SUM(i.stock_level * p.base_price) AS at_list
FROM inventory i JOIN stores s USING (store_id) JOIN products p USING (product_id)
GROUP BY ROLLUP (s.name)
ORDER BY s.name NULLS LAST;

-- query: How many days will the stock last at the pace of the last 90 days?
WITH pace AS (
    SELECT i.store_id, i.product_id, sum(i.quantity) / 90.0 AS per_day
    FROM order_items i
    JOIN orders o USING (store_id, order_id)
    WHERE o.status IN ('pending', 'shipped', 'completed')
      AND o.order_date >= current_date - INTERVAL '90 days'
    GROUP BY i.store_id, i.product_id
)
SELECT p.name, n.store_id, n.stock_level, round(pace.per_day, 3) AS per_day,
       round(n.stock_level / NULLIF(pace.per_day, 0)) AS days_of_cover
FROM inventory n
JOIN pace USING (store_id, product_id)
JOIN products p USING (product_id)
ORDER BY days_of_cover, p.name, n.store_id
LIMIT 50;

-- query: Dead stock: in stock but not sold for a year
SELECT p.sku, p.name, sum(n.stock_level) AS units, sum(n.stock_level * p.cost) AS tied_up
FROM inventory n
JOIN products p USING (product_id)
WHERE n.stock_level > 0
  AND NOT EXISTS (
      SELECT 1
      FROM order_items i JOIN orders o USING (store_id, order_id)
      WHERE i.store_id = n.store_id AND i.product_id = n.product_id
        AND o.order_date >= now() - INTERVAL '1 year'
  )
GROUP BY p.sku, p.name
ORDER BY tied_up DESC, p.sku
LIMIT 40;

-- query: Out of stock by category
SELECT c.name, count(*) FILTER (WHERE n.stock_level = 0) AS out_of_stock, count(*) AS listed,
       round(100.0 * count(*) FILTER (WHERE n.stock_level = 0) / count(*), 1) AS percent
FROM inventory n
JOIN products p USING (product_id) JOIN product_types t USING (type_id) JOIN categories c USING (category_id)
GROUP BY c.name
ORDER BY percent DESC, c.name;

-- query: Which store could send stock to which?
-- may be empty
SELECT p.sku, short.name AS needs, plenty.name AS has, n.stock_level AS needs_has, h.stock_level AS spare
FROM inventory n
JOIN inventory h ON h.product_id = n.product_id AND h.store_id <> n.store_id
JOIN stores short ON short.store_id = n.store_id
JOIN stores plenty ON plenty.store_id = h.store_id
JOIN products p ON p.product_id = n.product_id
WHERE n.stock_level = 0 AND h.stock_level > 3 * GREATEST(h.reorder_point, 1)
ORDER BY p.sku, needs, spare DESC, has
LIMIT 60;

-- query: When was stock last counted?
SELECT updated_at::date AS counted, count(*) AS products,
       current_date - updated_at::date AS days_ago
FROM inventory
GROUP BY counted
ORDER BY counted DESC;

-- query: Stock turn over the last year by category
WITH sold AS (
    SELECT t.category_id, sum(i.quantity * p.cost) AS cost_of_sales
    FROM order_items i
    JOIN orders o USING (store_id, order_id)
    JOIN products p USING (product_id)
    JOIN product_types t USING (type_id)
    WHERE o.order_date > now() - INTERVAL '1 year' AND o.status <> ALL ('{cancelled,returned}')
    GROUP BY t.category_id
), held AS (
    SELECT t.category_id, sum(n.stock_level * p.cost) AS stock_value
    FROM inventory n JOIN products p USING (product_id) JOIN product_types t USING (type_id)
    GROUP BY t.category_id
)
SELECT c.name, held.stock_value, coalesce(sold.cost_of_sales, 0) AS cost_of_sales,
       round(sold.cost_of_sales / NULLIF(held.stock_value, 0), 2) AS turns
FROM categories c
LEFT JOIN held USING (category_id)
LEFT JOIN sold USING (category_id)
ORDER BY turns DESC NULLS LAST, c.name;

-- query: Stock levels as a distribution
SELECT level, count(*) AS products
FROM (
    SELECT CASE
        WHEN stock_level = 0 THEN '0 none'
        WHEN stock_level <= reorder_point THEN '1 low'
        WHEN stock_level <= 3 * reorder_point THEN '2 normal'
        ELSE '3 high'
    END AS level
    FROM inventory
) AS l
GROUP BY level
ORDER BY level;

-- query: The ten products with the largest stock in each store
SELECT s.name, top.sku, top.stock_level, top.place
FROM stores s
JOIN LATERAL (
    SELECT p.sku, n.stock_level, rank() OVER (ORDER BY n.stock_level DESC, p.sku) AS place
    FROM inventory n JOIN products p USING (product_id)
    WHERE n.store_id = s.store_id
    ORDER BY n.stock_level DESC, p.sku
    LIMIT 10
) AS top ON true
ORDER BY s.name, top.place;

-- query: Products that some stores have and others lack
-- may be empty
SELECT p.sku, bool_or(n.stock_level > 0) AS somewhere, bool_and(n.stock_level > 0) AS everywhere,
       count(*) FILTER (WHERE n.stock_level = 0) AS stores_without
FROM inventory n JOIN products p USING (product_id)
GROUP BY p.sku
HAVING bool_or(n.stock_level > 0) AND NOT every(n.stock_level > 0)
ORDER BY stores_without DESC, p.sku
LIMIT 50;

-- query: Discontinued products still on the shelf
SELECT p.name, sum(n.stock_level) AS units
FROM inventory AS n NATURAL JOIN (SELECT product_id, name FROM products WHERE is_active = false) AS p
GROUP BY p.name
ORDER BY units DESC, p.name;

-- query: Safety stock by the variation of weekly demand
WITH weeks AS (
    SELECT generate_series(
        date_trunc('week', now()) - INTERVAL '26 weeks', date_trunc('week', now()) - INTERVAL '1 week', '1 week'
    ) AS week
), demand AS (
    SELECT i.product_id, date_trunc('week', o.order_date) AS week, sum(i.quantity) AS units
    FROM order_items i JOIN orders o USING (store_id, order_id)
    WHERE o.order_date >= date_trunc('week', now()) - INTERVAL '26 weeks'
    GROUP BY 1, 2
)
SELECT p.sku,
       round(avg(coalesce(d.units, 0)), 2) AS mean_week,
       round(stddev_samp(coalesce(d.units, 0)), 2) AS deviation,
       ceil(1.65 * stddev_samp(coalesce(d.units, 0)) * sqrt(2.0)) AS safety_stock
FROM (SELECT DISTINCT product_id FROM demand) AS sold
CROSS JOIN weeks w
LEFT JOIN demand d ON d.product_id = sold.product_id AND d.week = w.week
JOIN products p ON p.product_id = sold.product_id
GROUP BY p.sku
ORDER BY safety_stock DESC, p.sku
LIMIT 30;

-- query: Which movements of stock were there, and why?
SELECT s.name AS store, m.reason, count(*) AS movements, sum(m.quantity) AS units
FROM stock_movements m JOIN stores s USING (store_id)
GROUP BY s.name, m.reason
ORDER BY s.name, m.reason;

-- query: Do the movements add up to the stock?
SELECT p.sku, n.store_id, n.stock_level, coalesce(sum(m.quantity), 0) AS moved
FROM inventory n
JOIN products p USING (product_id)
LEFT JOIN stock_movements m USING (store_id, product_id)
GROUP BY p.sku, n.store_id, n.stock_level
ORDER BY n.stock_level DESC, p.sku, n.store_id
LIMIT 100;

-- query: Who took stock out last week, and what for?
-- may be empty
SELECT m.made_at::date AS day, p.name, m.quantity, m.reason, m.note
FROM stock_movements m JOIN products p USING (product_id)
WHERE m.quantity < 0 AND m.made_at >= now() - INTERVAL '7 days'
ORDER BY m.made_at, p.name, m.quantity, m.movement_id
LIMIT 50;
