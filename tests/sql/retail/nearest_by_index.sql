-- retail.nearest_by_index: what each index finds, once, and which of it both do.
BEGIN;
\ir ../tap.sql
SELECT plan(6);

-- Vectors of our own: the k-th product at k/5 degrees from the first axis.
DELETE FROM retail.product_description_embeddings;
INSERT INTO retail.product_description_embeddings (product_id, description_embedding)
SELECT p.product_id, ARRAY[cosd(p.product_id / 5.0), sind(p.product_id / 5.0), 0]::public.vector(3)
FROM retail.products AS p;
CREATE OR REPLACE FUNCTION retail.exact_search_limit(dimension integer) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 12;
SELECT replace(ddl, ' CONCURRENTLY', '') FROM retail.wanted_embedding_index() AS ddl \gexec

SELECT be('seattle@zava.example');
SELECT results_eq(
    $$SELECT n.product_id, n.found_by FROM retail.nearest_by_index('[1, 0, 0]', 60) AS n LIMIT 30$$,
    $$SELECT p.product_id, 2 FROM retail.products AS p ORDER BY p.product_id LIMIT 30$$, 'both find the nearest, the nearest first'
);
SELECT ok(
    (SELECT max(abs(n.distance - (1 - cosd(n.product_id / 5.0)))) < 1e-6 FROM retail.nearest_by_index('[3, 0, 0]', 7) AS n),
    'by cosine, whatever the length'
);
SELECT results_eq(
    $$SELECT count(*), sum(n.found_by), min(n.found_by) FROM retail.nearest_by_index('[1, 0, 0]', 400) AS n$$,
    $$VALUES (400::bigint, 800::bigint, 2)$$, 'more than the graph holds at once'
);
-- All as far: each gives what it comes upon.
SELECT ok(
    (SELECT count(*) > 20 AND sum(n.found_by) = 40 AND count(*) = count(DISTINCT n.product_id)
        FROM retail.nearest_by_index('[0, 0, 1]', 20) AS n),
    'what one finds alone is told apart'
);
SELECT is((SELECT sum(n.found_by) FROM retail.nearest_by_index('[1, 0, 0]') AS n), 40::bigint, 'twenty unless told');
SELECT be_dba();
SET LOCAL ROLE operators;
SELECT throws_ok($$SELECT retail.nearest_by_index('[1, 0, 0]', 1)$$, '42501', 'of no use to others');

SELECT * FROM finish();
ROLLBACK;
