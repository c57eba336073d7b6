-- retail.store_embeddings: vectors go where those of their model belong.
BEGIN;
\ir ../tap.sql
SELECT plan(9);

DELETE FROM embedding.models WHERE provider <> 'built-in';
UPDATE embedding.models SET is_active = false;
DELETE FROM retail.product_description_embeddings;
INSERT INTO embedding.models (name, provider, dimension, is_active)
VALUES ('tap one', 'openai', 3, true), ('tap two', 'openai', 2, false);
SELECT min(model_id) AS one, max(model_id) AS two FROM embedding.models WHERE name LIKE 'tap %' \gset
SELECT min(product_id) AS first, max(product_id) AS last FROM retail.products \gset
CREATE FUNCTION pg_temp.stores(subject text, rows text, code text, description text)
RETURNS text LANGUAGE sql AS $function$
    SELECT throws_ok(format('SELECT retail.store_embeddings(%L, 1::smallint, %L)', subject, rows), code, description)
$function$;

SELECT be('seattle@zava.example');
SELECT pg_temp.stores('retail.products', '[]', '42501', 'not the manager');
SELECT be('analyst@zava.example');
SELECT pg_temp.stores('retail.products', '[]', '42501', 'not head office');
SELECT be_dba();
SET LOCAL SESSION AUTHORIZATION storekeeper_gateway;
SELECT pg_temp.stores('retail.products', '[]', '42501', 'nor the server, but through gateway.put_embeddings');
SET LOCAL SESSION AUTHORIZATION DEFAULT;

SELECT pg_temp.stores('retail.orders', '[]', 'SK404', 'only of products');
SELECT pg_temp.stores('retail.products', '[{"key": "x", "vector": [1]}]', '22P02', 'a key is a number');
SELECT retail.store_embeddings('retail.products', :one::smallint, format(
    '[{"key": "%s", "vector": [1, 2.5, 1e-3]}, {"key": "-7", "vector": [1, 1, 1]}]', :first
)::json);
SELECT results_eq(
    'SELECT product_id, description_embedding::text FROM retail.product_description_embeddings',
    format('VALUES (%s, ''[1,2.5,0.001]'')', :first), 'one of the model that is used; none of what is no product'
);
SELECT retail.store_embeddings('retail.products', :two::smallint, format(
    '[{"key": "%s", "vector": [1, 2]}, {"key": "%s", "vector": [3, 4]}]', :last, :first
)::json);
SELECT results_eq(
    'SELECT product_id, description_embedding::text FROM retail.next_product_description_embeddings ORDER BY 1',
    format('VALUES (%s, ''[3,4]''), (%s, ''[1,2]'')', :first, :last), 'those of the next model beside'
);
SELECT retail.store_embeddings('retail.products', :one::smallint, format('[{"key": "%s", "vector": [0, 0, 1]}]', :first)::json);
SELECT results_eq(
    'SELECT description_embedding::text FROM retail.product_description_embeddings', $$VALUES ('[0,0,1]')$$,
    'a newer one takes the place of an older one'
);
SELECT lives_ok($$SELECT retail.store_embeddings('retail.products', 1::smallint, '[]')$$, 'none');

SELECT * FROM finish();
ROLLBACK;
