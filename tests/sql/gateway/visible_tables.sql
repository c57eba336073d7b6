-- gateway.visible_tables: what the caller may read.
BEGIN;
\ir ../tap.sql
SELECT plan(8);
SELECT be('seattle@zava.example');
SELECT is(
    ARRAY(SELECT table_name FROM gateway.visible_tables('retail')),
    string_to_array(
        'categories customers daily_sales inventory order_items orders product_description_embeddings'
        ' product_types products regions stock_movements stores', ' '
    ),
    'the tables of the business'
);
SELECT be_dba();
CREATE TABLE retail.secrets (secret text);
CREATE VIEW retail.answers WITH (security_invoker = true) AS SELECT 42 AS answer;
GRANT SELECT ON retail.answers TO store_managers;
CREATE TABLE retail.half_secrets (secret text, known text);
GRANT SELECT (known) ON retail.half_secrets TO store_managers;
SELECT be('seattle@zava.example');
SELECT is_empty(
    $$SELECT 1 FROM gateway.visible_tables('retail') WHERE table_name = 'secrets'$$,
    'not a table that one may not read'
);
SELECT isnt_empty(
    $$SELECT 1 FROM gateway.visible_tables('retail') WHERE table_name = 'answers'$$, 'a view that one may'
);

SELECT isnt_empty(
    $$SELECT 1 FROM gateway.visible_tables('retail') WHERE table_name = 'half_secrets'$$,
    'a table of which one may read a column'
);
SELECT is_empty($$SELECT 1 FROM gateway.visible_tables('nowhere')$$, 'no schema, no tables');
SELECT is_empty($$SELECT 1 FROM gateway.visible_tables('gateway')$$, 'the gateway''s are nobody''s');
SELECT be('analyst@zava.example');
SELECT is_empty(
    $$SELECT 1 FROM gateway.visible_tables('retail') WHERE table_name = 'answers'$$,
    'what was not granted to head office it isn''t told'
);

-- Nobody: the role of a call without the call's identity
SELECT be_dba();
SET LOCAL SESSION AUTHORIZATION storekeeper_gateway;
SET LOCAL ROLE store_managers;
SELECT is_empty($$SELECT 1 FROM gateway.visible_tables('retail')$$, 'nobody is told any');
SET LOCAL SESSION AUTHORIZATION DEFAULT;

SELECT * FROM finish();
ROLLBACK;
