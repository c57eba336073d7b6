-- Do the figures that are kept agree with what they are kept of?
-- drop: DROP FUNCTION retail.doctor;
CREATE OR REPLACE FUNCTION retail.doctor()
RETURNS TABLE (subject text, ok boolean, finding text, hint text)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    -- Of the column's type: only then can the comparison reach an index below row security.
    v_first_day CONSTANT date := retail.today() - 29;
    v_starts    CONSTANT timestamptz := v_first_day::timestamp AT TIME ZONE retail.time_zone();
BEGIN
    IF row_security_active('retail.orders') AND current_user <> 'storekeeper_definer' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK403',
            MESSAGE = format('%I does not see every store.', current_user),
            HINT = 'SELECT * FROM gateway.doctor(), or SET ROLE storekeeper_loader first.';
    END IF;

    RETURN QUERY
    WITH want AS (
        SELECT
            i.store_id,
            (o.order_date AT TIME ZONE retail.time_zone())::date AS business_day,
            i.product_id,
            count(*) AS order_lines,
            sum(i.quantity) AS units,
            sum(i.line_total) AS revenue,
            sum(i.quantity * i.unit_price - i.line_total) AS discount
        FROM retail.orders AS o
        JOIN retail.order_items AS i USING (store_id, order_id)
        WHERE o.order_date >= v_starts
          AND retail.counts_as_revenue(o.status)
        GROUP BY 1, 2, 3
    ),
    have AS (
        SELECT d.store_id, d.business_day, d.product_id, d.order_lines, d.units, d.revenue, d.discount
        FROM retail.daily_sales AS d
        WHERE d.business_day >= v_first_day
    ),
    difference AS (
        SELECT business_day
        FROM want AS w
        FULL JOIN have AS h USING (store_id, business_day, product_id)
        WHERE (
            coalesce(w.order_lines, 0), coalesce(w.units, 0), coalesce(w.revenue, 0), coalesce(w.discount, 0)
        ) IS DISTINCT FROM (
            coalesce(h.order_lines, 0), coalesce(h.units, 0), coalesce(h.revenue, 0), coalesce(h.discount, 0)
        )
    )
    SELECT
        'rollups',
        count(*) = 0,
        CASE WHEN count(*) = 0
            THEN 'retail.daily_sales is what the orders of the last 30 days say'
            ELSE format('retail.daily_sales differs from the orders in %s rows, first on %s', count(*), min(f.business_day))
        END,
        'As storekeeper_loader: SELECT retail.rebuild_daily_sales();'
    FROM difference AS f;

    RETURN QUERY
    WITH moved AS (
        SELECT m.store_id, m.product_id, sum(m.quantity) AS quantity
        FROM retail.stock_movements AS m
        GROUP BY m.store_id, m.product_id
    )
    SELECT
        'stock',
        count(*) = 0,
        CASE WHEN count(*) = 0
            THEN 'retail.inventory is the sum of its movements'
            ELSE format('%s rows of retail.inventory are not the sum of their movements', count(*))
        END,
        'Something changed stock_level past the tools: write the missing rows of retail.stock_movements.'
    FROM retail.inventory AS i
    FULL JOIN moved AS m USING (store_id, product_id)
    WHERE coalesce(i.stock_level, 0) <> coalesce(m.quantity, 0);

    RETURN QUERY
    SELECT
        'search',
        n.lack = 0,
        CASE WHEN n.lack = 0
            THEN 'every product is found by its words and, where there is a model, by its meaning'
                || CASE WHEN n.waiting > 0 THEN format('; but %s wait for their vectors', n.waiting) ELSE '' END
            ELSE format('%s products lack their words or their vector', n.lack)
        END,
        'As storekeeper_loader: SELECT retail.embed_products();'
    FROM (
        SELECT
            count(*) FILTER (WHERE d.product_id IS NULL OR (e.product_id IS NULL AND m.provider = 'built-in')) AS lack,
            count(*) FILTER (WHERE e.product_id IS NULL AND m.provider <> 'built-in') AS waiting
        FROM retail.products AS p
        LEFT JOIN search.documents AS d USING (product_id)
        LEFT JOIN retail.product_description_embeddings AS e USING (product_id)
        LEFT JOIN embedding.models AS m ON m.is_active
    ) AS n;

    RETURN QUERY
    SELECT 'vector index', x.ok, x.finding, 'storekeeper index; at psql SELECT retail.wanted_embedding_index() \gexec'
    FROM retail.embedding_index_state() AS x;
END
$function$;

COMMENT ON FUNCTION retail.doctor IS $comment$
What gateway.doctor shows of the business: rollups (the last 30 days of daily_sales equal the orders), stock
(movements add up to the inventory), search (each product has its words, and its vector by the built-in model) and
vector index (there, valid, or not needed). It must see every row. gateway.examine_business calls it as storekeeper_definer, with a context signed for every tenant; the policies doctor_… let that role read, and without
such a context tenant_guard leaves it nothing. storekeeper_loader and superusers may call it directly.
@title Examine the business
@return subject  rollups, stock, search or vector index.
@return ok       Whether it is as it should be.
@return finding  What was found.
@return hint     How to mend it.
@example SELECT * FROM retail.doctor();
$comment$;
REVOKE ALL ON FUNCTION retail.doctor FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.doctor TO storekeeper_definer, storekeeper_loader;
