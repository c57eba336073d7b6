-- Documents: JSON and arrays built and taken apart.

-- query: Each store as a document with its best categories
SELECT jsonb_build_object(
    'store', s.name,
    'online', s.is_online,
    'top', (
        SELECT jsonb_agg(jsonb_build_object('category', t.name, 'revenue', t.revenue) ORDER BY t.revenue DESC, t.name)
        FROM (
            SELECT c.name, sum(i.line_total) AS revenue
            FROM order_items i JOIN products p USING (product_id) JOIN product_types pt USING (type_id) JOIN categories c USING (category_id)
            WHERE i.store_id = s.store_id
            GROUP BY c.name ORDER BY revenue DESC, c.name LIMIT 3
        ) AS t
    )
) AS document
FROM stores s
ORDER BY s.name;

-- query: The last orders with their lines nested
SELECT json_build_object(
    'order', o.order_id, 'at', o.order_date, 'lines',
    json_agg(json_build_object('sku', p.sku, 'units', i.quantity, 'paid', i.line_total) ORDER BY i.line_number)
) AS "order"
FROM (SELECT * FROM orders ORDER BY order_date DESC, order_id LIMIT 5) AS o
JOIN order_items i USING (store_id, order_id)
JOIN products p USING (product_id)
GROUP BY o.order_id, o.order_date
ORDER BY o.order_date DESC, o.order_id;

-- query: Revenue by category as one object
SELECT jsonb_object_agg(name, revenue) AS revenue_by_category
FROM (
    SELECT c.name, sum(i.line_total) AS revenue
    FROM order_items i JOIN products p USING (product_id) JOIN product_types t USING (type_id) JOIN categories c USING (category_id)
    GROUP BY c.name
) AS r;

-- query: Large orders found by a JSON path
WITH documents AS (
    SELECT jsonb_agg(jsonb_build_object('id', order_id, 'total', total_amount, 'status', status) ORDER BY order_id) AS body
    FROM orders
)
SELECT jsonb_path_query(body, '$[*] ? (@.total > 400 && @.status == "completed").id') #>> '{}' AS order_id
FROM documents
ORDER BY 1
LIMIT 100;

-- query: Parameters as a JSON document
WITH given AS (
    SELECT '{"categories": ["Plumbing", "Electrical"], "least": 20, "since": "2024-01-01"}'::jsonb AS it
)
SELECT c.name, count(*) AS lines, sum(i.line_total) AS revenue
FROM given g
CROSS JOIN orders o
JOIN order_items i USING (store_id, order_id)
JOIN products p USING (product_id) JOIN product_types t USING (type_id) JOIN categories c USING (category_id)
WHERE g.it -> 'categories' ? c.name
  AND i.line_total >= (g.it ->> 'least')::numeric
  AND o.order_date >= (g.it ->> 'since')::date
GROUP BY c.name
ORDER BY c.name;

-- query: A price list pasted as JSON against our list prices
SELECT x.sku, x.price AS theirs, p.base_price AS ours, p.base_price - x.price AS difference
FROM jsonb_to_recordset('[{"sku": "HTHA000101", "price": 16.99}, {"sku": "PTDR000901", "price": 149}, {"sku": "none", "price": 1}]')
    AS x (sku text, price numeric)
LEFT JOIN products p ON p.sku = x.sku
ORDER BY x.sku;

-- query: Key figures turned into rows
SELECT k.key AS figure, k.value::numeric AS amount
FROM (
    SELECT count(*) AS orders, sum(total_amount) AS revenue, count(DISTINCT customer_id) AS customers,
           max(total_amount) AS largest
    FROM orders
) AS f
CROSS JOIN LATERAL jsonb_each_text(to_jsonb(f)) AS k
ORDER BY k.key;

-- query: A column of each product's attributes merged and one removed
SELECT p.sku,
       (to_jsonb(p) - 'description' - ARRAY['type_id', 'product_id']) || jsonb_build_object('margin', p.base_price - p.cost) AS facts,
       jsonb_set('{"tags": []}', '{tags, 0}', to_jsonb(p.unit)) AS tags
FROM products p
WHERE p.name ILIKE '%hammer%'
ORDER BY p.sku;

-- query: Monthly revenue of each year as arrays
SELECT year, array_agg(revenue ORDER BY month) AS months, (array_agg(revenue ORDER BY month))[1:3] AS first_three
FROM (
    SELECT extract(year FROM order_date)::int AS year, extract(month FROM order_date)::int AS month, sum(total_amount) AS revenue
    FROM orders GROUP BY 1, 2
) AS m
GROUP BY year
ORDER BY year;

-- query: Words of the product names, counted with their place
SELECT w.word, count(*) AS times, min(w.place) AS earliest
FROM products p
CROSS JOIN LATERAL unnest(string_to_array(lower(p.name), ' ')) WITH ORDINALITY AS w (word, place)
WHERE length(w.word) > 3
GROUP BY w.word
HAVING count(*) >= 5
ORDER BY times DESC, w.word;

-- query: A worklist with priorities from two parallel arrays
SELECT n.ordinality AS priority, n.status, n.days, count(o.order_id) AS orders
FROM ROWS FROM (unnest(ARRAY['pending', 'shipped', 'returned', 'cancelled']), unnest(ARRAY[3, 7, 365, 365]))
     WITH ORDINALITY AS n (status, days, ordinality)
LEFT JOIN orders o ON o.status = n.status AND o.order_date >= now() - make_interval(days => n.days)
GROUP BY n.ordinality, n.status, n.days
ORDER BY n.ordinality;

-- query: Which categories did each customer of the top ten buy, overlapping garden or paint?
SELECT customer_id, categories, categories && ARRAY['Garden & Outdoor', 'Paint & Finishes'] AS outdoor_or_paint,
       array_position(categories, 'Plumbing') AS plumbing_at, array_remove(categories, 'Hardware') AS without_hardware
FROM (
    SELECT o.customer_id, array_agg(DISTINCT c.name::text ORDER BY c.name::text) AS categories, sum(i.line_total) AS spent
    FROM orders o JOIN order_items i USING (store_id, order_id)
    JOIN products p USING (product_id) JOIN product_types t USING (type_id) JOIN categories c USING (category_id)
    GROUP BY o.store_id, o.customer_id
) AS s
ORDER BY spent DESC, customer_id
LIMIT 10;

-- query: Is it valid JSON, and of which kind?
SELECT v.text, v.text IS JSON AS valid, v.text IS JSON OBJECT AS object, v.text IS JSON ARRAY AS list
FROM (VALUES ('{"a": 1}'), ('[1, 2]'), ('"x"'), ('{a: 1}')) AS v (text)
ORDER BY v.text;

-- query: Types of the values in a document
SELECT key, jsonb_typeof(value) AS kind, value
FROM jsonb_each((SELECT to_jsonb(s) FROM stores s ORDER BY name LIMIT 1))
ORDER BY key;
