-- retail.near_products: the next numbers of the type, else words.
BEGIN;
\ir ../tap.sql
SELECT plan(10);

SELECT sku, name, substr(sku, 1, 4) AS type FROM retail.products ORDER BY product_id LIMIT 1 \gset

-- Nobody, the manager: the catalogue is everybody's.
SELECT be();
SELECT ok(retail.near_products(left(:'sku', 9)) LIKE :'type' || '______ (%', 'nobody, a digit short');
SELECT be('seattle@zava.example');
SELECT is(
    retail.near_products(:'type' || '999999'),
    (SELECT string_agg(format('%s (%s)', n.sku, n.name), ', ' ORDER BY n.sku DESC)
        FROM (SELECT p.sku, p.name FROM retail.products AS p WHERE left(p.sku, 4) = :'type' ORDER BY p.sku DESC LIMIT 3) AS n),
    'the nearest three numbers'
);
SELECT ok(retail.near_products(lower(:'name')) LIKE :'sku' || ' (%', 'a name');
SELECT ok(retail.near_products('hamer') ILIKE '%hammer%', 'a misspelt word');
SELECT is(retail.near_products('ZZZZ000001'), NULL, 'nothing of that type');
SELECT is(retail.near_products(''), NULL, 'nothing to go by');
SELECT is(retail.near_products(NULL), NULL, 'nor here');
SELECT is(retail.near_products('''%_;--'), NULL, 'nor signs');
SELECT lives_ok(format('SELECT retail.near_products(%L)', repeat('hammer ', 100000)), 'much is cut');
SELECT lives_ok(format('SELECT retail.near_products(%L)', :'type' || repeat('9', 5000)), 'also of a number');

SELECT * FROM finish();
ROLLBACK;
