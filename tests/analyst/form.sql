-- Form: how models write SQL: comments, quoting, casts, semicolons, line ends.

-- query: A comment first
-- Orders by status.
/* One row each. */
SELECT status, count(*) FROM orders GROUP BY status ORDER BY status

-- query: A comment last
SELECT count(*) AS customers FROM customers -- all of them

-- query: A semicolon and then a comment
SELECT count(*) AS customers FROM customers; -- all of them

-- query: Several semicolons and a block comment
SELECT count(*) AS products FROM products;; /* that was it */ ;

-- query: A comment that holds quotes and semicolons
SELECT /* it's "odd"; -- isn't it */ name -- the region's name; yes
FROM regions
WHERE name <> ';--' -- ''
ORDER BY name;

-- query: Nested comments
SELECT 1 AS one /* outer /* inner */ still outer */, 'a /* no comment */' AS text

-- query: Line ends of Windows
-- crlf
SELECT s.name,
       count(*) AS orders -- counted
FROM stores s
JOIN orders o USING (store_id)
GROUP BY s.name
ORDER BY s.name;

-- query: Tabs and capital letters
SELECT	C.NAME	AS	"Category Name",
	COUNT(*)	AS	"Products (#)"
FROM	RETAIL.CATEGORIES	C
	INNER JOIN	Retail."product_types"	T	ON	T.CATEGORY_ID = C.CATEGORY_ID
	INNER JOIN	Products	ON	Products.TYPE_ID = T.TYPE_ID
GROUP BY	C.NAME
ORDER BY	"Products (#)" DESC, C.NAME;

-- query: The schema named
SELECT c.name FROM retail.categories AS c ORDER BY c.name;

-- query: Odd quoted identifiers
SELECT name AS "Größe; DROP TABLE x", category_id AS "a ""quoted"" name", 1 AS "select" FROM categories ORDER BY 2;

-- query: Dollar quotes with a tag
SELECT $why$it's $$odd$$; isn't it?$why$ AS text, length($$;$$) AS one;

-- query: Unicode in literals and aliases
SELECT 'Grüße — 你好 🛠' AS "café", U&'\0041\+01F6E0' AS escaped, E'tab\there' AS tabbed, count(*) AS anzahl FROM products WHERE name <> 'Ⅷ';

-- query: Casts of all kinds
SELECT '42'::int, CAST('4.20' AS numeric(6, 1)), DATE '2026-02-28' + 1 AS day, TIME '12:30' + INTERVAL '45 min' AS at,
       'true'::boolean AS flag, '{1,2,3}'::int[] AS list, '[1,5)'::int4range AS span, '1.5e3'::float8 AS float,
       1234.5::money::text AS money, B'1010'::int AS bits, '2 days 3 hours'::interval AS lasts, 'P1Y2M'::interval AS iso,
       to_number('1,234.50', '9G999D99') AS number, to_date('31.12.2025', 'DD.MM.YYYY') AS german, 10::text || '%' AS text,
       '00000000-0000-4000-8000-000000000001'::uuid AS id, pg_typeof(current_date)::text AS of_type;

-- query: Columns of the same name
SELECT s.name, r.name, s.region_id, r.region_id FROM stores s JOIN regions r ON r.region_id = s.region_id ORDER BY s.name;

-- query: Columns without a name
SELECT count(*), max(total_amount), min(order_date) IS NOT NULL, 1 + 1, NULL FROM orders;

-- query: A star of two tables
SELECT * FROM products p JOIN product_types t USING (type_id) ORDER BY p.product_id LIMIT 5;

-- query: A whole row and a record
SELECT r, (r).name, ROW(1, 'two', NULL) AS record FROM regions r ORDER BY r.region_id;

-- query: A table as it is
TABLE regions;

-- query: A table in order, a page of it
TABLE order_items ORDER BY store_id, order_id, line_number LIMIT 20 OFFSET 10;

-- query: A list of values
VALUES (1, 'one', DATE '2026-01-01'), (2, 'two', NULL), (3, NULL, DATE '2026-03-01') ORDER BY 1;

-- query: Parentheses around a select
(SELECT name FROM stores ORDER BY name LIMIT 1)

-- query: Set operations with parentheses
(SELECT 'customer' AS kind, count(*) FROM customers)
UNION ALL
(SELECT 'order', count(*) FROM orders)
UNION ALL
(SELECT 'product', count(*) FROM products EXCEPT ALL SELECT 'product', -1)
ORDER BY kind;

-- query: A CTE that shadows a table
WITH orders AS (SELECT * FROM orders WHERE status = 'completed' LIMIT 0)
SELECT count(*) AS none FROM orders;

-- query: A condition that is never true
-- may be empty
SELECT * FROM orders WHERE false;

-- query: No table at all
SELECT current_date AS today, date_trunc('day', now()) AS day, extract(year FROM CURRENT_TIMESTAMP)::int AS year, pi() > 3 AS round;

-- query: The plan of a sum
-- random
EXPLAIN SELECT sum(total_amount) FROM orders WHERE order_date >= now() - INTERVAL '1 month';

-- query: The plan of a join, in lower case and with a semicolon
-- random
explain select c.name, sum(i.line_total)
from order_items i join products p using (product_id) join product_types t using (type_id) join categories c using (category_id)
group by c.name;

-- query: The plan of a CTE after a comment
-- random
/* how is it run? */ EXPLAIN WITH big AS (SELECT * FROM orders WHERE total_amount > 500) SELECT count(*) FROM big

-- query: Functions of our own
SELECT counts_as_revenue(status) AS counts, count(*) AS orders, max(order_date)::date <= today() AS plausible
FROM orders GROUP BY 1 ORDER BY 1;

-- query: Products by the meaning of a text, with the search function
-- may be empty
SELECT * FROM search_products_by_description('[0.1, 0.2, 0.3]', 0.5, 5);

-- query: Which products have no embedding?
SELECT count(*) AS products, count(e.product_id) AS embedded, max(e.last_updated) AS last_updated
FROM products p LEFT JOIN product_description_embeddings e USING (product_id);

-- query: Products nearest to a given one by embedding
-- may be empty
SELECT p.name, round((e.description_embedding OPERATOR(public.<=>) g.description_embedding)::numeric, 4) AS distance
FROM product_description_embeddings g
JOIN product_description_embeddings e ON e.product_id <> g.product_id
JOIN products p ON p.product_id = e.product_id
WHERE g.product_id = 1
ORDER BY distance, p.name
LIMIT 10;

-- query: Numbers at their edges
SELECT 2147483647 + 0::bigint AS big, 0.1 + 0.2 AS exact, round(2.5) AS up, round(-2.5) AS down, 7 / 2 AS whole, 7 % 3 AS rest,
       div(7.5, 2) AS parts, trunc(7.89, 1) AS cut, 2 ^ 10 AS power, 'NaN'::numeric AS nan, 'infinity'::timestamptz AS forever,
       factorial(10) AS permutations, gcd(84, 36) AS common, abs(-3) AS positive, trim_scale(1.500) AS trimmed;

-- query: Nulls handled
SELECT coalesce(NULL, 'a') AS a, nullif(1, 1) AS b, greatest(1, NULL, 3) AS c, least(NULL, 2) AS d,
       NULL IS NOT DISTINCT FROM NULL AS e, num_nulls(1, NULL, NULL) AS f, (NULL::int = 1) IS UNKNOWN AS g;
