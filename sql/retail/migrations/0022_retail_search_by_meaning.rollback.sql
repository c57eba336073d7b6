-- search by meaning: written by storekeeper ship from the object files named below.

SET LOCAL ROLE storekeeper_owner;
SET LOCAL check_function_bodies = off;

-- object: triggers/products.sql
DROP TRIGGER refresh_inserted ON retail.products;
DROP TRIGGER refresh_truncated ON retail.products;
DROP TRIGGER refresh_updated ON retail.products;

-- object: triggers/product_types.sql
DROP TRIGGER refresh_updated ON retail.product_types;

-- object: triggers/documents.sql
DROP TRIGGER count_deleted ON search.documents;
DROP TRIGGER count_inserted ON search.documents;
DROP TRIGGER count_truncated ON search.documents;
DROP TRIGGER count_updated_from ON search.documents;
DROP TRIGGER count_updated_to ON search.documents;

-- object: triggers/categories.sql
DROP TRIGGER refresh_updated ON retail.categories;

-- object: functions/tool/similar_products.sql
DROP FUNCTION tool.similar_products;

-- object: functions/tool/semantic_search_products.sql
DROP FUNCTION tool.semantic_search_products;

-- object: functions/tool/get_product_recommendations.sql
DROP FUNCTION tool.get_product_recommendations;

-- object: functions/retail/wanted_embedding_index.sql
DROP FUNCTION retail.wanted_embedding_index;

-- object: functions/retail/trending_products.sql
DROP FUNCTION retail.trending_products;

-- object: functions/retail/swap_embeddings.sql
DROP FUNCTION retail.swap_embeddings;

-- object: functions/retail/store_embeddings.sql
DROP FUNCTION retail.store_embeddings;

-- object: functions/retail/shorter_words.sql
DROP FUNCTION retail.shorter_words;

-- object: functions/retail/search_terms.sql
DROP FUNCTION retail.search_terms;

-- object: functions/retail/search_products_by_description.sql
-- Products whose descriptions mean nearly the same as a vector.
-- drop: DROP FUNCTION retail.search_products_by_description;
CREATE OR REPLACE FUNCTION retail.search_products_by_description(
    query_embedding      public.vector,
    similarity_threshold double precision DEFAULT 0.7,
    max_results          integer          DEFAULT 20
)
RETURNS TABLE (product_id integer, name text, description text, similarity_score double precision)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    -- The nearest first by distance, which an index can serve; the threshold outside, where it does
    -- not send the index looking further.
    SELECT p.product_id, p.name, p.description, 1 - n.distance
    FROM (
        SELECT
            e.product_id,
            e.description_embedding OPERATOR(public.<=>) query_embedding AS distance
        FROM retail.product_description_embeddings AS e
        ORDER BY e.description_embedding OPERATOR(public.<=>) query_embedding
        LIMIT max_results
    ) AS n
    JOIN retail.products AS p USING (product_id)
    WHERE n.distance <= 1 - similarity_threshold
    ORDER BY n.distance, p.product_id
$function$;

COMMENT ON FUNCTION retail.search_products_by_description IS $comment$
The products whose description embedding is nearest to the given one by cosine, the nearest first.
@title Products by description embedding
@param query_embedding       A vector of the same model and dimension as the table's.
@param similarity_threshold  Least cosine similarity, -1 to 1.
@param max_results           At most so many products.
@return product_id        The product.
@return name              Its name.
@return description       Its description.
@return similarity_score  Cosine similarity: 1 is the same meaning, 0 is unrelated.
@example SELECT * FROM retail.search_products_by_description('[0.1, 0.2, 0.3]', 0.5, 10);
$comment$;
REVOKE ALL ON FUNCTION retail.search_products_by_description FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.search_products_by_description
    TO store_managers, regional_managers, head_office;

-- object: functions/retail/refresh_search.sql
DROP FUNCTION retail.refresh_search;

-- object: functions/retail/refresh_products.sql
DROP FUNCTION retail.refresh_products;

-- object: functions/retail/rank_products.sql
DROP FUNCTION retail.rank_products;

-- object: functions/retail/queue_embeddings.sql
DROP FUNCTION retail.queue_embeddings;

-- object: functions/retail/plain_words.sql
DROP FUNCTION retail.plain_words;

-- object: functions/retail/nearest_products.sql
DROP FUNCTION retail.nearest_products;

-- object: functions/retail/near_products.sql
DROP FUNCTION retail.near_products;

-- object: functions/retail/joined_words.sql
DROP FUNCTION retail.joined_words;

-- object: functions/retail/find_product.sql
-- The product of an article number.
-- drop: DROP FUNCTION retail.find_product;
CREATE OR REPLACE FUNCTION retail.find_product(sku text)
RETURNS retail.products
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_product retail.products;
BEGIN
    -- Of the column's type: text would not find the index.
    SELECT
        p.product_id, p.sku, p.type_id, p.name, p.description, p.unit, p.cost, p.base_price, p.is_active
    INTO v_product
    FROM retail.products AS p
    WHERE p.sku = upper(trim(find_product.sku))::varchar;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK404',
            MESSAGE = format('There is no product %s.', coalesce(quote_literal(find_product.sku), 'without a sku')),
            HINT = 'top_products lists products with their sku, such as HTHA000101.';
    END IF;
    RETURN v_product;
END
$function$;

COMMENT ON FUNCTION retail.find_product IS $comment$
The product with this article number, in any letter case; SK404 when there is none.
@title Find a product
@param sku  Article number, for example HTHA000101.
@return The row of retail.products.
@example SELECT (retail.find_product('HTHA000101')).name;
$comment$;
REVOKE ALL ON FUNCTION retail.find_product FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.find_product TO store_managers, regional_managers, head_office;

-- object: functions/retail/exact_search_limit.sql
DROP FUNCTION retail.exact_search_limit;

-- object: functions/retail/empty_next_embeddings.sql
DROP FUNCTION retail.empty_next_embeddings;

-- object: functions/retail/embedding_index_state.sql
DROP FUNCTION retail.embedding_index_state;

-- object: functions/retail/embed_products.sql
DROP FUNCTION retail.embed_products;

-- object: functions/retail/embed_contents.sql
DROP FUNCTION retail.embed_contents;

-- object: functions/retail/edit_distance.sql
DROP FUNCTION retail.edit_distance;

-- object: functions/retail/doctor.sql
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
END
$function$;

COMMENT ON FUNCTION retail.doctor IS $comment$
What gateway.doctor shows of the business: rollups (the last 30 days of daily_sales equal the orders) and stock
(movements add up to the inventory). It must see every row. gateway.examine_business calls it as
storekeeper_definer, with a context signed for every tenant; the policies doctor_… let that role read, and without
such a context tenant_guard leaves it nothing. storekeeper_loader and superusers may call it directly.
@title Examine the business
@return subject  rollups or stock.
@return ok       Whether it is as it should be.
@return finding  What was found.
@return hint     How to mend it.
@example SELECT * FROM retail.doctor();
$comment$;
REVOKE ALL ON FUNCTION retail.doctor FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.doctor TO storekeeper_definer, storekeeper_loader;

-- object: functions/retail/describe_products.sql
DROP FUNCTION retail.describe_products;

-- object: functions/retail/count_lexemes.sql
DROP FUNCTION retail.count_lexemes;

-- object: functions/retail/check_embedding.sql
DROP FUNCTION retail.check_embedding;

-- object: functions/retail/bought_together.sql
DROP FUNCTION retail.bought_together;

-- object: functions/retail/alike_products.sql
DROP FUNCTION retail.alike_products;

-- end of objects
NOTIFY storekeeper_catalog;
