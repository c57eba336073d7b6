-- retail.queue_embeddings: what lacks a vector waits for one.
BEGIN;
\ir ../tap.sql
SELECT plan(8);

DELETE FROM embedding.models WHERE provider <> 'built-in';
UPDATE embedding.models SET is_active = false;
DELETE FROM retail.product_description_embeddings;
INSERT INTO embedding.models (name, provider, dimension, is_active)
VALUES ('tap one', 'openai', 2, true), ('tap two', 'openai', 2, false);
SELECT min(model_id) AS one, max(model_id) AS two FROM embedding.models WHERE name LIKE 'tap %' \gset
SELECT count(*) AS products, min(product_id) AS first FROM retail.products \gset

SELECT be('analyst@zava.example');
SELECT throws_ok('SELECT retail.queue_embeddings(1::smallint)', '42501', 'no persona');
SELECT be_dba();
INSERT INTO retail.product_description_embeddings (product_id, description_embedding) VALUES (:first, '[1, 1]');
INSERT INTO retail.next_product_description_embeddings (product_id, description_embedding) VALUES (:first, '[1, 1]');
INSERT INTO search.next_description_model VALUES (:two + 100);

SET LOCAL ROLE storekeeper_owner;
SELECT is(retail.queue_embeddings(:one::smallint), :products - 1::bigint, 'for the model that is used: what it lacks');
SELECT is(retail.queue_embeddings(:two::smallint), :products::bigint, 'for the next: all, as another model made what was there');
RESET ROLE;
SELECT is(
    (SELECT count(*) FROM embedding.queue WHERE subject = 'retail.products'), 2 * :products - 1::bigint, 'both wait'
);
SELECT is_empty('SELECT * FROM retail.next_product_description_embeddings', 'that is gone');
INSERT INTO retail.next_product_description_embeddings (product_id, description_embedding) VALUES (:first + 1, '[1, 1]');
SET LOCAL ROLE storekeeper_owner;
SELECT is(retail.queue_embeddings(:two::smallint), :products - 1::bigint, 'asked again, what is there already stays');
RESET ROLE;
SELECT results_eq(
    format('SELECT content FROM embedding.queue WHERE key = %L AND model_id = %s', :first, :two),
    format('SELECT content FROM retail.describe_products(ARRAY[%s])', :first),
    'the text is what the built-in model would embed'
);
SELECT is_empty(
    $$SELECT FROM pg_locks WHERE relation = 'retail.products'::regclass AND mode ~ 'Exclusive' AND mode <> 'ShareRowExclusiveLock'$$,
    'readers don''t wait for it'
);

SELECT * FROM finish();
ROLLBACK;
