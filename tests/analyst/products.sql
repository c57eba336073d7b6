-- Products: what sells, what does not, and how the catalogue is made up.

-- query: Top five products of each category by revenue
WITH sales AS (
    SELECT c.name AS category, p.name AS product, sum(i.line_total) AS revenue
    FROM order_items i
    JOIN orders o ON o.store_id = i.store_id AND o.order_id = i.order_id
    JOIN products p ON p.product_id = i.product_id
    JOIN product_types t ON t.type_id = p.type_id
    JOIN categories c ON c.category_id = t.category_id
    WHERE o.status IN ('pending', 'shipped', 'completed')
    GROUP BY c.name, p.name
), ranked AS (
    SELECT *, row_number() OVER (PARTITION BY category ORDER BY revenue DESC, product) AS place FROM sales
)
SELECT category, place, product, revenue
FROM ranked
WHERE place <= 5
ORDER BY category, place;

-- query: Which products were never sold?
-- may be empty
SELECT p.sku, p.name, p.is_active
FROM products p
LEFT JOIN order_items i ON i.product_id = p.product_id
WHERE i.product_id IS NULL
ORDER BY p.sku;

-- query: ABC analysis of the products
WITH revenue AS (
    SELECT p.product_id, p.name, sum(i.line_total) AS amount
    FROM order_items i
    JOIN orders o USING (store_id, order_id)
    JOIN products p USING (product_id)
    WHERE o.status IN ('pending', 'shipped', 'completed')
    GROUP BY p.product_id, p.name
), cumulated AS (
    SELECT *, sum(amount) OVER (ORDER BY amount DESC, product_id) / sum(amount) OVER () AS upto
    FROM revenue
)
SELECT CASE WHEN upto <= 0.8 THEN 'A' WHEN upto <= 0.95 THEN 'B' ELSE 'C' END AS class,
       count(*) AS products, sum(amount) AS revenue, min(amount) AS least, max(amount) AS most
FROM cumulated
GROUP BY class
ORDER BY class;

-- query: How many products does each category and type have?
SELECT c.name AS category, t.name AS type, count(p.product_id) AS products,
       count(*) FILTER (WHERE NOT p.is_active) AS discontinued
FROM categories c
JOIN product_types t USING (category_id)
LEFT JOIN products p USING (type_id)
GROUP BY GROUPING SETS ((c.name, t.name), (c.name), ())
ORDER BY c.name NULLS LAST, t.name NULLS LAST;

-- query: Price range and median price by category
SELECT c.name, min(p.base_price) AS lowest, max(p.base_price) AS highest,
       percentile_disc(0.5) WITHIN GROUP (ORDER BY p.base_price) AS median,
       percentile_cont(ARRAY[0.25, 0.75]) WITHIN GROUP (ORDER BY p.base_price) AS quartiles
FROM products p JOIN product_types t USING (type_id) JOIN categories c USING (category_id)
GROUP BY c.name
ORDER BY c.name;

-- query: A histogram of list prices in ten buckets up to 200 dollars
SELECT width_bucket(base_price, 0, 200, 10) AS bucket,
       min(base_price) AS from_price, max(base_price) AS to_price, count(*) AS products
FROM products
GROUP BY bucket
ORDER BY bucket;

-- query: Price bands by explicit bounds
SELECT (ARRAY['under 5', '5 to 20', '20 to 50', '50 to 100', 'over 100'])[1 + width_bucket(base_price, ARRAY[5, 20, 50, 100]::numeric[])] AS band,
       count(*) AS products, round(avg(base_price - cost), 2) AS average_margin
FROM products
WHERE is_active
GROUP BY band
ORDER BY min(base_price);

-- query: Which units do we sell in?
SELECT unit, count(*) AS products FROM products GROUP BY unit ORDER BY count(*) DESC, unit;

-- query: Products that sell in nearly every month of the year
SELECT p.name, count(DISTINCT extract(month FROM o.order_date)) AS months
FROM products p
JOIN order_items i USING (product_id)
JOIN orders o USING (store_id, order_id)
GROUP BY p.name
HAVING count(DISTINCT extract(month FROM o.order_date)) >= 9
ORDER BY months DESC, p.name;

-- query: The products' sku taken apart
SELECT substring(sku FROM 1 FOR 2) AS category_code, substr(sku, 3, 2) AS type_code,
       count(*) AS products, min(right(sku, 6)) AS first_number, max(right(sku, 6)) AS last_number
FROM products
GROUP BY 1, 2
ORDER BY 1, 2;

-- query: What did discontinued products still bring in, by year?
SELECT extract(year FROM o.order_date) AS year, sum(i.line_total) AS revenue, count(DISTINCT p.product_id) AS products
FROM products p
JOIN order_items i ON i.product_id = p.product_id
JOIN orders o ON (o.store_id, o.order_id) = (i.store_id, i.order_id)
WHERE p.is_active IS NOT TRUE
GROUP BY 1
ORDER BY 1;

-- query: Products more expensive than the average of their type
SELECT p.sku, p.name, p.base_price,
       (SELECT round(avg(q.base_price), 2) FROM products q WHERE q.type_id = p.type_id) AS type_average
FROM products p
WHERE p.base_price > 1.5 * (SELECT avg(q.base_price) FROM products q WHERE q.type_id = p.type_id)
ORDER BY p.sku;

-- query: The dearest product of each type, ties included
SELECT t.name AS type, p.name, p.base_price
FROM product_types t
CROSS JOIN LATERAL (
    SELECT name, base_price FROM products
    WHERE type_id = t.type_id
    ORDER BY base_price DESC
    FETCH FIRST 1 ROW WITH TIES
) AS p
ORDER BY t.name, p.name;

-- query: The category tree as an outline
WITH RECURSIVE tree (node, parent, label, depth, path) AS (
    SELECT 'c' || category_id, NULL::text, name::text, 0, ARRAY[name::text]
    FROM categories
    UNION ALL
    SELECT n.node, n.parent, n.label, tree.depth + 1, tree.path || n.label
    FROM tree
    JOIN (
        SELECT 't' || type_id AS node, 'c' || category_id AS parent, name::text AS label FROM product_types
        UNION ALL
        SELECT 'p' || product_id, 't' || type_id, name FROM products WHERE is_active
    ) AS n ON n.parent = tree.node
)
SELECT repeat('    ', depth) || label AS outline, depth
FROM tree
ORDER BY path;

-- query: Products sold in all of the stores that one may see
-- may be empty
SELECT p.sku, p.name
FROM products p
WHERE NOT EXISTS (
    SELECT FROM stores s
    WHERE NOT EXISTS (SELECT FROM order_items i WHERE i.store_id = s.store_id AND i.product_id = p.product_id)
)
ORDER BY p.sku
LIMIT 100;
