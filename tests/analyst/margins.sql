-- Margins: cost, profit and the finance department's tables.

-- query: Gross margin by category this year and last
SELECT c.name,
       extract(year FROM o.order_date)::int AS year,
       sum(i.line_total) AS revenue,
       sum(i.line_total - i.quantity * p.cost) AS margin,
       round(100 * sum(i.line_total - i.quantity * p.cost) / NULLIF(sum(i.line_total), 0), 1) AS margin_percent
FROM order_items i
JOIN orders o USING (store_id, order_id)
JOIN products p USING (product_id)
JOIN product_types t USING (type_id)
JOIN categories c USING (category_id)
WHERE o.status IN ('pending', 'shipped', 'completed')
  AND o.order_date >= date_trunc('year', now() - INTERVAL '1 year')
GROUP BY c.name, year
ORDER BY c.name, year;

-- query: Which products do we sell below cost after discounts?
-- may be empty
SELECT p.sku, p.name, p.cost, min(round(i.line_total / i.quantity, 2)) AS lowest_paid, count(*) AS lines
FROM order_items i JOIN products p USING (product_id)
WHERE i.line_total / i.quantity < p.cost
GROUP BY p.product_id, p.sku, p.name, p.cost
ORDER BY lines DESC, p.sku;

-- query: The monthly profit and loss of the last year as a statement
SELECT to_char(o.order_date, 'YYYY-MM') AS month,
       to_char(sum(i.quantity * i.unit_price), 'FM999,999,990.00') AS gross,
       to_char(sum(i.quantity * i.unit_price - i.line_total), 'FM999,999,990.00') AS discounts,
       to_char(sum(i.line_total), 'FM999,999,990.00') AS net,
       to_char(sum(i.quantity * p.cost), 'FM999,999,990.00') AS cost_of_goods,
       to_char(sum(i.line_total - i.quantity * p.cost), 'FM999,999,990.00PR') AS profit
FROM orders o
JOIN order_items i USING (store_id, order_id)
JOIN products p USING (product_id)
WHERE o.status IN ('pending', 'shipped', 'completed') AND o.order_date >= date_trunc('month', now()) - INTERVAL '11 months'
GROUP BY 1
ORDER BY 1;

-- query: What was lost to returns and cancellations each quarter?
SELECT date_trunc('quarter', order_date)::date AS quarter, status, sum(total_amount) AS amount
FROM orders
WHERE status IN ('cancelled', 'returned')
GROUP BY quarter, status
ORDER BY quarter, status;

-- query: Mark-up of the catalogue: which types earn most for a dollar of cost?
SELECT t.name, round(avg(p.base_price / p.cost - 1) * 100, 1) AS markup_percent, count(*) AS products
FROM products p JOIN product_types t USING (type_id)
GROUP BY t.name
HAVING count(*) >= 3
ORDER BY markup_percent DESC, t.name;

-- query: Running profit of the year so far, by day
SELECT day, profit, sum(profit) OVER (ORDER BY day ROWS UNBOUNDED PRECEDING) AS running
FROM (
    SELECT o.order_date::date AS day, sum(i.line_total - i.quantity * p.cost) AS profit
    FROM orders o JOIN order_items i USING (store_id, order_id) JOIN products p USING (product_id)
    WHERE o.order_date >= now() - INTERVAL '365 days' AND o.status IN ('pending', 'shipped', 'completed')
    GROUP BY day
) AS daily
ORDER BY day;

-- query: Sales tax of 10.25 percent for the last closed quarter
SELECT s.name, count(o.order_id) AS orders,
       coalesce(sum(o.total_amount), 0) AS net,
       round(coalesce(sum(o.total_amount), 0) * 0.1025, 2) AS tax
FROM stores s
LEFT JOIN orders o ON o.store_id = s.store_id
    AND o.status = 'completed'
    AND o.order_date >= date_trunc('quarter', now()) - INTERVAL '3 months'
    AND o.order_date < date_trunc('quarter', now())
GROUP BY s.name
ORDER BY s.name;

-- query: Where does profit come from: product mix by margin band
WITH lines AS (
    SELECT i.line_total, i.line_total - i.quantity * p.cost AS margin
    FROM order_items i JOIN products p USING (product_id)
    WHERE i.line_total > 0
)
SELECT CASE
           WHEN margin < 0 THEN 'loss'
           WHEN margin / line_total < 0.1 THEN 'below 10 %'
           WHEN margin / line_total < 0.25 THEN '10 to 25 %'
           ELSE 'over 25 %'
       END AS band,
       count(*) AS lines, sum(line_total) AS revenue, sum(margin) AS margin
FROM lines
GROUP BY 1
ORDER BY margin DESC, band;

-- query: Contribution of each store to the margin, with a bar
SELECT s.name, sum(i.line_total - i.quantity * p.cost) AS margin,
       repeat('█', (20 * sum(i.line_total - i.quantity * p.cost)
                    / max(sum(i.line_total - i.quantity * p.cost)) OVER ())::int) AS bar
FROM order_items i JOIN stores s USING (store_id) JOIN products p USING (product_id)
GROUP BY s.name
ORDER BY margin DESC, s.name;

-- query: Margin in words for the board
SELECT format('%s made %s on %s orders (%s %% margin).', s.name,
              to_char(sum(i.line_total), 'FM$999,999,999'), count(DISTINCT i.order_id),
              round(100 * (1 - sum(i.quantity * p.cost) / sum(i.line_total)))) AS sentence
FROM stores s JOIN order_items i USING (store_id) JOIN products p USING (product_id)
GROUP BY s.name
ORDER BY s.name;

-- query: What would a price rise of 2, 3 or 5 percent bring, all else equal?
SELECT rise.percent, round(sum(i.line_total) * (1 + rise.percent / 100.0), 2) AS revenue,
       round(sum(i.line_total) * rise.percent / 100.0, 2) AS extra
FROM (VALUES (0), (2), (3), (5)) AS rise (percent)
CROSS JOIN order_items i
JOIN orders o USING (store_id, order_id)
WHERE o.order_date >= now() - INTERVAL '1 year' AND o.status = 'completed'
GROUP BY rise.percent
ORDER BY rise.percent;

-- query: Unpivot the value of each product into cost and margin
SELECT p.sku, part.kind, part.amount
FROM products p
CROSS JOIN LATERAL (VALUES ('cost', p.cost), ('margin', p.base_price - p.cost)) AS part (kind, amount)
WHERE p.type_id IN (SELECT type_id FROM product_types WHERE name = 'Drills')
ORDER BY p.sku, part.kind;
