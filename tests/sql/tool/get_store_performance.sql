-- tool.get_store_performance: against queries of our own.
BEGIN;
\ir ../tap.sql
SELECT plan(34);

-- Every line that counts, with its business day.
SET LOCAL timezone = 'America/Los_Angeles';
CREATE TEMP TABLE line ON COMMIT DROP AS
SELECT
    s.name::text AS store, s.region_id, o.order_id, o.order_date::date AS day,
    c.name::text AS category,
    i.quantity, i.line_total, i.quantity * i.unit_price AS list_value, i.quantity * p.cost AS cost
FROM retail.orders AS o
JOIN retail.stores AS s USING (store_id)
JOIN retail.order_items AS i USING (store_id, order_id)
JOIN retail.products AS p USING (product_id)
JOIN retail.product_types AS t USING (type_id)
JOIN retail.categories AS c USING (category_id)
WHERE o.status NOT IN ('cancelled', 'returned');
CREATE TEMP VIEW seattle_day AS
SELECT d::date AS day, coalesce(sum(line_total), 0) AS revenue, count(DISTINCT order_id) AS orders
FROM generate_series(current_date - 90, current_date - 1, interval '1 day') AS d
LEFT JOIN line ON line.day = d::date AND store ~ 'Seattle'
GROUP BY d;
GRANT SELECT ON line, seattle_day TO PUBLIC;

-- What a report should say in its figures about some stores and days.
CREATE FUNCTION pg_temp.figures(stores text, date_from date, date_to date)
RETURNS TABLE (
    revenue numeric, orders bigint, basket numeric, units bigint,
    margin numeric, margin_percent numeric, discount numeric, discount_percent numeric
)
LANGUAGE sql AS $function$
    SELECT
        coalesce(sum(line_total), 0), count(DISTINCT order_id),
        round(sum(line_total) / nullif(count(DISTINCT order_id), 0), 2), coalesce(sum(quantity), 0),
        coalesce(sum(line_total - cost), 0),
        round(100 * sum(line_total - cost) / sum(line_total), 1),
        coalesce(sum(list_value - line_total), 0),
        round(100 * sum(list_value - line_total) / sum(list_value), 1)
    FROM line
    WHERE store ~ stores AND day BETWEEN date_from AND date_to
$function$;
CREATE FUNCTION pg_temp.reported(report json)
RETURNS TABLE (
    revenue numeric, orders bigint, basket numeric, units bigint,
    margin numeric, margin_percent numeric, discount numeric, discount_percent numeric
)
LANGUAGE sql AS $function$
    SELECT
        (report ->> 'revenue')::numeric, (report ->> 'orders')::bigint, (report
            ->> 'average_basket')::numeric,
        (report ->> 'units')::bigint, (report #>> '{margin, amount}')::numeric, (report
            #>> '{margin, percent}')::numeric,
        (report #>> '{discount, amount}')::numeric, (report #>> '{discount, percent}')::numeric
$function$;

-- Nobody
SELECT be();
SELECT is(
    (tool.get_store_performance() ->> 'revenue')::numeric, 0::numeric, 'nobody sees no revenue'
);
SELECT throws_ok($$SELECT tool.get_store_performance('Seattle')$$, 'SK404', 'nor finds a store');

-- The manager
SELECT be('seattle@zava.example');
SELECT tap.set('test.report', tool.get_store_performance()::text, true) <> '' AS kept \gset
SELECT results_eq(
    $$SELECT * FROM pg_temp.reported(tap.setting('test.report')::json)$$,
    $$SELECT * FROM pg_temp.figures('Seattle', current_date - 90, current_date - 1)$$,
    'the last 90 full days'
);
SELECT is(
    tap.setting('test.report')::jsonb -> 'period',
    jsonb_build_object(
        'from', current_date - 90, 'to', current_date - 1, 'days', 90, 'is_over', true,
        'time_zone', 'America/Los_Angeles'),
    'it says which days these are'
);
SELECT is(
    tap.setting('test.report')::jsonb -> 'stores', '["Zava Retail Seattle"]'::jsonb, 'and whose'
);
SELECT results_eq(
    $$SELECT c ->> 'category', (c ->> 'revenue')::numeric, (c ->> 'share_percent')::numeric
        FROM json_array_elements(tap.setting('test.report')::json -> 'top_categories') AS c$$,
    $$SELECT category, sum(line_total),
    round(100 * sum(line_total) / sum(sum(line_total)) OVER (), 1)
        FROM line
        WHERE store ~ 'Seattle' AND day BETWEEN current_date - 90 AND current_date - 1
        GROUP BY category ORDER BY sum(line_total) DESC, category LIMIT 5$$,
    'the top five categories with their shares'
);
SELECT is(
    tap.setting('test.report')::jsonb -> 'best_day',
    (SELECT jsonb_build_object(
            'date', day, 'weekday', to_char(day, 'FMDay'), 'revenue', revenue, 'orders', orders
        ) FROM seattle_day ORDER BY revenue DESC, day LIMIT 1),
    'the best day'
);
SELECT is(
    tap.setting('test.report')::jsonb -> 'worst_day',
    (SELECT jsonb_build_object(
            'date', day, 'weekday', to_char(day, 'FMDay'), 'revenue', revenue, 'orders', orders
        ) FROM seattle_day ORDER BY revenue, day LIMIT 1),
    'the worst day, which may have no sale'
);
SELECT results_eq(
    $$SELECT c.key, (c.value ->> 'revenue')::numeric, (c.value ->> 'orders')::bigint, (c.value
        ->> 'average_basket')::numeric
        FROM json_each(tap.setting('test.report')::json -> 'change') AS c$$,
    $$SELECT 'previous_period', revenue, orders, basket
        FROM pg_temp.figures('Seattle', current_date - 180, current_date - 91)
        UNION ALL
        SELECT 'year_before', revenue, orders, basket FROM pg_temp.figures('Seattle',
            (current_date - 90 - interval '1 year')::date,
            (current_date - 1 - interval '1 year')::date)$$,
    'the period before and the year before'
);
SELECT is_empty(
    $$SELECT c.value FROM json_each(tap.setting('test.report')::json -> 'change') AS c,
            json_to_record(c.value)
                AS f (revenue numeric, revenue_change numeric, revenue_change_percent numeric,
                orders bigint, orders_change bigint, orders_change_percent numeric,
                average_basket numeric, average_basket_change numeric,
                average_basket_change_percent numeric),
            pg_temp.reported(tap.setting('test.report')::json) AS r
        WHERE f.revenue_change <> r.revenue - f.revenue
           OR f.revenue_change_percent <> round(100 * (r.revenue - f.revenue) / f.revenue, 1)
           OR f.orders_change <> r.orders - f.orders
           OR f.orders_change_percent <> round(100.0 * (r.orders - f.orders) / f.orders, 1)
           OR f.average_basket_change <> r.basket - f.average_basket
           OR f.average_basket_change_percent
                <> round(100 * (r.basket - f.average_basket) / f.average_basket, 1)$$,
    'each change is the difference, absolute and in percent'
);
SELECT ok(
    NOT tap.setting('test.report')::jsonb ? 'by_store', 'one store is not compared with itself'
);
SELECT ok(
    json_array_length(tap.setting('test.report')::json -> 'insights') BETWEEN 3 AND 6,
    'three to six insights'
);
SELECT results_eq(
    $$SELECT *
        FROM pg_temp.reported(
            tool.get_store_performance('seattle', current_date - 400, current_date - 200)
        )$$,
    $$SELECT * FROM pg_temp.figures('Seattle', current_date - 400, current_date - 200)$$,
    'a store by its name, other days'
);
SELECT results_eq(
    $$SELECT *
        FROM pg_temp.reported(
            tool.get_store_performance(NULL, current_date - 1461, current_date - 1)
        )$$,
    $$SELECT * FROM pg_temp.figures('Seattle', current_date - 1461, current_date - 1)$$,
    'a period of years, which the year before overlaps'
);
SELECT results_eq(
    $$SELECT (tool.get_store_performance(NULL, current_date - 1461, current_date - 1)
        #>> '{change, year_before, revenue}')::numeric$$,
    $$SELECT revenue FROM pg_temp.figures('Seattle',
        (current_date - 1461 - interval '1 year')::date,
        (current_date - 1 - interval '1 year')::date)$$,
    'and the year before is whole all the same'
);
SELECT results_eq(
    $$SELECT *
        FROM pg_temp.reported(tool.get_store_performance(NULL, '1999-01-01', '1999-01-31'))$$,
    $$SELECT * FROM pg_temp.figures('Seattle', '1999-01-01', '1999-01-31')$$,
    'days without any sale'
);
SELECT is(
    tool.get_store_performance(NULL, '1999-01-01', '1999-01-31')
        #>> '{change, year_before, revenue_change_percent}',
    NULL, 'have no change in percent'
);
SELECT is(
    tool.get_store_performance(NULL, current_date, current_date) #>> '{period, is_over}', 'false',
    'today is not over'
);
SELECT throws_ok(
    $$SELECT tool.get_store_performance('Bellevue')$$, 'SK404', 'a colleague''s store is not found'
);
SELECT throws_ok(
    $$SELECT tool.get_store_performance('Atlantis')$$, 'SK404', 'nor is one that does not exist'
);
SELECT throws_ok(
    $$SELECT tool.get_store_performance(NULL, '2026-02-01', '2026-01-01')$$, 'SK400',
    'the days are in the wrong order'
);
SELECT throws_ok(
    $$SELECT tool.get_store_performance(NULL, '2015-01-01', '2026-01-01')$$, 'SK400',
    'too many years'
);
SELECT tap.set(
    'storekeeper.context',
    replace(tap.setting('storekeeper.context'), '000000000001', '000000000002'), true
) <> '' AS forged \gset
SELECT throws_ok('SELECT tool.get_store_performance()', '42501', 'a forged identity is refused');

-- A colleague
SELECT be('bellevue@zava.example');
SELECT results_eq(
    'SELECT * FROM pg_temp.reported(tool.get_store_performance())',
    $$SELECT * FROM pg_temp.figures('Bellevue', current_date - 90, current_date - 1)$$,
    'a colleague sees their own'
);

-- A stranger
SELECT be_dba();
SELECT throws_ok($$SELECT be('former@zava.example')$$, 'SK401', 'a deactivated manager is refused');

-- The regional manager
SELECT be('puget-sound@zava.example');
SELECT results_eq(
    'SELECT * FROM pg_temp.reported(tool.get_store_performance())',
    $$SELECT *
        FROM pg_temp.figures('Everett|Seattle|Tacoma', current_date - 90, current_date - 1)$$,
    'the regional manager sees the region together'
);
SELECT results_eq(
    $$SELECT * FROM pg_temp.reported(tool.get_store_performance('Tacoma'))$$,
    $$SELECT * FROM pg_temp.figures('Tacoma', current_date - 90, current_date - 1)$$,
    'or one store of it'
);
SELECT throws_ok($$SELECT tool.get_store_performance('Bellevue')$$, 'SK404', 'but none outside it');
SELECT is(
    tool.get_store_performance()::jsonb -> 'stores',
    '["Zava Retail Everett", "Zava Retail Seattle", "Zava Retail Tacoma"]'::jsonb,
    'and the report says which'
);

-- Head office
SELECT be('analyst@zava.example');
SELECT tap.set('test.report', tool.get_store_performance()::text, true) <> '' AS kept \gset
SELECT results_eq(
    $$SELECT * FROM pg_temp.reported(tap.setting('test.report')::json)$$,
    $$SELECT * FROM pg_temp.figures('', current_date - 90, current_date - 1)$$,
    'head office sees all stores together'
);
SELECT results_eq(
    $$SELECT b.store, b.revenue, b.orders, b.average_basket, b.margin_percent, b.discount_percent
        FROM json_to_recordset(tap.setting('test.report')::json -> 'by_store') AS b (
            store text, revenue numeric, orders bigint, average_basket numeric,
            margin_percent numeric, discount_percent numeric)
        ORDER BY b.store$$,
    $$SELECT s.store, f.revenue, f.orders, f.basket, f.margin_percent, f.discount_percent
        FROM (SELECT DISTINCT store FROM line) AS s
        CROSS JOIN LATERAL pg_temp.figures(s.store, current_date - 90, current_date - 1) AS f
        ORDER BY s.store$$,
    'and each by itself'
);
SELECT results_eq(
    $$SELECT b.store, b.share_percent, b.against_average_percent
        FROM json_to_recordset(tap.setting('test.report')::json -> 'by_store') AS b (
            store text, share_percent numeric, against_average_percent numeric) ORDER BY b.store$$,
    $$SELECT s.store, round(100 * f.revenue / sum(f.revenue) OVER (), 1),
    round(100 * f.revenue / avg(f.revenue) OVER (), 1) - 100
        FROM (SELECT DISTINCT store FROM line) AS s
        CROSS JOIN LATERAL pg_temp.figures(s.store, current_date - 90, current_date - 1) AS f
        ORDER BY s.store$$,
    'with its share and its distance from the average'
);
SELECT results_eq(
    $$SELECT b.store, b.change_percent, b.year_change_percent
        FROM json_to_recordset(tap.setting('test.report')::json -> 'by_store') AS b (
            store text, change_percent numeric, year_change_percent numeric) ORDER BY b.store$$,
    $$SELECT s.store, round(100 * (f.revenue - p.revenue) / nullif(p.revenue, 0), 1),
            round(100 * (f.revenue - y.revenue) / nullif(y.revenue, 0), 1)
        FROM (SELECT DISTINCT store FROM line) AS s
        CROSS JOIN LATERAL pg_temp.figures(s.store, current_date - 90, current_date - 1) AS f
        CROSS JOIN LATERAL pg_temp.figures(s.store, current_date - 180, current_date - 91) AS p
        CROSS JOIN LATERAL pg_temp.figures(s.store,
            (current_date - 90 - interval '1 year')::date,
            (current_date - 1 - interval '1 year')::date) AS y
        ORDER BY s.store$$,
    'and its change against both periods'
);
SELECT be_dba();
SELECT is(
    (SELECT provolatile::text FROM pg_proc WHERE oid = 'tool.get_store_performance'::regproc), 's',
    'it is STABLE'
);

SELECT * FROM finish();
ROLLBACK;
