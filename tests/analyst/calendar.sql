-- Calendar: days, weeks, seasons, hours, gaps and moving averages.

-- query: Sales of each of the last 30 days, days without sales included
SELECT d.day::date AS day, count(o.order_id) AS orders, coalesce(sum(o.total_amount), 0) AS revenue
FROM generate_series(current_date - 29, current_date, INTERVAL '1 day') AS d (day)
LEFT JOIN orders o ON o.order_date >= d.day AND o.order_date < d.day + INTERVAL '1 day'
    AND o.status IN ('pending', 'shipped', 'completed')
GROUP BY d.day
ORDER BY d.day;

-- query: At which hour of the day do customers buy?
SELECT extract(hour FROM order_date)::int AS hour, count(*) AS orders,
       rpad('', (count(*) * 40 / max(count(*)) OVER ())::int, '*') AS bar
FROM orders
GROUP BY hour
ORDER BY hour;

-- query: Which weekday is the strongest?
SELECT to_char(order_date, 'FMDay') AS weekday, count(*) AS orders, round(avg(total_amount), 2) AS average_order
FROM orders
GROUP BY extract(isodow FROM order_date), weekday
ORDER BY extract(isodow FROM order_date);

-- query: A heat map of weekday and hour blocks
SELECT to_char(order_date, 'Dy') AS weekday,
       count(*) FILTER (WHERE extract(hour FROM order_date) < 10) AS early,
       count(*) FILTER (WHERE extract(hour FROM order_date) BETWEEN 10 AND 13) AS midday,
       count(*) FILTER (WHERE extract(hour FROM order_date) BETWEEN 14 AND 17) AS afternoon,
       count(*) FILTER (WHERE extract(hour FROM order_date) >= 18) AS evening
FROM orders
GROUP BY 1, extract(isodow FROM order_date)
ORDER BY extract(isodow FROM order_date);

-- query: Seasonality: index of each month against the average month
WITH m AS (
    SELECT extract(month FROM order_date)::int AS month, sum(total_amount) AS revenue
    FROM orders WHERE status IN ('pending', 'shipped', 'completed')
    GROUP BY 1
)
SELECT to_char(make_date(2000, month, 1), 'Mon') AS name, revenue,
       round(100 * revenue / avg(revenue) OVER (), 1) AS seasonal_index
FROM m
ORDER BY month;

-- query: Seven day moving average of revenue over the last quarter
WITH days AS (
    SELECT day::date FROM generate_series(current_date - INTERVAL '97 days', current_date - INTERVAL '1 day', '1 day') AS day
), daily AS (
    SELECT d.day, coalesce(sum(o.total_amount), 0) AS revenue
    FROM days d LEFT JOIN orders o ON o.order_date::date = d.day AND o.status IN ('pending', 'shipped', 'completed')
    GROUP BY d.day
)
SELECT day, revenue,
       round(avg(revenue) OVER (ORDER BY day ROWS BETWEEN 6 PRECEDING AND CURRENT ROW), 2) AS moving_average,
       round(avg(revenue) OVER (ORDER BY day ROWS BETWEEN 3 PRECEDING AND 3 FOLLOWING EXCLUDE CURRENT ROW), 2) AS around
FROM daily
ORDER BY day
OFFSET 7;

-- query: Revenue of the 28 days before each order day, by a range of time
SELECT DISTINCT order_date::date AS day,
       sum(total_amount) OVER (
           ORDER BY order_date::date::timestamp RANGE BETWEEN INTERVAL '28 days' PRECEDING AND CURRENT ROW
       ) AS last_28_days
FROM orders
WHERE order_date >= now() - INTERVAL '6 months'
ORDER BY day;

-- query: The longest stretch of days without a sale, by store
WITH days AS (
    SELECT DISTINCT store_id, order_date::date AS day FROM orders
), gaps AS (
    SELECT store_id, day AS until, day - lag(day) OVER (PARTITION BY store_id ORDER BY day) AS gap
    FROM days
)
SELECT DISTINCT ON (s.name) s.name, g.until - g.gap AS last_sale, g.until AS next_sale, g.gap AS days
FROM gaps g JOIN stores s USING (store_id)
WHERE g.gap IS NOT NULL
ORDER BY s.name, g.gap DESC, g.until;

-- query: Streaks: runs of consecutive days with sales (gaps and islands)
WITH days AS (
    SELECT DISTINCT order_date::date AS day FROM orders
), islands AS (
    SELECT day, day - (row_number() OVER (ORDER BY day))::int AS island FROM days
)
SELECT min(day) AS first_day, max(day) AS last_day, count(*) AS length
FROM islands
GROUP BY island
ORDER BY length DESC, first_day
LIMIT 10;

-- query: Orders by fortnight, binned from a fixed Monday
SELECT date_bin(INTERVAL '14 days', order_date, TIMESTAMPTZ '2024-01-01 00:00:00-08') AS fortnight,
       count(*) AS orders, sum(total_amount) AS amount
FROM orders
WHERE order_date >= TIMESTAMPTZ '2025-01-01'
GROUP BY fortnight
ORDER BY fortnight;

-- query: The same day in Seattle, UTC and Berlin
SELECT count(*) FILTER (WHERE local.day <> utc.day) AS other_day_in_utc,
       count(*) FILTER (WHERE local.day <> (o.order_date AT TIME ZONE 'Europe/Berlin')::date) AS other_day_in_berlin,
       count(*) AS orders
FROM orders o,
     LATERAL (SELECT (o.order_date AT TIME ZONE 'America/Los_Angeles')::date AS day) AS local,
     LATERAL (SELECT (o.order_date AT TIME ZONE 'UTC')::date AS day) AS utc;

-- query: Revenue by ISO week of the last 26 weeks
SELECT to_char(order_date, 'IYYY-"W"IW') AS week, sum(total_amount) AS revenue
FROM orders
WHERE order_date >= date_trunc('week', now()) - make_interval(weeks => 26)
  AND status IN ('pending', 'shipped', 'completed')
GROUP BY 1
ORDER BY 1;

-- query: How many Saturdays and Sundays has each month of this year?
SELECT to_char(day, 'MM') AS month,
       count(*) FILTER (WHERE extract(dow FROM day) = 6) AS saturdays,
       count(*) FILTER (WHERE extract(dow FROM day) = 0) AS sundays
FROM generate_series(
    date_trunc('year', current_date), date_trunc('year', current_date) + INTERVAL '1 year - 1 day', INTERVAL '1 day'
) AS day
GROUP BY 1
ORDER BY 1;

-- query: Sales around Thanksgiving each year
WITH thanksgiving AS (
    SELECT y AS year,
           make_date(y, 11, 1) + ((11 - extract(dow FROM make_date(y, 11, 1))::int) % 7) + 21 AS day
    FROM generate_series(2020, extract(year FROM now())::int) AS y
)
SELECT t.year, t.day, count(o.order_id) AS orders, coalesce(sum(o.total_amount), 0) AS revenue
FROM thanksgiving t
LEFT JOIN orders o ON o.order_date >= t.day AND o.order_date < t.day + INTERVAL '4 days'
GROUP BY t.year, t.day
ORDER BY t.year;

-- query: Shopping sessions: orders of a customer less than two days apart
WITH flagged AS (
    SELECT store_id, customer_id, order_id, order_date,
           (order_date - lag(order_date) OVER w > INTERVAL '48 hours') IS NOT FALSE AS starts
    FROM orders
    WINDOW w AS (PARTITION BY store_id, customer_id ORDER BY order_date, order_id)
), sessions AS (
    SELECT *, count(*) FILTER (WHERE starts) OVER (
        PARTITION BY store_id, customer_id ORDER BY order_date, order_id) AS session
    FROM flagged
), sizes AS (
    SELECT count(*) AS orders FROM sessions GROUP BY store_id, customer_id, session
)
SELECT orders, count(*) AS sessions FROM sizes GROUP BY orders ORDER BY orders;

-- query: Weeks in which the store had at least one order of over 500 dollars, as ranges
SELECT unnest(range_agg(daterange(week, week + 7))) AS weeks
FROM (
    SELECT DISTINCT date_trunc('week', order_date)::date AS week
    FROM orders WHERE total_amount > 500
) AS w
ORDER BY weeks;

-- query: Orders in overlapping campaign periods
WITH campaign (name, starts, ends) AS (
    VALUES ('Spring', DATE '2025-03-15', DATE '2025-05-15'),
           ('Garden', DATE '2025-05-01', DATE '2025-06-30'),
           ('Back to school', DATE '2025-08-10', DATE '2025-09-10')
)
SELECT a.name, count(o.order_id) AS orders, coalesce(sum(o.total_amount), 0) AS revenue,
       bool_or((a.starts, a.ends) OVERLAPS (b.starts, b.ends)) AS overlaps_another
FROM campaign a
JOIN campaign b ON b.name <> a.name
LEFT JOIN orders o ON tstzrange(a.starts, a.ends) @> o.order_date
GROUP BY a.name
ORDER BY a.name;

-- query: How old are the open orders?
-- may be empty
SELECT order_id, status, current_date - order_date::date AS days_open, justify_days(make_interval(days => current_date - order_date::date)) AS age
FROM orders
WHERE status IN ('pending', 'shipped')
ORDER BY days_open DESC, order_id;

-- query: Yesterday, today and the week before
SELECT x.label, count(o.order_id) AS orders, coalesce(sum(o.total_amount), 0) AS revenue
FROM (VALUES ('today', 'today'::date, 'tomorrow'::date),
             ('yesterday', 'yesterday'::date, 'today'::date),
             ('last 7 days', current_date - 7, current_date)) AS x (label, since, until)
LEFT JOIN orders o ON o.order_date >= x.since AND o.order_date < x.until
GROUP BY x.label, x.since
ORDER BY x.since, x.label;
