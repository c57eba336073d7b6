-- retail.wanted_embedding_index: what psql's \gexec is to run, and nothing when all is well.
BEGIN;
\ir ../tap.sql
SELECT plan(17);

SELECT be();
SELECT throws_ok('SELECT retail.wanted_embedding_index()', '42501', 'nobody');
SELECT be('analyst@zava.example');
SELECT throws_ok('SELECT retail.wanted_embedding_index()', '42501', 'nor head office');
SELECT throws_ok('SELECT * FROM retail.embedding_index_state()', '42501', 'nor its state');
SELECT be_dba();

DELETE FROM retail.product_description_embeddings;
SELECT is_empty('SELECT retail.wanted_embedding_index()', 'no vectors, no index');
SELECT results_eq('SELECT * FROM retail.embedding_index_state()', $$VALUES (true, 'there are no vectors yet')$$, 'which is well');
INSERT INTO retail.product_description_embeddings (product_id, description_embedding)
SELECT p.product_id, ARRAY[p.product_id, 1, 0]::public.vector FROM retail.products AS p;
SELECT is_empty('SELECT retail.wanted_embedding_index()', 'few vectors, no index');
SELECT ok(s.ok AND s.finding LIKE 'not needed: %', 'which is well') FROM retail.embedding_index_state() AS s;

CREATE OR REPLACE FUNCTION retail.exact_search_limit(dimension integer) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 100;
SELECT results_eq(
    'SELECT retail.wanted_embedding_index()',
    $$VALUES ('CREATE INDEX CONCURRENTLY ON retail.product_description_embeddings USING hnsw'
        ' ((description_embedding::public.halfvec(3)) public.halfvec_cosine_ops) WITH (m = 24, ef_construction = 200)')$$,
    'many want one'
);
SELECT ok(NOT s.ok AND s.finding LIKE 'missing: %', 'and the doctor says so') FROM retail.embedding_index_state() AS s;

SET LOCAL ROLE storekeeper_owner;
SELECT replace(ddl, ' CONCURRENTLY', '') AS ddl FROM retail.wanted_embedding_index() AS ddl \gset
:ddl;
RESET ROLE;
SELECT is_empty('SELECT retail.wanted_embedding_index()', 'one is enough');
SELECT results_eq('SELECT ok FROM retail.embedding_index_state()', 'VALUES (true)', 'and well');
SELECT results_eq(
    'SELECT retail.wanted_embedding_index(rebuild => true)',
    $$VALUES ('REINDEX INDEX CONCURRENTLY retail.product_description_embeddings_description_embedding_idx')$$, 'built anew when asked'
);

UPDATE pg_index SET indisvalid = false
WHERE indexrelid = 'retail.product_description_embeddings_description_embedding_idx'::regclass;
SELECT results_eq(
    $$SELECT split_part(w, ' ON ', 1) FROM retail.wanted_embedding_index() AS w$$,
    $$VALUES ('DROP INDEX CONCURRENTLY retail.product_description_embeddings_description_embedding_idx'),
        ('CREATE INDEX CONCURRENTLY')$$,
    'an invalid one is dropped first'
);
SELECT ok(NOT s.ok AND s.finding LIKE '%not valid%', 'and told') FROM retail.embedding_index_state() AS s;
CREATE INDEX good ON retail.product_description_embeddings USING hnsw ((description_embedding::public.halfvec(3)) public.halfvec_cosine_ops);
SELECT ok(s.finding NOT LIKE '%good%' AND s.finding LIKE '%embedding_idx: not valid%', 'by its name alone') FROM retail.embedding_index_state() AS s;
DROP INDEX retail.good;
UPDATE pg_index SET indisvalid = true
WHERE indexrelid = 'retail.product_description_embeddings_description_embedding_idx'::regclass;

-- Another model's vectors
TRUNCATE retail.product_description_embeddings;
SELECT is_empty('SELECT retail.wanted_embedding_index()', 'an index on nothing may stay');
DROP INDEX retail.product_description_embeddings_description_embedding_idx;
INSERT INTO retail.product_description_embeddings (product_id, description_embedding)
SELECT p.product_id, array_fill(p.product_id, '{4001}')::public.vector FROM retail.products AS p LIMIT 101;
SELECT ok(NOT s.ok AND s.finding LIKE 'no index takes vectors of 4001 dimensions', 'too wide for an index: told, none wanted')
FROM retail.embedding_index_state() AS s;

SELECT * FROM finish();
ROLLBACK;
