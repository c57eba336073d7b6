-- retail.search_products_by_description: the nearest first, and no arguments that make no sense.
BEGIN;
\ir ../tap.sql
SELECT plan(12);

CREATE FUNCTION pg_temp.code_of(statement text) RETURNS text LANGUAGE plpgsql AS $function$
BEGIN
    EXECUTE statement;
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE;
END
$function$;

-- Vectors of our own: the k-th product at k degrees from the first axis.
DELETE FROM retail.product_description_embeddings;
INSERT INTO retail.product_description_embeddings (product_id, description_embedding)
SELECT p.product_id, ARRAY[cosd(p.product_id), sind(p.product_id), 0]::public.vector(3)
FROM retail.products AS p
WHERE p.product_id <= 90;
SELECT count(*) AS products FROM retail.product_description_embeddings \gset

SELECT be('seattle@zava.example');
SELECT results_eq(
    $$SELECT product_id, name, description, round(similarity_score::numeric, 4)
        FROM retail.search_products_by_description('[1, 0, 0]', 0.99)$$,
    $$SELECT product_id, name, description, round(cosd(product_id)::numeric, 4) FROM retail.products
        WHERE cosd(product_id) >= 0.99 AND product_id <= 90 ORDER BY product_id$$,
    'products within the threshold, the most similar first'
);
SELECT is(
    (SELECT count(*) FROM retail.search_products_by_description('[1, 0, 0]')), 20::bigint,
    'at most 20 unless told'
);
SELECT is(
    (SELECT count(*) FROM retail.search_products_by_description('[1, 0, 0]', -1, 5)), 5::bigint,
    'or as many as told'
);
SELECT is_empty(
    $$SELECT 1 FROM retail.search_products_by_description('[0, 0, 1]', 0.5)$$,
    'none when nothing is alike'
);
SELECT throws_ok(
    $$SELECT retail.search_products_by_description('[1, 0]')$$, 'SK400',
    'a vector of another dimension is refused'
);
SELECT throws_ok($$SELECT retail.search_products_by_description('[0, 0, 0]')$$, 'SK400', 'one of zeros, too');
SELECT throws_ok($$SELECT retail.search_products_by_description(NULL)$$, 'SK400', 'and none');
SELECT is_empty(
    $$SELECT threshold FROM unnest('{NaN,Infinity,-1.01,1.01,NULL}'::float8[]) AS threshold
        WHERE pg_temp.code_of(format('SELECT retail.search_products_by_description(''[1,0,0]'', %L)', threshold))
            IS DISTINCT FROM 'SK400'$$,
    'a threshold that is no cosine'
);
SELECT is_empty(
    $$SELECT results FROM unnest('{0,-1,1001,2147483647,NULL}'::integer[]) AS results
        WHERE pg_temp.code_of(format('SELECT retail.search_products_by_description(''[1,0,0]'', 0.5, %L)', results))
            IS DISTINCT FROM 'SK400'$$,
    'fewer results than one, or more than a thousand'
);
SELECT is(
    (SELECT count(*) FROM retail.search_products_by_description('[1, 0, 0]', -1, 1000)), :products::bigint,
    'all that have a vector'
);

-- As near as each other: by their ids.
SELECT be_dba();
UPDATE retail.product_description_embeddings SET description_embedding = '[0, 1, 0]';
SELECT be('analyst@zava.example');
SELECT results_eq(
    $$SELECT product_id FROM retail.search_products_by_description('[0, 2, 0]', 1, 7)$$,
    $$SELECT product_id FROM retail.products ORDER BY product_id LIMIT 7$$,
    'what is equally near stands in a stable order'
);
SELECT be();
SELECT isnt_empty(
    $$SELECT FROM retail.search_products_by_description('[0, 1, 0]')$$, 'nobody''s catalogue is the same: it is no tenant''s'
);

SELECT * FROM finish();
ROLLBACK;
