-- resource.schema: one table, as the tool tells it.
BEGIN;
\ir ../tap.sql
SELECT plan(2);
SELECT be('seattle@zava.example');
SELECT is(
    resource.schema('orders')::text, tool.get_multiple_table_schemas('{orders}')::text,
    'the same as the tool''s'
);
SELECT throws_ok($$SELECT resource.schema('nonsense')$$, 'SK404', 'an unknown table is not found');

SELECT * FROM finish();
ROLLBACK;
