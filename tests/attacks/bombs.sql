-- Queries that would eat time, memory or disk: each ends within its deadline, or is refused before it runs.

-- attack: repeat makes a gigabyte
-- as: store_managers
-- expect: SK429
SELECT length(repeat('a', 1000000000))

-- attack: repeat makes a gigabyte while it is planned
-- as: store_managers
-- expect: SK429
EXPLAIN SELECT repeat('a', 1000000000)

-- attack: repeat by a number from a table
-- as: store_managers
-- expect: SK429
SELECT sum(length(repeat(name, 90000 * product_id))) FROM products

-- attack: a tower of repeats
-- as: store_managers
-- expect: ends
SELECT length(repeat(repeat(repeat(repeat(repeat('a', 999), 999), 999), 999), 999))

-- attack: lpad makes a gigabyte
-- as: store_managers
-- expect: SK429
SELECT length(lpad('a', 250000000, 'x'))

-- attack: rpad makes a gigabyte
-- as: store_managers
-- expect: SK429
SELECT length(rpad('a', 250000000))

-- attack: a guarded function written with quotes
-- as: store_managers
-- expect: SK429
SELECT length("repeat"('a', 1000000000))

-- attack: a guarded function with an argument of unknown type
-- as: store_managers
-- expect: SK429
SELECT length(repeat('a', '1000000000'))

-- attack: a guarded function in FROM
-- as: store_managers
-- expect: SK429
SELECT length(r) FROM repeat('a', 1000000000) AS r

-- attack: a guarded function past its guard
-- as: store_managers
-- expect: SK403
SELECT length(pg_catalog.repeat('a', 1000000000))

-- attack: format with a field of a gigabyte
-- as: store_managers
-- expect: ends
SELECT length(format('%999999999s', 'x'))

-- attack: replace makes each letter long
-- as: store_managers
-- expect: ends
SELECT length(replace(repeat('a', 1000000), 'a', repeat('b', 100000)))

-- attack: regexp_replace makes a text long by its own references
-- as: store_managers
-- expect: ends
SELECT length(regexp_replace(repeat('a', 1000000), '.*', repeat('\&', 900)))

-- attack: a text doubled forty times
-- as: store_managers
-- expect: ends
WITH RECURSIVE r (n, x) AS (SELECT 1, 'aaaaaaaaaa' UNION ALL SELECT n + 1, x || x FROM r WHERE n < 40)
SELECT max(length(x)) FROM r

-- attack: an array doubled forty times
-- as: store_managers
-- expect: ends
WITH RECURSIVE r (n, x) AS (SELECT 1, ARRAY[1, 2, 3, 4] UNION ALL SELECT n + 1, x || x FROM r WHERE n < 40)
SELECT max(cardinality(x)) FROM r

-- attack: a jsonb value doubled forty times
-- as: store_managers
-- expect: ends
WITH RECURSIVE r (n, x) AS (SELECT 1, '[1, 2, 3]'::jsonb UNION ALL SELECT n + 1, x || x FROM r WHERE n < 40)
SELECT max(jsonb_array_length(x)) FROM r

-- attack: string_agg of a terabyte
-- as: store_managers
-- expect: ends
SELECT length(string_agg(x, '')) FROM (SELECT repeat('a', 1000000) AS x) AS q, generate_series(1, 1000000)

-- attack: array_agg of long texts
-- as: store_managers
-- expect: ends
SELECT cardinality(array_agg(repeat('a', 100000) || g)) FROM generate_series(1, 1000000) AS g

-- attack: jsonb_agg of everything, many times
-- as: store_managers
-- expect: ends
SELECT jsonb_array_length(jsonb_agg(o)) FROM orders AS o, generate_series(1, 100000)

-- attack: an array of a hundred million elements
-- as: store_managers
-- expect: SK429
SELECT cardinality(array_fill(1, ARRAY[100000000]))

-- attack: an array of many dimensions
-- as: store_managers
-- expect: SK429
SELECT cardinality(array_fill('x'::text, ARRAY[100, 100, 100, 100], ARRAY[1, 1, 1, 1]))

-- attack: a bit string of ten megabytes, sixty times
-- as: store_managers
-- expect: ends
-- expand: "SELECT length(" + "x << 3 | " * 60 + "x) FROM (SELECT 1::bit(83886080) AS x OFFSET 0) AS q"

-- attack: a polygon of ten million points
-- as: store_managers
-- expect: SK429
SELECT npoints(polygon(10000000, circle '((0, 0), 1)'))

-- attack: to_char with a pattern of megabytes
-- as: store_managers
-- expect: ends
SELECT length(to_char(now(), string_agg('TMMonth', ''))) FROM generate_series(1, 1000000)

-- attack: to_date with a pattern of megabytes
-- as: store_managers
-- expect: SK429
SELECT to_date(string_agg('1', ''), string_agg('Y', '')) FROM generate_series(1, 1000000)

-- attack: translate of a megabyte by a megabyte
-- as: store_managers
-- expect: SK429
SELECT length(translate(repeat('a', 1000000), repeat('b', 1000000), ''))

-- attack: translate of texts from aggregates
-- as: store_managers
-- expect: SK429
SELECT length(translate(string_agg('a', ''), string_agg('b', ''), '')) FROM generate_series(1, 300000)

-- attack: a needle as long as the haystack
-- as: store_managers
-- expect: SK429
SELECT strpos(repeat('a', 1000000), 'b' || repeat('a', 500000))

-- attack: replace with a long needle
-- as: store_managers
-- expect: SK429
SELECT length(replace(repeat('a', 1000000), 'b' || repeat('a', 500000), ''))

-- attack: split_part with a long delimiter
-- as: store_managers
-- expect: SK429
SELECT split_part(repeat('a', 1000000), 'b' || repeat('a', 500000), 2)

-- attack: string_to_array with a long delimiter
-- as: store_managers
-- expect: SK429
SELECT string_to_array(repeat('a', 1000000), 'b' || repeat('a', 500000))

-- attack: string_to_table with a long delimiter
-- as: store_managers
-- expect: SK429
SELECT count(*) FROM string_to_table(repeat('a', 1000000), 'b' || repeat('a', 500000))

-- attack: ts_rank of a thousand words in each place
-- as: store_managers
-- expect: SK429
SELECT ts_rank(
    (SELECT string_agg('w' || g || ':' || (SELECT string_agg(p::text, ',') FROM generate_series(1, 255) AS p), ' ')
     FROM generate_series(1, 1000) AS g)::tsvector,
    (SELECT string_agg('w' || g, '&') FROM generate_series(1, 1000) AS g)::tsquery)

-- attack: ts_rank_cd of a thousand words in each place
-- as: store_managers
-- expect: SK429
SELECT ts_rank_cd(
    (SELECT string_agg('w' || g || ':' || (SELECT string_agg((p * 60 + g % 60)::text, ',') FROM generate_series(1, 255) AS p), ' ')
     FROM generate_series(1, 1000) AS g)::tsvector,
    (SELECT string_agg('w' || g, '&') FROM generate_series(1, 1000) AS g)::tsquery)

-- attack: ts_headline of a phrase of hundreds of words
-- as: store_managers
-- expect: ends
SELECT length(ts_headline('simple', repeat('w1 w2 w3 ', 30000), (SELECT string_agg('w' || g % 3 + 1, '<->') FROM generate_series(1, 500) AS g)::tsquery))

-- attack: a text search query rewritten into itself
-- as: store_managers
-- expect: ends
SELECT numnode(ts_rewrite(
    (SELECT string_agg('w' || g % 10, '&') FROM generate_series(1, 10000) AS g)::tsquery, 'w1'::tsquery,
    (SELECT string_agg('w' || g, '|') FROM generate_series(1, 10000) AS g)::tsquery))

-- attack: a number to a high power
-- as: store_managers
-- expect: ends, 22003
SELECT 9.99999999::numeric ^ 131000 + power(1.0000000000000001::numeric, 99999999999)

-- attack: a fractional power of a long number
-- as: store_managers
-- expect: ends, 22003
SELECT (repeat('9', 10000) || '.' || repeat('9', 16000))::numeric ^ 12.5

-- attack: exp and ln of long numbers
-- as: store_managers
-- expect: ends, 22003
SELECT exp(('0.' || repeat('9', 16000))::numeric), ln((repeat('7', 131000) || '.' || repeat('3', 16000))::numeric)

-- attack: square roots of long numbers
-- as: store_managers
-- expect: ends
-- expand: "SELECT " + "+".join(["sqrt(x)"] * 25) + " FROM (SELECT (repeat('7', 131000) || '.' || repeat('3', 16000))::numeric AS x OFFSET 0) AS q"

-- attack: the largest factorial
-- as: store_managers
-- expect: ends, 22003
SELECT length(factorial(32177)::text)

-- attack: the greatest common divisor of long numbers
-- as: store_managers
-- expect: ends
SELECT length(gcd(repeat('7', 130000)::numeric, repeat('3', 129999)::numeric + 1)::text)

-- attack: steps of a number between zero and all
-- as: store_managers
-- expect: ends
SELECT count(*) FROM generate_series(0, 1e100000, 0.00000001)

-- attack: a trillion numbers
-- as: store_managers
-- expect: ends
SELECT count(*) FROM generate_series(1, 1000000000000)

-- attack: a trillion numbers, sorted
-- as: store_managers
-- expect: ends
SELECT g FROM generate_series(1, 1000000000000) AS g ORDER BY -g LIMIT 1

-- attack: a microsecond at a time from the year 1
-- as: store_managers
-- expect: ends
SELECT count(*) FROM generate_series(timestamp '0001-01-01', timestamp '9999-01-01', interval '1 microsecond')

-- attack: each row with each row with each row
-- as: store_managers
-- expect: ends
SELECT count(*) FROM order_items AS a, order_items AS b, order_items AS c

-- attack: each row with each row, sorted on disk
-- as: store_managers
-- expect: ends
SELECT a.order_id, b.order_id FROM order_items AS a, order_items AS b ORDER BY a.order_id::text || b.order_id

-- attack: each row with each row, made distinct on disk
-- as: store_managers
-- expect: ends
SELECT count(*) FROM (SELECT DISTINCT a.order_id, b.order_id, b.line_number FROM order_items AS a, order_items AS b) AS q

-- attack: a join of one key with itself
-- as: store_managers
-- expect: ends
SELECT count(*) FROM (SELECT store_id, order_id FROM orders) AS a JOIN (SELECT store_id, order_id FROM orders) AS b
    ON a.store_id = b.store_id AND a.order_id < b.order_id JOIN orders AS c ON c.store_id = a.store_id AND c.order_id > b.order_id

-- attack: a recursion without an end
-- as: store_managers
-- expect: ends
WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n FROM r) SELECT count(*) FROM r

-- attack: a recursion that fans out
-- as: store_managers
-- expect: ends
WITH RECURSIVE r (n, x) AS (SELECT 1, repeat('a', 1000) UNION ALL SELECT n + 1, x || g FROM r, generate_series(1, 100) AS g)
SELECT count(*) FROM r

-- attack: a common table expression on disk without an end
-- as: store_managers
-- expect: ends
WITH a AS MATERIALIZED (SELECT repeat('x', 100000) || g AS x FROM generate_series(1, 100000000) AS g)
SELECT count(*) FROM a AS b, a AS c

-- attack: sixty common table expressions, each twice the one before
-- as: store_managers
-- expect: ends
-- expand: "WITH c0 AS (SELECT 1 AS x)" + "".join(f", c{i} AS (SELECT a.x FROM c{i-1} AS a, c{i-1} AS b)" for i in range(1, 60)) + " SELECT count(*) FROM c59"

-- attack: sixty common table expressions, not materialized
-- as: store_managers
-- expect: ends
-- expand: "WITH c0 AS (SELECT 1 AS x)" + "".join(f", c{i} AS NOT MATERIALIZED (SELECT a.x FROM c{i-1} AS a, c{i-1} AS b)" for i in range(1, 60)) + " SELECT count(*) FROM c59"

-- attack: the plan of twenty-two common table expressions, not materialized
-- as: store_managers
-- expect: ends
-- expand: "EXPLAIN WITH c0 AS (SELECT 1 AS x)" + "".join(f", c{i} AS NOT MATERIALIZED (SELECT x FROM c{i-1} UNION ALL SELECT x FROM c{i-1})" for i in range(1, 22)) + " SELECT count(*) FROM c21"

-- attack: an expression that doubles forty times when subqueries are pulled up
-- as: store_managers
-- expect: ends
-- expand: "SELECT x FROM " + "(SELECT x + x AS x FROM " * 40 + "(SELECT quantity AS x FROM order_items) AS q" + ") AS q" * 40

-- attack: a row that grows tenfold fourteen times
-- as: store_managers
-- expect: ends
-- expand: "WITH a0 AS (SELECT o AS x FROM orders AS o LIMIT 1)" + "".join(f", a{i} AS (SELECT ROW({', '.join(['x'] * 10)}) AS x FROM a{i-1})" for i in range(1, 15)) + " SELECT x FROM a14"

-- attack: an array that grows tenfold fourteen times
-- as: store_managers
-- expect: ends
-- expand: "WITH a0 AS (SELECT ARRAY[1, 2] AS x)" + "".join(f", a{i} AS (SELECT {'||'.join(['x'] * 10)} AS x FROM a{i-1})" for i in range(1, 15)) + " SELECT cardinality(x) FROM a14"

-- attack: three thousand nine hundred parentheses
-- as: store_managers
-- expect: ends
-- expand: "SELECT " + "(" * 3900 + "1" + ")" * 3900

-- attack: row constructors one in another
-- as: store_managers
-- expect: ends
-- expand: "SELECT " + "ROW(" * 1500 + "1" + ")" * 1500

-- attack: nineteen hundred times NOT
-- as: store_managers
-- expect: ends
-- expand: "SELECT " + "NOT " * 1900 + "true"

-- attack: three hundred CASE one in another
-- as: store_managers
-- expect: ends
-- expand: "SELECT " + "CASE WHEN quantity > 1 THEN " * 200 + "1" + " END" * 200 + " FROM order_items"

-- attack: eight hundred scalar subqueries one in another
-- as: store_managers
-- expect: ends
-- expand: "SELECT " + "(SELECT " * 800 + "1" + ")" * 800

-- attack: hundreds of subqueries in FROM one in another
-- as: store_managers
-- expect: ends
-- expand: "SELECT * FROM " + "(SELECT * FROM " * 340 + "orders" + ") AS q" * 340

-- attack: two thousand six hundred concatenations
-- as: store_managers
-- expect: ends
-- expand: "SELECT ''" + "||1" * 2600

-- attack: a sum of three thousand nine hundred parts
-- as: store_managers
-- expect: ends
-- expand: "SELECT quantity" + "+1" * 3900 + " FROM order_items"

-- attack: a JSON text with a hundred thousand brackets
-- as: store_managers
-- expect: ends
SELECT repeat('[', 100000)::jsonb

-- attack: deep JSON, printed with indents
-- as: store_managers
-- expect: ends
SELECT length(jsonb_pretty((repeat('[', 5000) || repeat(']', 5000))::jsonb))

-- attack: a path that visits everything under everything
-- as: store_managers
-- expect: ends
SELECT count(*) FROM jsonb_path_query((repeat('[', 5000) || repeat(']', 5000))::jsonb, '$.**.**.**')

-- attack: a path that compares everything with everything
-- as: store_managers
-- expect: ends
SELECT jsonb_path_exists((SELECT jsonb_agg(g) FROM generate_series(1, 100000) AS g), '$ ? (@[*] > $x[*])',
    jsonb_build_object('x', (SELECT jsonb_agg(g + 1000000) FROM generate_series(1, 100000) AS g)))

-- attack: a list of fifteen hundred numbers
-- as: store_managers
-- expect: ends
-- expand: "SELECT count(*) FROM products WHERE product_id IN (" + ",".join(str(i) for i in range(1500)) + ")"

-- attack: a list of twelve hundred columns
-- as: store_managers
-- expect: ends
-- expand: "SELECT count(*) FROM order_items WHERE product_id NOT IN (" + ",".join(["quantity"] * 800) + ")"

-- attack: eleven hundred rows of VALUES
-- as: store_managers
-- expect: ends
-- expand: "VALUES " + ",".join(f"({i})" for i in range(1100))

-- attack: a hundred tables without a condition
-- as: store_managers
-- expect: ends
-- expand: "SELECT count(*) FROM " + ", ".join(f"orders AS t{i}" for i in range(100))

-- attack: five hundred tables without a condition
-- as: store_managers
-- expect: ends
-- expand: "SELECT count(*) FROM " + ",".join(f"orders t{i}" for i in range(500))

-- attack: eight tables, each joined with each
-- as: store_managers
-- expect: ends
-- expand: "SELECT count(*) FROM " + ", ".join(f"orders AS t{i}" for i in range(8)) + " WHERE " + " AND ".join(f"t{i}.order_id > t{j}.customer_id" for i in range(8) for j in range(i))

-- attack: thirty tables, each joined with each
-- as: store_managers
-- expect: ends
-- expand: "SELECT count(*) FROM " + ",".join(f"orders t{i}" for i in range(25)) + " WHERE " + " AND ".join(f"t{i}.order_id=t{j}.order_id" for i in range(25) for j in range(i) if (i + j) % 2)

-- attack: two hundred and fifty joins
-- as: store_managers
-- expect: ends
-- expand: "SELECT count(*) FROM orders AS t0 " + " ".join(f"JOIN orders t{i} USING (order_id)" for i in range(1, 230))

-- attack: a hundred outer joins
-- as: store_managers
-- expect: ends
-- expand: "SELECT count(*) FROM orders t0 " + " ".join(f"LEFT JOIN orders t{i} ON t{i}.order_id=t{i-1}.order_id" for i in range(1, 130))

-- attack: full joins of everything
-- as: store_managers
-- expect: ends
-- expand: "SELECT count(*) FROM orders t0 " + " ".join(f"NATURAL FULL JOIN orders t{i}" for i in range(1, 220))

-- attack: a hundred times NOT EXISTS
-- as: store_managers
-- expect: ends
-- expand: "SELECT count(*) FROM orders o WHERE " + " AND ".join(["NOT EXISTS (SELECT FROM orders p WHERE p.order_id=o.customer_id)"] * 110)

-- attack: IN subqueries one in another
-- as: store_managers
-- expect: ends
-- expand: "SELECT count(*) FROM products WHERE " + "product_id IN (SELECT product_id FROM products WHERE " * 130 + "true" + ")" * 130

-- attack: the cube of twelve columns
-- as: store_managers
-- expect: ends
SELECT count(*) FROM (
    SELECT 1 FROM (SELECT product_id AS a, product_id % 2 AS b, product_id % 3 AS c, product_id % 4 AS d, product_id % 5 AS e,
        product_id % 6 AS f, product_id % 7 AS g, product_id % 8 AS h, product_id % 9 AS i, product_id % 10 AS j,
        product_id % 11 AS k, product_id % 12 AS l FROM order_items) AS q
    GROUP BY CUBE (a, b, c, d, e, f, g, h, i, j, k, l)) AS z

-- attack: grouping sets multiplied
-- as: store_managers
-- expect: ends
-- expand: "SELECT 1 FROM orders GROUP BY " + ", ".join(["GROUPING SETS ((order_id), (store_id), (customer_id), ())"] * 6)

-- attack: a union of hundreds
-- as: store_managers
-- expect: ends
-- expand: "SELECT order_id FROM orders" + " UNION SELECT order_id FROM orders" * 220

-- attack: hundreds of alternatives in a join
-- as: store_managers
-- expect: ends
-- expand: "SELECT count(*) FROM order_items a JOIN products b ON " + " OR ".join(f"(a.quantity={i} AND b.type_id={i})" for i in range(180))

-- attack: hundreds of alternatives between three tables
-- as: store_managers
-- expect: ends
-- expand: "SELECT count(*) FROM order_items a, products b, inventory c WHERE " + " AND ".join(f"(a.quantity={i} OR b.type_id={i} OR c.stock_level={i})" for i in range(120))

-- attack: two hundred window orders
-- as: store_managers
-- expect: ends
-- expand: "SELECT " + ",".join(f"sum(quantity) OVER (ORDER BY product_id%{i})" for i in range(2, 160)) + " FROM order_items"

-- attack: a million percentiles at once
-- as: store_managers
-- expect: ends
SELECT cardinality(percentile_cont(ARRAY(SELECT g / 1000000.0 FROM generate_series(0, 1000000) AS g)) WITHIN GROUP (ORDER BY quantity))
FROM order_items

-- attack: trimming a megabyte of each of a million letters
-- as: store_managers
-- expect: SK429
SELECT length(btrim(repeat('a', 1000000), repeat('b', 999999) || 'a'))

-- attack: trimming at the left a letter that comes last
-- as: store_managers
-- expect: SK429
SELECT length(ltrim(repeat('a', 1000000), repeat('b', 999999) || 'a'))

-- attack: trimming at the right a letter that comes last
-- as: store_managers
-- expect: SK429
SELECT length(rtrim(repeat('a', 1000000), repeat('b', 999999) || 'a'))

-- attack: rows in rows as a text, quotes doubled at each level
-- as: store_managers
-- expect: ends
-- expand: "SELECT length((" + "ROW(" * 60 + "1" + ")" * 60 + ")::text)"

-- attack: LIKE with a long pattern over a long text
-- as: store_managers
-- expect: ends
SELECT repeat('a', 100000) LIKE '%' || repeat('a', 5000) || 'b%'

-- attack: an array within another, each of twenty thousand
-- as: store_managers
-- expect: ends
SELECT ARRAY(SELECT generate_series(20000, 1, -1)) <@ ARRAY(SELECT generate_series(1, 20000))

-- attack: a jsonb array within another, each of ten thousand
-- as: store_managers
-- expect: ends
SELECT (SELECT jsonb_agg('y' || g) FROM generate_series(1, 10000) AS g) @> (SELECT jsonb_agg('y' || g) FROM generate_series(10000, 1, -1) AS g)

-- attack: thousands of accents in the wrong order
-- as: store_managers
-- expect: ends
SELECT length(normalize('a' || repeat(chr(769) || chr(790), 5000), NFC))

-- attack: long numbers multiplied thirty times
-- as: store_managers
-- expect: ends
-- expand: "SELECT length((" + "+".join(["x*x"] * 30) + ")::text) FROM (SELECT 1e65000 - 1 AS x OFFSET 0) AS q"

-- attack: a regular expression with nested bounds
-- as: store_managers
-- expect: ends, 2201B
SELECT repeat('a', 3000) ~ '((a{1,255}){1,255}){1,255}b'

-- attack: a regular expression with nested stars and references back
-- as: store_managers
-- expect: ends
SELECT repeat('a', 300) ~ '^(a+)+(a+)+(a+)(a+)(a+)\1\2\3\4\5b$'

-- attack: a regular expression that looks ahead of nested stars
-- as: store_managers
-- expect: ends
SELECT repeat('a', 100000) ~ '(?=(a*)*b)(?!(a*)*c)x'

-- attack: a regular expression of thousands of alternatives
-- as: store_managers
-- expect: ends, 2201B, XX000
SELECT 'x' ~ (SELECT string_agg('a' || g || '.*', '|') FROM generate_series(1, 20000) AS g)

-- attack: each way to match nothing in a long text
-- as: store_managers
-- expect: ends
SELECT count(*) FROM regexp_matches(repeat('a', 1000000), 'a*?', 'g')

-- attack: a regular expression within a JSON path
-- as: store_managers
-- expect: ends
SELECT jsonb_path_exists(to_jsonb(repeat('a', 3000)), '$ ? (@ like_regex "(a*)*(a*)*(a*)*b")')

-- attack: LIKE with ten thousand wildcards
-- as: store_managers
-- expect: ends
SELECT repeat('a', 100000) LIKE repeat('%a', 10000) || 'b'

-- attack: thousands of comments one in another
-- as: store_managers
-- expect: ends
-- expand: "SELECT 1 " + "/*" * 1990 + "*/" * 1990

-- attack: comments without an end
-- as: store_managers
-- expect: ends, 42601
-- expand: "SELECT 1 " + "/*" * 3900

-- attack: thousands of semicolons
-- as: store_managers
-- expect: ends, 42601, SK400, SK403
-- expand: "SELECT 1 " + "; " * 3900 + "x"

-- attack: a query longer than allowed
-- as: store_managers
-- expect: SK400
-- expand: "SELECT " + "1 + " * 2000 + "1"

-- attack: a query of ten megabytes
-- as: store_managers
-- expect: SK400
-- expand: "SELECT '" + "x" * 10_000_000 + "'"

-- attack: vectors of sixteen thousand dimensions, a million times
-- as: store_managers
-- expect: ends
SELECT sum(public.l2_distance(x, x)) FROM (SELECT array_agg(g)::real[]::public.vector AS x FROM generate_series(1, 16000) AS g) AS q,
    generate_series(1, 10000000)

-- attack: rows of a megabyte each
-- as: store_managers
-- expect: ends
SELECT repeat('a', 1000000) || order_id FROM orders

-- attack: thousands of result columns of a wide row
-- as: store_managers
-- expect: ends
-- expand: "SELECT " + ",".join(["q"] * 1600) + " FROM (SELECT o, o, o, o, o, o, o, o FROM orders AS o) AS q"

-- attack: an error as long as the text it quotes
-- as: store_managers
-- expect: ends, 22P02
SELECT repeat('x', 1000000)::integer
