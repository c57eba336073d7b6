-- What tool.get_store_performance found, in sentences.
-- drop: DROP FUNCTION retail.performance_insights;
CREATE OR REPLACE FUNCTION retail.performance_insights(report json)
RETURNS text[]
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    WITH
    r AS (
        SELECT
            r.*,
            (r.period ->> 'days')::integer AS days,
            (r.change #>> '{previous_period, orders_change_percent}')::numeric AS orders_change,
            (r.change #>> '{previous_period, average_basket_change_percent}')::numeric AS basket_change
        FROM json_to_record(report) AS r (
            period json, revenue numeric, orders bigint, margin json, discount json,
            top_categories json, best_day json, worst_day json, change json, by_store json
        )
    ),
    compared AS (
        SELECT
            c.n, c.name,
            (f.figures ->> 'revenue')::numeric AS revenue,
            (f.figures ->> 'revenue_change_percent')::numeric AS change
        FROM r
        CROSS JOIN LATERAL (
            VALUES (1, 'previous_period', format('the %s before', CASE r.days WHEN 1 THEN 'day' ELSE r.days || ' days' END)),
                   (2, 'year_before', 'the same days a year before')
        ) AS c (n, key, name)
        CROSS JOIN LATERAL (SELECT r.change -> c.key AS figures) AS f
    ),
    store AS (
        SELECT
            count(*) AS stores,
            count(*) FILTER (WHERE s.against_average_percent > 0) AS above,
            (array_agg(s.store ORDER BY s.revenue DESC, s.store))[1] AS best,
            max(s.share_percent) AS best_share,
            (array_agg(s.store ORDER BY s.revenue, s.store))[1] AS last,
            min(s.share_percent) AS last_share
        FROM r, json_to_recordset(r.by_store) AS s (
            store text, revenue numeric, share_percent numeric, against_average_percent numeric
        )
    )
    SELECT array_agg(s.sentence ORDER BY s.n)
    FROM (
        SELECT 1 AS n, CASE WHEN r.orders = 0
            THEN 'No order counts as revenue in this period.'
            ELSE format(
                'Revenue was %s from %s, %s on average.',
                retail.dollars(r.revenue),
                CASE r.orders WHEN 1 THEN '1 order' ELSE r.orders || ' orders' END,
                retail.dollars(r.revenue / r.orders)
            )
        END
        || CASE WHEN (r.period ->> 'is_over')::boolean THEN '' ELSE ' The period is not over yet.' END AS sentence
        FROM r
        UNION ALL
        SELECT 2, 'Revenue is '
            || string_agg(
                CASE
                    WHEN c.change IS NULL THEN 'without comparison in ' || c.name || ', which had none'
                    WHEN c.change = 0 THEN 'unchanged from ' || c.name
                    ELSE format(
                        '%s %% %s than in %s (%s)',
                        abs(c.change), CASE WHEN c.change > 0 THEN 'more' ELSE 'less' END,
                        c.name, retail.dollars(c.revenue)
                    )
                END, ', and ' ORDER BY c.n
            ) || '.'
        FROM compared AS c
        UNION ALL
        SELECT 3, format(
            'Against the period before, the number of orders changed by %s %% and the average basket by %s %%:'
            ' the %s made most of the difference.',
            to_char(r.orders_change, 'FMSG999990.0'), to_char(r.basket_change, 'FMSG999990.0'),
            CASE WHEN abs(r.orders_change) >= abs(r.basket_change) THEN 'orders' ELSE 'basket' END
        )
        FROM r
        WHERE r.orders_change <> 0 OR r.basket_change <> 0
        UNION ALL
        SELECT 4, format(
            '%s sold most: %s, %s %% of revenue.',
            r.top_categories #>> '{0, category}',
            retail.dollars((r.top_categories #>> '{0, revenue}')::numeric),
            r.top_categories #>> '{0, share_percent}'
        )
        FROM r
        WHERE r.orders > 0
        UNION ALL
        SELECT 5, format(
            'The margin is %s %% of revenue (%s); discounts took %s %% (%s) off list value.',
            r.margin ->> 'percent', retail.dollars((r.margin ->> 'amount')::numeric),
            r.discount ->> 'percent', retail.dollars((r.discount ->> 'amount')::numeric)
        )
        FROM r
        WHERE r.orders > 0
        UNION ALL
        SELECT 6, CASE WHEN s.stores > 0
            THEN format(
                '%s leads with %s %% of revenue and %s is last with %s %%; %s of %s stores are above the average.',
                s.best, s.best_share, s.last, s.last_share, s.above, s.stores
            )
            ELSE format(
                'The best day was %s %s with %s, the weakest %s %s with %s.',
                r.best_day ->> 'weekday', r.best_day ->> 'date', retail.dollars((r.best_day ->> 'revenue')::numeric),
                r.worst_day ->> 'weekday', r.worst_day ->> 'date', retail.dollars((r.worst_day ->> 'revenue')::numeric)
            )
        END
        FROM r, store AS s
        WHERE r.orders > 0 AND (s.stores > 0 OR r.days > 1)
    ) AS s
$function$;

COMMENT ON FUNCTION retail.performance_insights IS $comment$
Three to six sentences on a report of tool.get_store_performance, each with its figures.
@title Insights into performance
@param report  The report.
@return The sentences.
@example SELECT retail.performance_insights(tool.get_store_performance('Seattle'));
$comment$;
REVOKE ALL ON FUNCTION retail.performance_insights FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.performance_insights TO store_managers, regional_managers, head_office;
