-- retail.dollars: amounts as people write them.
BEGIN;
\ir ../tap.sql
SELECT plan(1);
SELECT results_eq(
    $$SELECT retail.dollars(a)
        FROM unnest('{0, 5.5, -5.5, 999.994, 999.996, -1234.56, 1234567890}'::numeric[]) AS a$$,
    $$SELECT unnest('{$0.00,$5.50,-$5.50,$999.99,"$1,000","-$1,235","$1,234,567,890"}'::text[])$$,
    'cents below a thousand, commas above, the sign in front'
);

SELECT * FROM finish();
ROLLBACK;
