-- retail.find_category: names to ids.
BEGIN;
\ir ../tap.sql
SELECT plan(3);
SELECT be('seattle@zava.example');
SELECT is(retail.find_category(' power TOOLS '), 2::smallint, 'in any letter case');
SELECT is(retail.find_category(NULL), NULL::smallint, 'NULL is none');
SELECT throws_ok($$SELECT retail.find_category('Toys')$$, 'SK404', 'an unknown one is not found');

SELECT * FROM finish();
ROLLBACK;
