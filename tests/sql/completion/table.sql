-- completion.table: names of visible tables.
BEGIN;
\ir ../tap.sql
SELECT plan(4);
SELECT be('seattle@zava.example');
SELECT results_eq(
    $$SELECT completion."table"('Ord', '{}')$$, $$VALUES ('order_items'), ('orders')$$,
    'those that begin so'
);
SELECT is(
    ARRAY(SELECT completion."table"('', '{}')), ARRAY(SELECT table_name
        FROM gateway.visible_tables('retail')),
    'all for nothing'
);
SELECT is_empty($$SELECT completion."table"('o%', '{}')$$, 'a percent sign is no wildcard');
SELECT is_empty($$SELECT completion."table"('zz', '{}')$$, 'none when none begins so');

SELECT * FROM finish();
ROLLBACK;
