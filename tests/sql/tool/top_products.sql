-- tool.top_products: against a query of our own.
BEGIN;
\ir ../tap.sql
SELECT plan(16);

SET LOCAL timezone = 'America/Los_Angeles';
CREATE TEMP TABLE line ON COMMIT DROP AS
SELECT
    s.name::text AS store, o.order_id, o.order_date::date AS day, p.sku::text,
    p.name::text AS product,
    t.name::text AS type, c.name::text AS category, i.quantity, i.line_total,
    i.quantity * p.cost AS cost
FROM retail.orders AS o
JOIN retail.stores AS s USING (store_id)
JOIN retail.order_items AS i USING (store_id, order_id)
JOIN retail.products AS p USING (product_id)
JOIN retail.product_types AS t USING (type_id)
JOIN retail.categories AS c USING (category_id)
WHERE o.status NOT IN ('cancelled', 'returned');
GRANT SELECT ON line TO PUBLIC;
CREATE FUNCTION pg_temp.best(
    stores text, date_from date, date_to date, categories text, count integer
)
RETURNS TABLE (
    rank bigint, sku text, product text, type text, category text,
    revenue numeric, share numeric, units bigint, orders bigint, margin numeric
)
LANGUAGE sql AS $function$
    SELECT
        rank() OVER (ORDER BY sum(line_total) DESC), sku, product, type, category, sum(line_total),
        round(100 * sum(line_total) / sum(sum(line_total)) OVER (), 1), sum(quantity),
        count(DISTINCT order_id),
        round(100 * sum(line_total - cost) / sum(line_total), 1)
    FROM line
    WHERE store ~ stores AND day BETWEEN date_from AND date_to AND category ~ categories
    GROUP BY sku, product, type, category
    ORDER BY sum(line_total) DESC, sku
    LIMIT count
$function$;

-- Nobody
SELECT be();
SELECT is_empty('SELECT * FROM tool.top_products()', 'nobody sees no products');

-- The manager
SELECT be('seattle@zava.example');
SELECT results_eq(
    'SELECT * FROM tool.top_products()',
    $$SELECT * FROM pg_temp.best('Seattle', current_date - 90, current_date - 1, '', 20)$$,
    'the best twenty of the last 90 full days'
);
SELECT results_eq(
    $$SELECT *
        FROM tool.top_products(
            date_from => current_date - 800, date_to => current_date - 500, max_rows => 200
        )$$,
    $$SELECT * FROM pg_temp.best('Seattle', current_date - 800, current_date - 500, '', 200)$$,
    'of other days'
);
SELECT results_eq(
    $$SELECT * FROM tool.top_products(category => 'power tools')$$,
    $$SELECT *
        FROM pg_temp.best('Seattle', current_date - 90, current_date - 1, 'Power Tools', 20)$$,
    'of a category, whose revenue is then the whole'
);
SELECT is(
    (SELECT count(*) FROM tool.top_products(max_rows => NULL)), 20::bigint,
    'NULL rows are the default'
);
SELECT is((SELECT count(*) FROM tool.top_products(max_rows => 1)), 1::bigint, 'as few as one');
SELECT throws_ok('SELECT tool.top_products(max_rows => 201)', '23514', 'not more than 200');
SELECT throws_ok('SELECT tool.top_products(max_rows => 0)', '23514', 'not less than one');
SELECT throws_ok(
    $$SELECT tool.top_products(category => 'Toys')$$, 'SK404', 'an unknown category is not found'
);
SELECT throws_ok(
    $$SELECT tool.top_products(store_name => 'Bellevue')$$, 'SK404', 'nor is a colleague''s store'
);
SELECT throws_ok(
    $$SELECT tool.top_products('2026-02-01', '2026-01-01')$$, 'SK400',
    'the days are in the wrong order'
);

-- A colleague
SELECT be('bellevue@zava.example');
SELECT results_eq(
    'SELECT * FROM tool.top_products()',
    $$SELECT * FROM pg_temp.best('Bellevue', current_date - 90, current_date - 1, '', 20)$$,
    'a colleague sees their own'
);

-- A stranger
SELECT be_dba();
SELECT throws_ok($$SELECT be('former@zava.example')$$, 'SK401', 'a deactivated manager is refused');

-- The regional manager
SELECT be('puget-sound@zava.example');
SELECT results_eq(
    'SELECT * FROM tool.top_products()',
    $$SELECT *
        FROM pg_temp.best('Everett|Seattle|Tacoma', current_date - 90, current_date - 1, '', 20)$$,
    'the regional manager sees the region''s'
);

-- Head office
SELECT be('analyst@zava.example');
SELECT results_eq(
    'SELECT * FROM tool.top_products()',
    $$SELECT * FROM pg_temp.best('', current_date - 90, current_date - 1, '', 20)$$,
    'head office sees all'
);
SELECT results_eq(
    $$SELECT * FROM tool.top_products(store_name => 'Online')$$,
    $$SELECT * FROM pg_temp.best('Online', current_date - 90, current_date - 1, '', 20)$$,
    'or one store'
);

SELECT * FROM finish();
ROLLBACK;
