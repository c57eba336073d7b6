-- Words: searching and shaping text.

-- query: Which products are for painting a fence?
SELECT p.sku, p.name, round(ts_rank(to_tsvector('english', p.name || ' ' || p.description), q)::numeric, 5) AS rank
FROM products p, websearch_to_tsquery('english', 'fence or deck paint') AS q
WHERE to_tsvector('english', p.name || ' ' || p.description) @@ q
ORDER BY rank DESC, p.sku
LIMIT 20;

-- query: Products whose description mentions concrete, with the place marked
SELECT sku, ts_headline('english', description, plainto_tsquery('english', 'concrete'), 'StartSel=<<, StopSel=>>, MaxWords=12, MinWords=4') AS excerpt
FROM products
WHERE to_tsvector('english', description) @@ plainto_tsquery('english', 'concrete')
ORDER BY sku;

-- query: Revenue of everything found by a phrase
SELECT sum(i.line_total) AS revenue, count(DISTINCT p.product_id) AS products
FROM products p JOIN order_items i USING (product_id)
WHERE to_tsvector('english', p.description) @@ to_tsquery('english', 'wood & (stain | finish | paint)');

-- query: Products by weighted search over name and description
SELECT sku, name,
       round(ts_rank_cd(setweight(to_tsvector('english', name), 'A') || setweight(to_tsvector('english', description), 'C'),
                        phraseto_tsquery('english', 'cordless drill'))::numeric, 4) AS rank
FROM products
WHERE to_tsvector('english', name || ' ' || description) @@ phraseto_tsquery('english', 'cordless drill')
ORDER BY rank DESC, sku;

-- query: Sizes in product names, taken out by a regular expression
SELECT name, (regexp_match(name, '(\d+(?:-\d+/\d+)?)\s*(in|ft|oz|lb|V)\M'))[1] AS size,
       (regexp_match(name, '(\d+(?:-\d+/\d+)?)\s*(in|ft|oz|lb|V)\M'))[2] AS measure
FROM products
WHERE name ~ '\d\s*(in|ft|oz|lb|V)\M'
ORDER BY name
LIMIT 60;

-- query: All numbers in the hammers' names
SELECT p.sku, n.found[1]::int AS number
FROM products p JOIN product_types t USING (type_id)
CROSS JOIN LATERAL regexp_matches(p.name, '\d+', 'g') AS n (found)
WHERE t.name = 'Hammers'
ORDER BY p.sku, number;

-- query: Customers whose name ends like Anderson or begins like Carter
SELECT DISTINCT first_name, last_name
FROM customers
WHERE last_name SIMILAR TO '%s(o|e)n' OR last_name ILIKE 'car%'
ORDER BY last_name, first_name;

-- query: E-mail addresses, masked for a report
SELECT regexp_replace(email, '^(.).*(@.*)$', '\1***\2') AS masked, overlay(email PLACING 'xxxx' FROM 2 FOR 4) AS overlaid
FROM customers
ORDER BY email
LIMIT 15;

-- query: Shorten and align the names for a label printer
SELECT rpad(left(name, 24), 24, '.') || lpad(to_char(base_price, 'FM9990.00'), 9) AS label
FROM products
WHERE unit = 'set'
ORDER BY name
LIMIT 40;

-- query: Words that products of two categories have in common
SELECT word FROM (
    SELECT regexp_split_to_table(lower(p.name), '[^a-z]+') AS word
    FROM products p JOIN product_types t USING (type_id) JOIN categories c USING (category_id) WHERE c.name = 'Hand Tools'
) AS a
INTERSECT
SELECT word FROM (
    SELECT regexp_split_to_table(lower(p.name), '[^a-z]+')
    FROM products p JOIN product_types t USING (type_id) JOIN categories c USING (category_id) WHERE c.name = 'Power Tools'
) AS b (word)
ORDER BY word;

-- query: Look up by names that have odd characters
SELECT name, position('&' IN name) AS ampersand_at, replace(name, '&', 'and') AS plain, translate(name, ' &', '_') AS key
FROM categories
WHERE name LIKE '%&%' AND name NOT LIKE '%\_%' ESCAPE '\'
ORDER BY name;

-- query: Product types with an apostrophe
SELECT type_id, name, $$Plumber's$$ || ' ' || E'it\'s' AS quoted FROM product_types WHERE name LIKE 'Plumber''s%' ORDER BY type_id;

-- query: How many customers have accents or quotes in the name?
SELECT count(*) FILTER (WHERE last_name ~ '[éèñüöäçÉ''’-]') AS last_names,
       count(*) FILTER (WHERE first_name IN ('José', 'Zoë', 'Łukasz', U&'Ren\00E9e', '美咲')) AS first_names,
       count(*) AS customers
FROM customers;

-- query: Initials and length of names
SELECT left(first_name, 1) || '.' || left(last_name, 1) || '.' AS initials, count(*) AS customers,
       max(char_length(first_name || last_name)) AS longest
FROM customers
GROUP BY 1
ORDER BY customers DESC, initials
LIMIT 30;

-- query: Location split into city and state
SELECT name, trim(split_part(location, ',', 1)) AS city, nullif(trim(split_part(location, ',', 2)), '') AS state,
       starts_with(name, 'Zava') AS ours, reverse(name) AS mirrored, btrim('  x ') AS trimmed
FROM stores
ORDER BY name;

-- query: Count vowels and check sums, for fun
SELECT sku, regexp_count(name, '[aeiou]', 1, 'i') AS vowels, md5(name) AS checksum, ascii(name) AS first_code, chr(65 + length(name) % 26) AS letter
FROM products
ORDER BY sku
LIMIT 20;

-- query: Names sorted bytewise and as people sort
SELECT name, row_number() OVER (ORDER BY name COLLATE "C") AS bytewise
FROM product_types
ORDER BY name COLLATE "C";

-- query: Padding, trimming and splitting at their edges
SELECT lpad(name, 30) AS right_aligned, lpad(type_id::text, 5, '0') AS code, lpad('abc', -1) AS empty, lpad(NULL, 3) AS missing,
       rpad('', 3, '') AS nothing, rpad(name, 3) AS short, repeat('ab', 0) AS none, repeat('-', length(name)) AS underline,
       ltrim('xxabc', 'x') AS l, rtrim(name, 'es') AS r, btrim(upper(name), 'ST') AS b, trim(BOTH 'H' FROM name) AS t,
       split_part(name, ' & ', -1) AS last_part, string_to_array('a,b,', ',') AS parts, string_to_array('abc', NULL) AS letters,
       string_to_array('a|-|c', '|', '-') AS with_null, strpos(name, 'e') AS e_at, replace(name, '', 'x') AS same,
       array_fill(0, ARRAY[2, 3]) AS zeros, array_fill(type_id, ARRAY[2], ARRAY[5]) AS shifted
FROM product_types
ORDER BY type_id;

-- query: The parts of the sku list pasted from a mail, with what they cost
SELECT trim(pasted.sku) AS sku, p.name, p.cost
FROM string_to_table('HTHA000101; HTHA000102;nothing ;', ';') AS pasted (sku)
LEFT JOIN products p ON p.sku = trim(pasted.sku)
WHERE pasted.sku <> ''
ORDER BY 1;

-- query: Dates as they come from a spreadsheet
SELECT given, to_date(given, 'MM/DD/YYYY') AS day, to_timestamp(given || ' 13:45', 'MM/DD/YYYY HH24:MI') AS at,
       to_timestamp(0) AS epoch, (SELECT count(*) FROM orders WHERE order_date < to_date(given, 'MM/DD/YYYY')) AS orders_before
FROM unnest(ARRAY['01/31/2025', '02/29/2024', '12/01/2026']) AS given
ORDER BY day;

-- query: Ranks by weight, length and frequency
SELECT p.sku, round(ts_rank(ARRAY[0.1, 0.2, 0.4, 1.0]::real[], v.vector, q, 1)::numeric, 4) AS by_weight,
       round(ts_rank_cd(ARRAY[0.1, 0.2, 0.4, 1.0]::real[], v.vector, q)::numeric, 4) AS by_cover,
       round(ts_rank(v.vector, q, 2 | 8)::numeric, 6) AS by_length, numnode(q) AS nodes
FROM products p
CROSS JOIN to_tsquery('english', 'garden | hose:*') AS q
CROSS JOIN LATERAL (SELECT setweight(to_tsvector('english', p.name), 'A') || to_tsvector('english', p.description) AS vector) AS v
WHERE v.vector @@ q
ORDER BY by_weight DESC, p.sku;
