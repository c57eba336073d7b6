-- retail.alike_products: by vectors, or by the words of the name.
BEGIN;
\ir ../tap.sql
SELECT plan(14);

-- The k-th product at k/5 degrees from the first axis; the tenth has no vector.
DELETE FROM retail.product_description_embeddings;
INSERT INTO retail.product_description_embeddings (product_id, description_embedding)
SELECT p.product_id, ARRAY[cosd(p.product_id / 5.0), sind(p.product_id / 5.0)]::public.vector(2)
FROM retail.products AS p
WHERE p.product_id <> 10;
UPDATE retail.products SET is_active = product_id <> 3;
SELECT sku AS first FROM retail.products WHERE product_id = 1 \gset
SELECT sku AS tenth FROM retail.products WHERE product_id = 10 \gset

SELECT be('seattle@zava.example');
SELECT results_eq(
    format('SELECT product_id, round(similarity::numeric, 4), degraded FROM retail.alike_products(retail.find_product(%L), 4)', :'first'),
    $$SELECT k, round(cosd((k - 1) / 5.0)::numeric, 4), false FROM unnest('{2, 4, 5, 6}'::integer[]) AS k$$,
    'the nearest, without itself and what is no longer bought in'
);
SELECT ok(
    bool_and(starts_with(a.why, CASE
        WHEN p.type_id = f.type_id THEN 'also ' || t.name
        WHEN t.category_id = (SELECT c.category_id FROM retail.product_types AS c WHERE c.type_id = f.type_id)
        THEN t.name || ', same category'
        ELSE t.name
    END)) AND count(DISTINCT left(a.why, 4)) > 2, 'why: types'
)
FROM retail.find_product(:'first') AS f, retail.alike_products(f, 200) AS a
JOIN retail.products AS p USING (product_id) JOIN retail.product_types AS t USING (type_id);
SELECT isnt_empty(
    format($$SELECT FROM retail.alike_products(retail.find_product(%L), 20) AS a WHERE a.why ~ '; in both names: [a-z]'$$, :'first'),
    'why: words'
);
SELECT is_empty(
    format($$SELECT a.product_id FROM retail.find_product(%L) AS f, retail.alike_products(f, 20, in_its_place => true) AS a
        JOIN retail.products AS p USING (product_id)
        WHERE p.type_id <> f.type_id OR p.base_price NOT BETWEEN f.base_price / 2 AND f.base_price * 2$$, :'first'),
    'what takes its place is of its type and of about its price'
);
SELECT isnt_empty(
    format('SELECT FROM retail.alike_products(retail.find_product(%L), 20, in_its_place => true)', :'first'), 'there is some'
);
SELECT results_eq(
    format('SELECT product_id FROM retail.alike_products(retail.find_product(%L), 200, stocked_in => retail.get_user_store_list())', :'first'),
    $$SELECT p.product_id FROM retail.products AS p JOIN retail.inventory AS i USING (product_id)
        WHERE i.stock_level > 0 AND p.product_id NOT IN (1, 3, 10) ORDER BY p.product_id LIMIT 200$$, 'in stock'
);
SELECT is(
    (SELECT count(*) FROM retail.alike_products(retail.find_product(:'first'), 1)), 1::bigint, 'as few as one'
);

-- Without a vector
SELECT isnt_empty(
    format('SELECT FROM retail.alike_products(retail.find_product(%L), 5)', :'tenth'), 'by words'
);
SELECT is_empty(
    format('SELECT FROM retail.alike_products(retail.find_product(%L), 5) AS a WHERE NOT a.degraded OR a.product_id IN (3, 10)', :'tenth'),
    'which is said'
);
SELECT is_empty(
    format($$SELECT FROM retail.find_product(%L) AS f, retail.alike_products(f, 20) AS a JOIN retail.products AS p USING (product_id)
        JOIN retail.product_types AS t USING (type_id)
        WHERE t.category_id <> (SELECT c.category_id FROM retail.product_types AS c WHERE c.type_id = f.type_id)$$, :'tenth'),
    'in its category'
);
SELECT is_empty(
    format($$SELECT FROM retail.find_product(%L) AS f, retail.alike_products(f, 20, true) AS a
        JOIN retail.products AS p USING (product_id)
        WHERE p.type_id <> f.type_id OR p.base_price NOT BETWEEN f.base_price / 2 AND f.base_price * 2$$, :'tenth'),
    'in its place, of its type and of about its price'
);
SELECT be_dba();
INSERT INTO embedding.models (name, provider, dimension, is_active) VALUES ('not loaded', 'built-in', 2, true)
ON CONFLICT DO NOTHING;
UPDATE retail.products SET name = '2x4x8 2-pack' WHERE product_id = 10;
SELECT be('seattle@zava.example');
SELECT isnt_empty(
    format('SELECT FROM retail.alike_products(retail.find_product(%L), 5)', :'tenth'), 'a name of sizes alone is searched for by its sizes'
);
SELECT be_dba();
DELETE FROM retail.product_description_embeddings;
SELECT be('seattle@zava.example');
SELECT isnt_empty(
    format('SELECT FROM retail.alike_products(retail.find_product(%L), 5) AS a WHERE a.degraded', :'first'), 'no vectors at all'
);

-- Nobody
SELECT be();
SELECT isnt_empty(format('SELECT FROM retail.alike_products(retail.find_product(%L))', :'first'), 'the catalogue is everybody''s');

SELECT * FROM finish();
ROLLBACK;
