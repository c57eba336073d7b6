-- retail.swap_embeddings: the next vectors take the place of those that are searched.
BEGIN;
\ir ../tap.sql
SELECT plan(14);

DELETE FROM retail.product_description_embeddings;
SELECT min(product_id) AS one FROM retail.products \gset
INSERT INTO retail.product_description_embeddings (product_id, description_embedding) VALUES (:one, '[1, 1]');
INSERT INTO embedding.models (model_id, name, provider, dimension) OVERRIDING SYSTEM VALUE
VALUES (7, 'tap', 'openai', 3), (8, 'tap two', 'openai', 1);
INSERT INTO retail.next_product_description_embeddings (product_id, description_embedding) VALUES (:one, '[1, 2, 3]');
INSERT INTO search.next_description_model VALUES (7);
CREATE INDEX tap_hnsw_idx ON retail.next_product_description_embeddings
    USING hnsw ((description_embedding::halfvec(3)) halfvec_cosine_ops);
CREATE INDEX tap_ivfflat_idx ON retail.next_product_description_embeddings
    USING ivfflat ((l2_normalize(description_embedding)::halfvec(3)) halfvec_cosine_ops) WITH (lists = 1);
CREATE INDEX tap_idx ON retail.next_product_description_embeddings (last_updated);
GRANT SELECT (product_id) ON retail.product_description_embeddings TO operators;
GRANT SELECT, DELETE ON retail.product_description_embeddings TO storekeeper_auditor;

SELECT be('analyst@zava.example');
SELECT throws_ok('SELECT retail.swap_embeddings(7::smallint)', '42501', 'no persona');
SELECT be_dba();
SET LOCAL ROLE storekeeper_owner;
SELECT throws_ok('SELECT retail.swap_embeddings(8::smallint)', 'SK409', 'not with vectors of another model');
SELECT retail.swap_embeddings(7::smallint);
RESET ROLE;
SELECT results_eq(
    'SELECT description_embedding::text FROM retail.product_description_embeddings', $$VALUES ('[1,2,3]')$$, 'the next are there'
);
SELECT is_empty('SELECT * FROM retail.next_product_description_embeddings', 'the former are gone');
SELECT results_eq('SELECT model_id FROM search.description_model', 'VALUES (7::smallint)', 'with the model that made them');
SELECT is_empty('SELECT * FROM search.next_description_model', 'and none that makes the next');
SELECT is(
    (SELECT tablename::text FROM pg_indexes WHERE indexname = 'tap_idx'), 'product_description_embeddings', 'indexes go with their table'
);
SELECT ok(
    has_column_privilege('operators', 'retail.product_description_embeddings', 'product_id', 'SELECT')
    AND NOT has_column_privilege('operators', 'retail.product_description_embeddings', 'last_updated', 'SELECT')
    AND NOT has_any_column_privilege('operators', 'retail.next_product_description_embeddings', 'SELECT'),
    'rights stay with the name'
);
SELECT results_eq(
    $$SELECT * FROM retail.wanted_embedding_index(rebuild => true)$$,
    $$VALUES ('REINDEX INDEX CONCURRENTLY retail.tap_hnsw_idx'), ('REINDEX INDEX CONCURRENTLY retail.tap_ivfflat_idx')$$,
    'the indexes are looked after in the table that is searched now'
);
SET LOCAL ROLE storekeeper_definer;
SELECT results_eq('SELECT finding FROM retail.embedding_index_state()', $$VALUES ('retail.tap_hnsw_idx, retail.tap_ivfflat_idx')$$, 'by the doctor, too');
RESET ROLE;
SELECT ok(
    has_table_privilege('storekeeper_auditor', 'retail.product_description_embeddings', 'SELECT')
    AND has_table_privilege('storekeeper_auditor', 'retail.product_description_embeddings', 'DELETE')
    AND NOT has_any_column_privilege('storekeeper_auditor', 'retail.next_product_description_embeddings', 'SELECT'),
    'those to the whole table as well'
);
SELECT results_eq(
    $$SELECT c.relname::text, obj_description(c.oid, 'pg_class') ~ 'take over'
        FROM pg_class AS c WHERE c.relname LIKE '%product\_description\_embeddings' AND c.relkind = 'r' ORDER BY 1$$,
    $$VALUES ('next_product_description_embeddings', true), ('product_description_embeddings', false)$$, 'and comments'
);
SET LOCAL ROLE storekeeper_owner;
INSERT INTO retail.next_product_description_embeddings (product_id, description_embedding) VALUES (:one, '[4]');
INSERT INTO search.next_description_model VALUES (8);
SELECT retail.swap_embeddings(8::smallint);
RESET ROLE;
SELECT results_eq(
    'SELECT description_embedding::text FROM retail.product_description_embeddings', $$VALUES ('[4]')$$, 'and again'
);
SELECT is_empty($$SELECT FROM pg_indexes WHERE indexname ~ '^tap_(hnsw|ivfflat)_idx$'$$, 'the former indexes of vectors take no others, and go');

SELECT * FROM finish();
ROLLBACK;
