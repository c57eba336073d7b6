-- Baskets: what is bought together, and how orders are made up.

-- query: Which products are bought together most often?
SELECT a.name AS product, b.name AS bought_with, count(*) AS times
FROM order_items x
JOIN order_items y ON y.store_id = x.store_id AND y.order_id = x.order_id AND y.product_id > x.product_id
JOIN products a ON a.product_id = x.product_id
JOIN products b ON b.product_id = y.product_id
GROUP BY a.product_id, a.name, b.product_id, b.name
ORDER BY times DESC, a.name, b.name
LIMIT 20;

-- query: Support, confidence and lift of pairs of product types
WITH baskets AS (
    SELECT DISTINCT i.store_id, i.order_id, p.type_id
    FROM order_items i JOIN products p USING (product_id)
), total AS (
    SELECT count(DISTINCT (store_id, order_id))::numeric AS n FROM baskets
), single AS (
    SELECT type_id, count(*)::numeric AS n FROM baskets GROUP BY type_id
), pairs AS (
    SELECT a.type_id AS a, b.type_id AS b, count(*)::numeric AS n
    FROM baskets a JOIN baskets b USING (store_id, order_id)
    WHERE a.type_id < b.type_id
    GROUP BY 1, 2
)
SELECT ta.name AS type_a, tb.name AS type_b, pairs.n AS together,
       round(pairs.n / total.n, 5) AS support,
       round(pairs.n / sa.n, 4) AS confidence,
       round(pairs.n * total.n / (sa.n * sb.n), 3) AS lift
FROM pairs
CROSS JOIN total
JOIN single sa ON sa.type_id = pairs.a
JOIN single sb ON sb.type_id = pairs.b
JOIN product_types ta ON ta.type_id = pairs.a
JOIN product_types tb ON tb.type_id = pairs.b
ORDER BY pairs.n DESC, lift DESC, type_a, type_b
LIMIT 30;

-- query: How many lines have orders?
SELECT lines, count(*) AS orders, round(100.0 * count(*) / sum(count(*)) OVER (), 1) AS percent
FROM (SELECT count(*) AS lines FROM order_items GROUP BY store_id, order_id) AS b
GROUP BY lines
ORDER BY lines;

-- query: Orders that mix paint and something else, and those with paint only
WITH kinds AS (
    SELECT i.store_id, i.order_id, array_agg(DISTINCT c.name ORDER BY c.name) AS categories
    FROM order_items i JOIN products p USING (product_id) JOIN product_types t USING (type_id) JOIN categories c USING (category_id)
    GROUP BY i.store_id, i.order_id
)
SELECT CASE
           WHEN categories = ARRAY['Paint & Finishes']::varchar[] THEN 'paint only'
           WHEN 'Paint & Finishes' = ANY (categories) THEN 'paint and more'
           ELSE 'no paint'
       END AS kind,
       count(*) AS orders, round(avg(cardinality(categories)), 2) AS categories
FROM kinds
GROUP BY kind
ORDER BY kind;

-- query: The most frequent combinations of categories
SELECT array_to_string(categories, ' + ') AS combination, count(*) AS orders
FROM (
    SELECT array_agg(DISTINCT c.name::text ORDER BY c.name::text) AS categories
    FROM order_items i JOIN products p USING (product_id) JOIN product_types t USING (type_id) JOIN categories c USING (category_id)
    GROUP BY i.store_id, i.order_id
) AS b
WHERE array_length(categories, 1) >= 2
GROUP BY categories
ORDER BY orders DESC, combination
LIMIT 15;

-- query: What do customers buy next after a drill?
WITH lines AS (
    SELECT o.store_id, o.customer_id, o.order_date, o.order_id, t.name AS type
    FROM orders o JOIN order_items i USING (store_id, order_id) JOIN products p USING (product_id) JOIN product_types t USING (type_id)
), drills AS (
    SELECT store_id, customer_id, min(order_date) AS bought FROM lines WHERE type = 'Drills' GROUP BY 1, 2
)
SELECT l.type, count(*) AS lines
FROM drills d
JOIN lines l ON l.store_id = d.store_id AND l.customer_id = d.customer_id AND l.order_date > d.bought
GROUP BY l.type
ORDER BY lines DESC, l.type
LIMIT 12;

-- query: Each order of the last month as a line of text
SELECT o.order_id, to_char(o.order_date, 'Dy DD Mon HH24:MI') AS at,
       string_agg(format('%s x %s', i.quantity, p.name), '; ' ORDER BY i.line_number) AS goods
FROM orders o JOIN order_items i USING (store_id, order_id) JOIN products p USING (product_id)
WHERE o.order_date >= current_date - 31
GROUP BY o.store_id, o.order_id, o.order_date
ORDER BY o.order_date, o.order_id
LIMIT 100;

-- query: Share of each line in its order, for the last ten orders
SELECT o.order_id, i.line_number, i.line_total,
       round(100 * ratio, 1) AS percent
FROM (SELECT * FROM orders WHERE total_amount > 0 ORDER BY order_date DESC, order_id LIMIT 10) AS o
JOIN order_items i USING (store_id, order_id)
CROSS JOIN LATERAL (SELECT i.line_total / o.total_amount AS ratio) AS share
ORDER BY o.order_date DESC, o.order_id, i.line_number;

-- query: Orders that contain all or some of a list of types
SELECT count(*) FILTER (WHERE types @> ARRAY['Interior Paint', 'Brushes', 'Rollers']) AS has_all,
       count(*) FILTER (WHERE types && ARRAY['Interior Paint', 'Brushes', 'Rollers']) AS has_some,
       count(*) FILTER (WHERE types <@ ARRAY['Interior Paint', 'Brushes', 'Rollers']) AS has_nothing_else
FROM (
    SELECT array_agg(t.name::text) AS types
    FROM order_items i JOIN products p USING (product_id) JOIN product_types t USING (type_id)
    GROUP BY i.store_id, i.order_id
) AS baskets;

-- query: Do larger baskets come on weekends?
SELECT extract(isodow FROM o.order_date) >= 6 AS weekend,
       round(avg(n.lines), 3) AS lines, count(*) AS orders
FROM orders o
JOIN (SELECT store_id, order_id, count(*) AS lines FROM order_items GROUP BY 1, 2) AS n USING (store_id, order_id)
GROUP BY weekend
ORDER BY weekend;

-- query: How many orders repeat a product in several lines?
SELECT count(DISTINCT (store_id, order_id)) AS orders, coalesce(sum(units), 0) AS units
FROM (
    SELECT store_id, order_id, product_id, sum(quantity) AS units
    FROM order_items
    GROUP BY store_id, order_id, product_id
    HAVING count(*) > 1
) AS repeated;

-- query: Suggest for each hammer the product most often in the same basket
SELECT h.name AS hammer, best.name AS with_product, best.times
FROM products h
JOIN product_types t ON t.type_id = h.type_id AND t.name = 'Hammers'
LEFT JOIN LATERAL (
    SELECT p.name, count(*) AS times
    FROM order_items x
    JOIN order_items y ON (y.store_id, y.order_id) = (x.store_id, x.order_id) AND y.product_id <> x.product_id
    JOIN products p ON p.product_id = y.product_id
    WHERE x.product_id = h.product_id
    GROUP BY p.name
    ORDER BY times DESC, p.name
    LIMIT 1
) AS best ON true
ORDER BY h.name;
