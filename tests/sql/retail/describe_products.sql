-- retail.describe_products: what is embedded and what is looked for.
BEGIN;
\ir ../tap.sql
SELECT plan(8);

SET LOCAL ROLE storekeeper_loader;
SELECT results_eq(
    'SELECT content FROM retail.describe_products(''{1}'')',
    $$SELECT lower(p.name || '. ' || t.name || '. ' || c.name || '. ' || t.description || ' ' || p.description)
        FROM retail.products AS p JOIN retail.product_types AS t USING (type_id) JOIN retail.categories AS c USING (category_id)
        WHERE p.product_id = 1$$, 'name, type, category and both descriptions, in lower case'
);
SELECT is(
    (SELECT document @@ 'claw:A & hammer:A & ounce16:A & hammer:B & tool:B & pictur:C & clawhamm:C & sledg:D' FROM retail.describe_products('{1}')),
    true, 'words by where they stand'
);
SELECT results_eq(
    $$SELECT product_id FROM retail.describe_products('{7, 3, -1, NULL}') ORDER BY 1$$, 'VALUES (3), (7)', 'those that are there'
);
SELECT is_empty($$SELECT FROM retail.describe_products('{}')$$, 'of none none');
UPDATE retail.products SET description = repeat('a long tale ', 5000) WHERE product_id = 1;
SELECT is((SELECT length(content) FROM retail.describe_products('{1}')), 8000, 'no more than can be embedded');
SELECT lives_ok($$UPDATE retail.products SET description = repeat(md5(random()::text), 50000) WHERE product_id = 1$$, 'nor more than a document may have');
SELECT lives_ok($$UPDATE retail.products SET description = '', name = ' ' WHERE product_id = 1$$, 'nothing is something, too');
SELECT be('seattle@zava.example');
SELECT throws_ok($$SELECT retail.describe_products('{1}')$$, '42501', 'it is not for personas');

SELECT * FROM finish();
ROLLBACK;
