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
        SELECT r.*, (r.period ->> 'days')::integer AS days
        FROM json_to_record(report) AS r (
            period json, revenue numeric, orders bigint, margin json, discount json,
            top_categories json, best_day json, worst_day json, change json, by_store json
        )
    ),
    comparison AS (
        SELECT c.n, c.name, f.*
        FROM r
        CROSS JOIN LATERAL (
            VALUES (
                2, 'previous_period',
                format('the %s before', CASE r.days WHEN 1 THEN 'day' ELSE r.days || ' days' END)
            ), (
                3, 'year_before', 'the same days a year before'
            )
        ) AS c (n, key, name)
        CROSS JOIN LATERAL json_to_record(r.change -> c.key) AS f (
            revenue numeric, revenue_change_percent numeric,
            orders_change_percent numeric, average_basket_change_percent numeric
        )
    ),
    store AS (
        SELECT
            count(*) AS stores,
            count(*) FILTER (WHERE s.against_average_percent > 0) AS above,
            (array_agg(s.store ORDER BY s.revenue DESC, s.store))[1] AS first,
            max(s.share_percent) AS first_share,
            (array_agg(s.store ORDER BY s.revenue, s.store))[1] AS last,
            min(s.share_percent) AS last_share
        FROM r, json_to_recordset(r.by_store) AS s (
            store text, revenue numeric, share_percent numeric, against_average_percent numeric
        )
    ),
    sentence (n, text) AS (
        SELECT 1, CASE r.orders
            WHEN 0 THEN 'No order counts as revenue in this period.'
            WHEN 1 THEN format('Revenue was %s, from one order.', retail.dollars(r.revenue))
            ELSE format(
                'Revenue was %s from %s orders, %s on average.',
                retail.dollars(r.revenue), r.orders, retail.dollars(r.revenue / r.orders)
            )
        END || CASE
            WHEN (r.period ->> 'is_over')::boolean THEN '' ELSE ' The period is not over yet.'
        END
        FROM r
        UNION ALL
        SELECT c.n, CASE
            WHEN c.revenue = 0
            THEN format('There is nothing to compare with: %s had no revenue.', c.name)
            ELSE format(
                'Revenue is %s %% %s than in %s (%s).',
                abs(c.revenue_change_percent),
                CASE WHEN c.revenue_change_percent < 0 THEN 'less' ELSE 'more' END,
                c.name, retail.dollars(c.revenue)
            ) || coalesce(
                format(
                    ' The number of orders changed by %s %%, the average basket by %s %%.',
                    to_char(c.orders_change_percent, 'FMSG999990.0'),
                    to_char(c.average_basket_change_percent, 'FMSG999990.0')
                ), ''
            )
        END
        FROM comparison AS c
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
        SELECT 6, format(
            '%s leads with %s %% of revenue, %s is last with %s %%;'
            ' %s of %s stores are above the average.',
            s.first, s.first_share, s.last, s.last_share, s.above, s.stores
        )
        FROM r, store AS s
        WHERE r.orders > 0 AND s.stores > 0
        UNION ALL
        SELECT 6, format(
            'The best day was %s %s with %s, the weakest %s %s with %s.',
            r.best_day ->> 'weekday', r.best_day ->> 'date',
            retail.dollars((r.best_day ->> 'revenue')::numeric),
            r.worst_day ->> 'weekday', r.worst_day ->> 'date',
            retail.dollars((r.worst_day ->> 'revenue')::numeric)
        )
        FROM r, store AS s
        WHERE r.orders > 0 AND s.stores = 0 AND r.best_day ->> 'date' <> r.worst_day ->> 'date'
    )
    SELECT array_agg(s.text ORDER BY s.n) FROM sentence AS s
$function$;

COMMENT ON FUNCTION retail.performance_insights IS $comment$
Three to six sentences on a report of tool.get_store_performance, each with its figures.
@title Insights into performance
@param report  The report.
@return The sentences.
@example SELECT retail.performance_insights(tool.get_store_performance('Seattle'));
$comment$;
REVOKE ALL ON FUNCTION retail.performance_insights FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.performance_insights
    TO store_managers, regional_managers, head_office;
