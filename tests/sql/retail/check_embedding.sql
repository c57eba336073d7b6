-- retail.check_embedding: a vector that can be compared, or SK400.
BEGIN;
\ir ../tap.sql
SELECT plan(6);

DELETE FROM retail.product_description_embeddings;
SELECT be('seattle@zava.example');
SELECT lives_ok($$SELECT retail.check_embedding('[1, 0]', 'v')$$, 'any dimension while there are no vectors');
SELECT be_dba();
INSERT INTO retail.product_description_embeddings (product_id, description_embedding)
SELECT min(product_id), '[1, 2, 3]' FROM retail.products;
SELECT be('seattle@zava.example');
SELECT lives_ok($$SELECT retail.check_embedding('[1, 0, 0]', 'v')$$, 'that of the products');
SELECT throws_ok($$SELECT retail.check_embedding('[1, 0]', 'v')$$, 'SK400', 'another one');
SELECT throws_ok($$SELECT retail.check_embedding('[0, 0, 0]', 'v')$$, 'SK400', 'no direction');
SELECT throws_ok($$SELECT retail.check_embedding('[0, NaN, 0]'::text::public.vector, 'v')$$, '22000', 'pgvector knows no NaN');
SELECT lives_ok($$SELECT retail.check_embedding(NULL, 'v')$$, 'none');

SELECT * FROM finish();
ROLLBACK;
