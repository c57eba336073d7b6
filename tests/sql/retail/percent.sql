-- retail.percent: a part of a whole.
BEGIN;
\ir ../tap.sql
SELECT plan(3);
SELECT is(retail.percent(1, 3), 33.3, 'to one decimal place');
SELECT is(retail.percent(-5, 20), -25.0, 'a fall is negative');
SELECT is(retail.percent(1, 0), NULL::numeric, 'nothing is no part of zero');

SELECT * FROM finish();
ROLLBACK;
