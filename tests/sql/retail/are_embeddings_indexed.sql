-- retail.are_embeddings_indexed: with both indexes, and both valid.
BEGIN;
\ir ../tap.sql
SELECT plan(5);

DELETE FROM retail.product_description_embeddings;
SELECT be('seattle@zava.example');
SELECT is(retail.are_embeddings_indexed(), false, 'few need none, and have none');
SELECT be_dba();
CREATE INDEX tap_hnsw ON retail.product_description_embeddings USING hnsw ((description_embedding::halfvec(3)) halfvec_cosine_ops);
SELECT be('seattle@zava.example');
SELECT is(retail.are_embeddings_indexed(), false, 'one is not both');
SELECT be_dba();
CREATE INDEX tap_ivfflat ON retail.product_description_embeddings
    USING ivfflat ((l2_normalize(description_embedding)::halfvec(3)) halfvec_cosine_ops) WITH (lists = 1);
SELECT be('analyst@zava.example');
SELECT is(retail.are_embeddings_indexed(), true, 'both are');
SELECT be_dba();
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'retail.tap_ivfflat'::regclass;
SELECT be('puget-sound@zava.example');
SELECT is(retail.are_embeddings_indexed(), false, 'one that a build left behind is none');
SELECT be_dba();
SET LOCAL ROLE operators;
SELECT throws_ok('SELECT retail.are_embeddings_indexed()', '42501', 'of no use to others');

SELECT * FROM finish();
ROLLBACK;
