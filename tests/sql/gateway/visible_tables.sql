-- gateway.visible_tables: what the caller may read.
BEGIN;
\ir ../tap.sql
SELECT plan(3);
SELECT be('seattle@zava.example');
SELECT is(
    ARRAY(SELECT table_name FROM gateway.visible_tables('retail')),
    string_to_array(
        'categories customers inventory order_items orders product_description_embeddings'
        ' product_types products regions stores', ' '
    ),
    'the tables of the business'
);
SELECT be_dba();
CREATE TABLE retail.secrets (secret text);
CREATE VIEW retail.answers WITH (security_invoker = true) AS SELECT 42 AS answer;
GRANT SELECT ON retail.answers TO store_managers;
SELECT be('seattle@zava.example');
SELECT is_empty(
    $$SELECT 1 FROM gateway.visible_tables('retail') WHERE table_name = 'secrets'$$,
    'not a table that one may not read'
);
SELECT isnt_empty(
    $$SELECT 1 FROM gateway.visible_tables('retail') WHERE table_name = 'answers'$$, 'a view that one may'
);

SELECT * FROM finish();
ROLLBACK;
