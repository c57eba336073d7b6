-- When the orders come in: how many on each day of each store.
-- drop: DROP FUNCTION sample.plan_days;
-- The table is there while sample.load runs; a temporary one needs a right the loader may lack.
-- Weights are numeric: their sums are exact, in whatever order a plan adds them up.
CREATE OR REPLACE FUNCTION sample.plan_days(
    scale     numeric,
    seed      bigint,
    first_day date,
    last_day  date
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_customers CONSTANT integer := 50000;  -- at scale 1
    v_orders    CONSTANT integer := 200000;
    -- Calendar years, of which the last is the last day's; weekdays from Monday.
    v_year_weights    CONSTANT numeric[] := '{1.0, 1.1, 1.21, 1.15, 1.265, 1.392, 1.531}';
    v_weekday_weights CONSTANT numeric[] := '{0.86, 0.82, 0.84, 0.90, 1.05, 1.42, 1.24}';
BEGIN
    CREATE UNLOGGED TABLE sample.planned_days AS
    WITH share AS (
        SELECT
            s.store_id,
            s.is_online,
            s.customer_weight / sum(s.customer_weight) OVER () AS of_customers,
            s.customer_weight * s.order_frequency
                / sum(s.customer_weight * s.order_frequency) OVER () AS of_orders
        FROM sample.stores AS s
    ),
    store AS (
        SELECT
            s.store_id,
            s.is_online,
            greatest(1, round(v_customers * plan_days.scale * s.of_customers))::bigint AS customers,
            greatest(1, round(v_orders * plan_days.scale * s.of_orders))::bigint AS orders
        FROM share AS s
    ),
    -- Customers and orders are numbered through all stores: each number is a row's own.
    numbered_store AS (
        SELECT
            s.*,
            (sum(s.customers) OVER upto - s.customers)::bigint AS customer_offset,
            (sum(s.orders) OVER upto - s.orders)::bigint AS order_offset
        FROM store AS s
        WINDOW upto AS (ORDER BY s.store_id)
    ),
    category_season AS (
        SELECT
            c.category_id,
            m.month,
            c.order_weight * m.weight AS weight,
            sum(c.order_weight * m.weight) OVER (PARTITION BY m.month ORDER BY c.category_id)
                / sum(c.order_weight * m.weight) OVER (PARTITION BY m.month) AS upto
        FROM sample.categories AS c
        CROSS JOIN LATERAL unnest(ARRAY[
            c.month_1, c.month_2, c.month_3, c.month_4, c.month_5, c.month_6,
            c.month_7, c.month_8, c.month_9, c.month_10, c.month_11, c.month_12
        ]) WITH ORDINALITY AS m (weight, month)
    ),
    season AS (
        SELECT
            s.month,
            sum(s.weight) AS weight,
            array_agg(s.upto::double precision ORDER BY s.category_id) AS category_bounds
        FROM category_season AS s
        GROUP BY s.month
    ),
    -- The local time by which 0, 10, 20 … 100 % of a day's orders are in: opening and rush hours.
    clock (is_online, weekdays, hours) AS (
        VALUES
            (false, int4range(1, 6), '{7, 8.4, 9.6, 10.8, 11.8, 12.7, 13.8, 15.2, 16.6, 17.8, 20}'),
            (false, int4range(6, 7), '{8, 9.1, 10, 10.8, 11.6, 12.4, 13.3, 14.4, 15.6, 17.1, 20}'),
            (false, int4range(7, 8), '{9, 10, 10.8, 11.5, 12.2, 12.9, 13.6, 14.4, 15.3, 16.4, 18}'),
            (true, int4range(1, 8), '{0, 7.5, 9.6, 11.4, 12.8, 14.6, 16.6, 18.3, 19.6, 20.9, 24}')
    ),
    business_day AS (
        SELECT
            d.day::date AS day,
            extract(month FROM d.day) AS month,
            extract(isodow FROM d.day)::integer AS weekday,
            v_year_weights[
                cardinality(v_year_weights)
                - (extract(year FROM plan_days.last_day) - extract(year FROM d.day))::integer
            ] AS weight
        FROM generate_series(
            plan_days.first_day::timestamp, plan_days.last_day::timestamp, interval '1 day'
        ) AS d (day)
    ),
    store_day AS (
        SELECT
            s.*,
            d.day,
            m.category_bounds,
            c.hours::double precision[] AS hours,
            d.weight * m.weight * v_weekday_weights[d.weekday] * (
                0.75 + 0.5 * sample.uniform(
                    plan_days.seed, 'busy days of ' || s.store_id, d.day - date '2000-01-01'
                )::numeric
            ) AS weight
        FROM numbered_store AS s
        CROSS JOIN business_day AS d
        JOIN season AS m USING (month)
        JOIN clock AS c ON c.is_online = s.is_online AND c.weekdays @> d.weekday
    ),
    -- Rounding what has been sold up to a day, not what is sold on it, keeps the store's sum exact.
    running AS (
        SELECT
            s.*,
            round(s.orders * sum(s.weight) OVER (PARTITION BY s.store_id ORDER BY s.day)
                / sum(s.weight) OVER (PARTITION BY s.store_id))::bigint AS orders_upto
        FROM store_day AS s
    )
    SELECT
        r.store_id, r.day, r.hours, r.category_bounds,
        r.customers, r.customer_offset, r.orders, r.order_offset,
        lag(r.orders_upto, 1, 0::bigint) OVER (PARTITION BY r.store_id ORDER BY r.day)
            AS orders_before,
        r.orders_upto
    FROM running AS r;

    ANALYZE sample.planned_days;
END
$function$;

COMMENT ON FUNCTION sample.plan_days IS $comment$
Makes sample.planned_days: the orders of each store and day, by year, season, weekday and chance;
and when on the day, and in which categories, people buy.
@param scale  1 is 50,000 customers and 200,000 orders.
$comment$;
REVOKE ALL ON FUNCTION sample.plan_days FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sample.plan_days TO storekeeper_loader;
