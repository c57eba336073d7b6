-- retail.search_products_by_description: the nearest first, an index used where there is one.
BEGIN;
\ir ../tap.sql
SELECT plan(6);

-- Vectors of our own: the k-th product at k degrees from the first axis.
DELETE FROM retail.product_description_embeddings;
INSERT INTO retail.product_description_embeddings (product_id, description_embedding)
SELECT p.product_id, ARRAY[cosd(p.product_id), sind(p.product_id), 0]::public.vector(3)
FROM retail.products AS p
WHERE p.product_id <= 90;

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
    $$SELECT retail.search_products_by_description('[1, 0]')$$, '22000',
    'a vector of another dimension is refused'
);

SELECT be_dba();
ALTER TABLE retail.product_description_embeddings ALTER description_embedding TYPE public.vector(3);
CREATE INDEX ON retail.product_description_embeddings
    USING hnsw (description_embedding public.vector_cosine_ops);
SET LOCAL enable_seqscan = off;
SET LOCAL enable_sort = off;
CREATE FUNCTION pg_temp.plan_of(query text) RETURNS SETOF text LANGUAGE plpgsql AS $function$
BEGIN
    RETURN QUERY EXECUTE 'EXPLAIN ' || query;
END
$function$;
SELECT isnt_empty(
    $$SELECT 1 FROM pg_temp.plan_of(replace(replace(replace(
            (SELECT prosrc FROM pg_proc
                WHERE oid = 'retail.search_products_by_description'::regproc),
            'query_embedding', '''[1, 0, 0]'''), 'similarity_threshold', '0.7'), 'max_results',
            '20')) AS line
        WHERE line LIKE '%Index Scan using product_description_embeddings_description_embedding%'$$,
    'its statement can use an HNSW index'
);

SELECT * FROM finish();
ROLLBACK;
