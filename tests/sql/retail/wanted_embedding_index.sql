-- retail.wanted_embedding_index: what psql's \gexec is to run, and nothing when all is well.
BEGIN;
\ir ../tap.sql
SELECT plan(21);

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
            ' ((description_embedding::public.halfvec(3)) public.halfvec_cosine_ops) WITH (m = 24, ef_construction = 200)'),
        ('CREATE INDEX CONCURRENTLY ON retail.product_description_embeddings USING ivfflat'
            ' ((public.l2_normalize(description_embedding)::public.halfvec(3)) public.halfvec_cosine_ops) WITH (lists = '
            || round(2 * sqrt((SELECT count(*) FROM retail.products))) || ')')$$,
    'many want two'
);
SELECT ok(NOT s.ok AND s.finding LIKE 'missing (hnsw, ivfflat): %', 'and the doctor says so') FROM retail.embedding_index_state() AS s;

SET LOCAL ROLE storekeeper_owner;
SELECT replace(ddl, ' CONCURRENTLY', '') AS ddl FROM retail.wanted_embedding_index() AS ddl LIMIT 1 \gset
:ddl;
SELECT ok(NOT s.ok AND s.finding LIKE 'missing (ivfflat): %', 'one is not enough') FROM retail.embedding_index_state() AS s;
SELECT replace(ddl, ' CONCURRENTLY', '') AS ddl FROM retail.wanted_embedding_index() AS ddl \gset
:ddl;
RESET ROLE;
SELECT is_empty('SELECT retail.wanted_embedding_index()', 'two are');
SELECT results_eq('SELECT ok FROM retail.embedding_index_state()', 'VALUES (true)', 'and well');
SELECT results_eq(
    'SELECT retail.wanted_embedding_index(rebuild => true)',
    $$SELECT 'REINDEX INDEX CONCURRENTLY ' || i.indexrelid::regclass FROM pg_index AS i
        WHERE i.indrelid = 'retail.product_description_embeddings'::regclass AND NOT i.indisprimary ORDER BY i.indexrelid$$,
    'built anew when asked'
);

UPDATE pg_index SET indisvalid = false
WHERE indexrelid = 'retail.product_description_embeddings_description_embedding_idx'::regclass;
SELECT results_eq(
    $$SELECT substring(w FROM '^DROP.*|.*USING \w+') FROM retail.wanted_embedding_index() AS w$$,
    $$VALUES ('DROP INDEX CONCURRENTLY retail.product_description_embeddings_description_embedding_idx'),
        ('CREATE INDEX CONCURRENTLY ON retail.product_description_embeddings USING hnsw')$$,
    'an invalid one is dropped first'
);
SELECT ok(NOT s.ok AND s.finding LIKE '%not valid%', 'and told') FROM retail.embedding_index_state() AS s;
CREATE INDEX good ON retail.product_description_embeddings USING hnsw ((description_embedding::public.halfvec(3)) public.halfvec_cosine_ops);
SELECT ok(s.finding NOT LIKE '%good%' AND s.finding LIKE '%embedding_idx: not valid%', 'by its name alone') FROM retail.embedding_index_state() AS s;
DROP INDEX retail.good;
UPDATE pg_index SET indisvalid = true
WHERE indexrelid = 'retail.product_description_embeddings_description_embedding_idx'::regclass;

-- Lists that were made for fewer
SELECT i.indexrelid::regclass AS lists
FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_am AS m ON m.oid = c.relam AND m.amname = 'ivfflat'
WHERE i.indrelid = 'retail.product_description_embeddings'::regclass \gset
ANALYZE retail.product_description_embeddings;
ALTER INDEX :lists SET (lists = 21);
SELECT is_empty('SELECT retail.wanted_embedding_index()', 'for half of what would be made now they may stay');
ALTER INDEX :lists SET (lists = 20);
SELECT results_eq(
    $$SELECT substring(w FROM '^DROP.*|.*USING \w+') FROM retail.wanted_embedding_index() AS w$$,
    $$VALUES ('CREATE INDEX CONCURRENTLY ON retail.product_description_embeddings USING ivfflat'),
        ('DROP INDEX CONCURRENTLY $$ || :'lists' || $$')$$,
    'for less they are replaced, and used until then'
);
SELECT ok(NOT s.ok AND s.finding LIKE :'lists' || ': its lists are for %', 'and told') FROM retail.embedding_index_state() AS s;

-- Another model's vectors
TRUNCATE retail.product_description_embeddings;
SELECT is_empty('SELECT retail.wanted_embedding_index()', 'an index on nothing may stay');
DROP INDEX retail.product_description_embeddings_description_embedding_idx, :lists;
INSERT INTO retail.product_description_embeddings (product_id, description_embedding)
SELECT p.product_id, array_fill(p.product_id, '{4001}')::public.vector FROM retail.products AS p LIMIT 101;
SELECT ok(NOT s.ok AND s.finding LIKE 'no index takes vectors of 4001 dimensions', 'too wide for an index: told, none wanted')
FROM retail.embedding_index_state() AS s;

SELECT * FROM finish();
ROLLBACK;
