-- search hardening: written by storekeeper ship from the object files named below.
-- depends: 0025_gateway_search_hardening 0024_retail_words_without_waiting

SET LOCAL ROLE storekeeper_owner;
SET LOCAL check_function_bodies = off;

-- object: functions/retail/alike_products.sql
-- Products like one: by their vectors or, where it has none, by the words of its name.
-- drop: DROP FUNCTION retail.alike_products;
CREATE OR REPLACE FUNCTION retail.alike_products(
    product      retail.products,
    how_many     integer DEFAULT 10,
    in_its_place boolean DEFAULT false,
    stocked_in   uuid[]  DEFAULT NULL
)
RETURNS TABLE (product_id integer, similarity double precision, why text, degraded boolean)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_vector      CONSTANT public.vector := (
        SELECT e.description_embedding FROM retail.product_description_embeddings AS e WHERE e.product_id = product.product_id
    );
    v_category_id CONSTANT smallint := (
        SELECT t.category_id FROM retail.product_types AS t WHERE t.type_id = product.type_id
    );
    -- What is to take its place is of its type, and not of quite another price.
    v_type_ids    CONSTANT smallint[] := CASE WHEN in_its_place THEN ARRAY[product.type_id] END;
    v_price_min   CONSTANT numeric := CASE WHEN in_its_place THEN product.base_price / 2 END;
    v_price_max   CONSTANT numeric := CASE WHEN in_its_place THEN product.base_price * 2 END;
    -- Sizes and pack counts say little of what it is.
    v_words       CONSTANT text := regexp_replace(product.name, '\S*\d\S*', ' ', 'g');
    v_ids         integer[];
    v_similar     double precision[];
BEGIN
    IF v_vector IS NOT NULL THEN
        SELECT array_agg(n.product_id ORDER BY n.place), array_agg(1 - n.distance ORDER BY n.place)
        INTO v_ids, v_similar
        FROM retail.nearest_products(
            v_vector, how_many + 1, v_type_ids, v_price_min, v_price_max, stocked_in, active_only => true
        ) WITH ORDINALITY AS n (product_id, distance, place)
        WHERE n.product_id <> product.product_id;
    ELSE
        SELECT array_agg(r.product_id ORDER BY r.place), array_agg(NULL::double precision)
        INTO v_ids, v_similar
        FROM retail.rank_products(
            CASE WHEN v_words ~ '[[:alnum:]]' THEN v_words ELSE product.name END, how_many => 3 * how_many + 1,
            category_id => v_category_id, price_min => v_price_min, price_max => v_price_max, stocked_in => stocked_in
        ) WITH ORDINALITY AS r (product_id, score, text_rank, vector_rank, similarity, matched, place)
        JOIN retail.products AS p USING (product_id)
        WHERE r.product_id <> product.product_id
          AND p.is_active
          AND (v_type_ids IS NULL OR p.type_id = ANY (v_type_ids));
    END IF;

    RETURN QUERY
    SELECT
        f.product_id, f.similarity,
        concat_ws(
            '; ',
            CASE
                WHEN p.type_id = product.type_id THEN 'also ' || t.name
                WHEN t.category_id = v_category_id THEN format('%s, same category', t.name)
                ELSE t.name
            END,
            'in both names: ' || (
                SELECT string_agg(w.word, ', ' ORDER BY w.place)
                FROM regexp_split_to_table(lower(p.name), '[^[:alnum:]]+') WITH ORDINALITY AS w (word, place)
                WHERE length(w.word) > 2
                  AND w.word = ANY (regexp_split_to_array(lower(product.name), '[^[:alnum:]]+'))
            )
        ),
        v_vector IS NULL
    FROM unnest(v_ids, v_similar) WITH ORDINALITY AS f (product_id, similarity, place)
    JOIN retail.products AS p USING (product_id)
    JOIN retail.product_types AS t USING (type_id)
    ORDER BY f.place
    LIMIT how_many;
END
$function$;

COMMENT ON FUNCTION retail.alike_products IS $comment$
The products most like one, without itself and without those that are no longer bought in, the most similar first.
@title Products alike
@param product       The row of retail.products.
@param how_many      At most so many.
@param in_its_place  Only of its type, at half to twice its price.
@param stocked_in    In stock in one of these stores, as far as the caller sees them; NULL: or not.
@return product_id  The product.
@return similarity  Cosine similarity; NULL when it was found by words.
@return why         What they have in common.
@return degraded    Whether the product has no vector yet, so that the words of its name were searched for in
its category.
@example SELECT * FROM retail.alike_products(retail.find_product('HTHA000101'));
$comment$;
REVOKE ALL ON FUNCTION retail.alike_products FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.alike_products TO store_managers, regional_managers, head_office;

-- object: functions/retail/bought_together.sql
-- What is in the same orders as a product, more often than chance has it.
-- drop: DROP FUNCTION retail.bought_together;
CREATE OR REPLACE FUNCTION retail.bought_together(
    product   retail.products,
    store_ids uuid[],
    how_many  integer DEFAULT 10
)
RETURNS TABLE (product_id integer, score numeric, orders bigint, why text)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
-- A plan for these stores and this product.
SET plan_cache_mode = force_custom_plan
SET jit = off
AS $function$
DECLARE
    c_days      CONSTANT integer := 730;
    v_first_day CONSTANT date := retail.today() - c_days;
    v_starts    CONSTANT timestamptz := v_first_day::timestamp AT TIME ZONE retail.time_zone();
    v_all       bigint;
    v_with      bigint;
    v_ids       integer[];
    v_orders    bigint[];
BEGIN
    WITH basket AS MATERIALIZED (
        SELECT DISTINCT i.store_id, i.order_id
        FROM retail.order_items AS i
        JOIN retail.orders AS o USING (store_id, order_id)
        WHERE i.store_id = ANY (store_ids)
          AND i.product_id = product.product_id
          AND o.order_date >= v_starts
          AND retail.counts_as_revenue(o.status)
    ),
    other AS (
        SELECT i.product_id, count(DISTINCT (i.store_id, i.order_id)) AS orders
        FROM basket AS b
        JOIN retail.order_items AS i USING (store_id, order_id)
        WHERE i.product_id <> product.product_id
        GROUP BY i.product_id
        -- One or two are soon chance, with hundreds of products that it could be.
        HAVING count(DISTINCT (i.store_id, i.order_id)) > 2
    )
    SELECT (SELECT count(*) FROM basket), array_agg(o.product_id), array_agg(o.orders)
    INTO v_with, v_ids, v_orders
    FROM other AS o
    JOIN retail.products AS p USING (product_id)
    WHERE p.is_active;
    IF v_ids IS NULL THEN
        RETURN;
    END IF;

    SELECT count(*) INTO v_all
    FROM retail.orders AS o
    WHERE o.store_id = ANY (store_ids)
      AND o.order_date >= v_starts
      AND retail.counts_as_revenue(o.status);

    RETURN QUERY
    SELECT r.product_id, round(r.score, 2), r.together, r.why
    FROM (
        SELECT
            f.product_id, f.together,
            -- How many times as often as chance has it, drawn to 1 where orders are few.
            (f.together + 5) / (f.expected + 5) AS score,
            format(
                'in %s of %s orders with it (%s %%), %s times as often as chance; last 24 months',
                f.together, v_with, retail.percent(f.together, v_with), round(f.together / f.expected, 1)
            ) AS why
        FROM (
            SELECT
                b.product_id, b.together,
                -- Order lines stand for orders: hardly anybody has a product twice in one.
                v_with * greatest(s.order_lines, b.together) / v_all::numeric AS expected
            FROM unnest(v_ids, v_orders) AS b (product_id, together)
            JOIN (
                SELECT d.product_id, sum(d.order_lines) AS order_lines
                FROM retail.daily_sales AS d
                WHERE d.store_id = ANY (store_ids)
                  AND d.business_day >= v_first_day
                GROUP BY d.product_id
            ) AS s USING (product_id)
        ) AS f
        WHERE f.together > f.expected
    ) AS r
    ORDER BY r.score DESC, r.together DESC, r.product_id
    LIMIT how_many;
END
$function$;

COMMENT ON FUNCTION retail.bought_together IS $comment$
Products that are in the same orders as one, of the last 730 days and of those stores that the caller sees, in three
orders at least, more often than chance has it. Cancelled and returned orders do not count.
@title Bought together
@param product    The row of retail.products.
@param store_ids  The stores whose orders count.
@param how_many   At most so many.
@return product_id  The other product.
@return score       (orders + 5) / (orders that chance would give + 5).
@return orders      Orders with both.
@return why         The figures in words.
@example SELECT * FROM retail.bought_together(retail.find_product('HTHA000101'), retail.get_user_store_list());
$comment$;
REVOKE ALL ON FUNCTION retail.bought_together FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.bought_together TO store_managers, regional_managers, head_office;

-- object: functions/retail/count_lexemes.sql
-- Keeps count of how many products have a word.
-- drop: DROP FUNCTION retail.count_lexemes;
CREATE OR REPLACE FUNCTION retail.count_lexemes()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
SET jit = off
AS $function$
DECLARE
    v_lexemes text[];
    v_changes integer[];
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        TRUNCATE search.lexeme_counts;
        RETURN NULL;
    END IF;
    -- Each trigger has one of the two tables; what is there counts one way, what is gone the other.
    SELECT array_agg(c.lexeme ORDER BY c.lexeme), array_agg(c.change ORDER BY c.lexeme)
    INTO v_lexemes, v_changes
    FROM (
        SELECT l.lexeme COLLATE "C" AS lexeme, CASE TG_ARGV[0] WHEN 'gone' THEN -count(*) ELSE count(*) END AS change
        FROM changed_rows AS r
        CROSS JOIN LATERAL unnest(r.document) AS l
        GROUP BY 1
        UNION ALL
        SELECT '', CASE TG_ARGV[0] WHEN 'gone' THEN -count(*) ELSE count(*) END FROM changed_rows
    ) AS c;
    -- Who else writes products is not waited for: two transactions of several statements would soon wait for each
    -- other. Of each word a row that is free now is changed, and where there is none a row is added.
    WITH free AS MATERIALIZED (
        SELECT k.lexeme, k.part FROM search.lexeme_counts AS k WHERE k.lexeme = ANY (v_lexemes) FOR UPDATE SKIP LOCKED
    ),
    changed AS (
        UPDATE search.lexeme_counts AS k
        SET products = k.products + c.change
        FROM (SELECT f.lexeme, min(f.part) AS part FROM free AS f GROUP BY f.lexeme) AS f
        JOIN unnest(v_lexemes, v_changes) AS c (lexeme, change) ON c.lexeme = f.lexeme
        WHERE k.lexeme = f.lexeme AND k.part = f.part
        RETURNING k.lexeme
    )
    INSERT INTO search.lexeme_counts (lexeme, products)
    SELECT c.lexeme, c.change
    FROM unnest(v_lexemes, v_changes) AS c (lexeme, change)
    WHERE NOT EXISTS (SELECT FROM changed AS d WHERE d.lexeme = c.lexeme)
    ORDER BY c.lexeme;
    RETURN NULL;
END
$function$;

COMMENT ON FUNCTION retail.count_lexemes IS $comment$
Trigger, once a statement: adds the documents in changed_rows to search.lexemes, or with the argument gone takes
them away. Exact, and waits for nobody: a word that another transaction is counting gets a row beside it.
$comment$;
REVOKE ALL ON FUNCTION retail.count_lexemes FROM PUBLIC;

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

-- object: functions/retail/embed_contents.sql
-- Gives products the vectors of their texts, or has the texts wait for a service that makes them.
-- drop: DROP FUNCTION retail.embed_contents;
CREATE OR REPLACE FUNCTION retail.embed_contents(product_ids integer[], contents text[])
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_table   name := 'product_description_embeddings';
    v_back    boolean;  -- to the built-in model, whose vectors nobody else makes
    v_written bigint;
BEGIN
    -- A service's vectors, those that are searched and those of the next model, were made of what is no longer so.
    PERFORM gateway.queue_texts('retail.products', embed_contents.product_ids::text[], embed_contents.contents);
    v_back := NOT EXISTS (SELECT FROM search.next_description_model)
        AND EXISTS (SELECT FROM retail.next_product_description_embeddings);
    DELETE FROM retail.next_product_description_embeddings AS e
    WHERE e.product_id = ANY (embed_contents.product_ids);
    IF EXISTS (SELECT FROM search.description_model)
        OR NOT EXISTS (SELECT FROM embedding.models AS m WHERE m.is_active AND m.provider = 'built-in')
    THEN
        DELETE FROM retail.product_description_embeddings AS e
        WHERE e.product_id = ANY (embed_contents.product_ids);
        IF NOT v_back THEN
            RETURN 0;
        END IF;
        v_table := 'next_product_description_embeddings';
    END IF;
    EXECUTE format($sql$
        INSERT INTO retail.%I AS e (product_id, description_embedding)
        SELECT ($1)[n.ordinal], n.embedding
        FROM embedding.embed_all($2) AS n
        WHERE n.embedding IS NOT NULL
        ORDER BY 1
        ON CONFLICT (product_id) DO UPDATE
        SET description_embedding = excluded.description_embedding, last_updated = excluded.last_updated
        WHERE e.description_embedding OPERATOR(public.<>) excluded.description_embedding
    $sql$, v_table) USING embed_contents.product_ids, embed_contents.contents;
    GET DIAGNOSTICS v_written = ROW_COUNT;
    RETURN v_written;
END
$function$;

COMMENT ON FUNCTION retail.embed_contents IS $comment$
For retail.refresh_search. Where a service makes the vectors, those of these products go, and full-text search alone
finds them until storekeeper embed, or a server, has got new ones. On the way back to the built-in model their next
vectors are made at once.
@return How many vectors were written.
$comment$;
REVOKE ALL ON FUNCTION retail.embed_contents FROM PUBLIC;

-- object: functions/retail/embedding_index_state.sql
-- Whether the vectors have the index that so many need.
-- drop: DROP FUNCTION retail.embedding_index_state;
CREATE OR REPLACE FUNCTION retail.embedding_index_state()
RETURNS TABLE (ok boolean, finding text)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_wanted    CONSTANT text[] := ARRAY(SELECT w.* FROM retail.wanted_embedding_index() AS w);
    v_dimension CONSTANT integer := (
        SELECT public.vector_dims(e.description_embedding) FROM retail.product_description_embeddings AS e LIMIT 1
    );
    v_limit     CONSTANT integer := retail.exact_search_limit(v_dimension);
    v_count     CONSTANT integer := (
        SELECT count(*) FROM (SELECT FROM retail.product_description_embeddings AS e LIMIT v_limit + 1) AS c
    );
    v_index     CONSTANT text := (
        SELECT string_agg(i.indexrelid::regclass::text, ', ')
        FROM pg_index AS i
        JOIN pg_class AS c ON c.oid = i.indexrelid
        JOIN pg_am AS m ON m.oid = c.relam AND m.amname = 'hnsw'
        WHERE i.indrelid = 'retail.product_description_embeddings'::regclass
    );
BEGIN
    ok := v_wanted = '{}' AND (v_count <= v_limit OR v_dimension <= 4000);
    finding := CASE
        WHEN v_dimension IS NULL THEN 'there are no vectors yet'
        WHEN v_wanted[1] LIKE 'DROP %' THEN format(
            '%s: not valid, as a build ended halfway or goes on, or not for %s dimensions',
            (
                SELECT string_agg(split_part(w, ' ', 4), ', ')
                FROM unnest(v_wanted) AS w
                WHERE w LIKE 'DROP %'
            ),
            v_dimension
        )
        WHEN NOT ok AND v_dimension > 4000 THEN format('no index takes vectors of %s dimensions', v_dimension)
        WHEN NOT ok THEN format('missing: more than %s vectors of %s dimensions are compared one by one', v_limit, v_dimension)
        WHEN v_index IS NOT NULL THEN v_index
        ELSE format('not needed: %s vectors, and up to %s are compared one by one', v_count, v_limit)
    END;
    RETURN NEXT;
END
$function$;

COMMENT ON FUNCTION retail.embedding_index_state IS $comment$
What storekeeper index and doctor say of the index of retail.product_description_embeddings. Looks at no more vectors
than it takes to know whether an index is needed.
@title State of the vector index
@return ok       Whether it is as it should be.
@return finding  What was found.
@example SELECT * FROM retail.embedding_index_state();
$comment$;
REVOKE ALL ON FUNCTION retail.embedding_index_state FROM PUBLIC;
-- That role may not use the schema.
REVOKE ALL ON FUNCTION retail.embedding_index_state FROM storekeeper_dba;
GRANT EXECUTE ON FUNCTION retail.embedding_index_state TO storekeeper_definer, storekeeper_loader;

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
            MESSAGE = format('There is no product %s.', coalesce(quote_literal(left(find_product.sku, 100)), 'without a sku')),
            HINT = coalesce(
                'Near to it: ' || retail.near_products(find_product.sku) || '.',
                'semantic_search_products finds products, with their sku, by words.'
            );
    END IF;
    RETURN v_product;
END
$function$;

COMMENT ON FUNCTION retail.find_product IS $comment$
The product with this article number, in any letter case; SK404, with near ones in the hint, when there is none.
@title Find a product
@param sku  Article number, for example HTHA000101.
@return The row of retail.products.
@example SELECT (retail.find_product('HTHA000101')).name;
$comment$;
REVOKE ALL ON FUNCTION retail.find_product FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.find_product TO store_managers, regional_managers, head_office;

-- object: functions/retail/nearest_products.sql
-- The products nearest to a vector, under filters: exactly where they are few, by the index where many.
-- drop: DROP FUNCTION retail.nearest_products;
-- Only once pgvector is loaded may others than superusers name its settings.
DO $do$ BEGIN PERFORM '[1]'::public.vector; END $do$;
CREATE OR REPLACE FUNCTION retail.nearest_products(
    query_embedding public.vector,
    how_many        integer       DEFAULT 20,
    type_ids        smallint[]    DEFAULT NULL,
    price_min       numeric       DEFAULT NULL,
    price_max       numeric       DEFAULT NULL,
    stocked_in      uuid[]        DEFAULT NULL,
    active_only     boolean       DEFAULT false,
    product_ids     integer[]     DEFAULT NULL
)
RETURNS TABLE (product_id integer, distance double precision)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
SET hnsw.iterative_scan = relaxed_order
SET hnsw.ef_search = 800
SET hnsw.max_scan_tuples = 20000
-- From the index, or from the candidates, to the other rows one by one: never through a whole table.
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET jit = off
AS $function$
DECLARE
    v_dimension  CONSTANT integer := public.vector_dims(query_embedding);
    v_narrow     CONSTANT text := concat_ws(
        ' AND ',
        CASE WHEN type_ids IS NOT NULL THEN 'p.type_id = ANY ($3)' END,
        CASE WHEN price_min IS NOT NULL THEN 'p.base_price >= $4' END,
        CASE WHEN price_max IS NOT NULL THEN 'p.base_price <= $5' END,
        CASE WHEN product_ids IS NOT NULL THEN 'p.product_id = ANY ($7)' END
    );
    v_filter     CONSTANT text := concat_ws(
        ' AND ',
        nullif(v_narrow, ''),
        CASE WHEN active_only THEN 'p.is_active' END,
        CASE WHEN stocked_in IS NOT NULL THEN
            'EXISTS (SELECT FROM retail.inventory AS i WHERE i.product_id = p.product_id'
            ' AND i.store_id = ANY ($6) AND i.stock_level > 0)'
        END
    );
    -- Candidates that a filter leaves are looked up one by one, which takes three times as long.
    v_limit      CONSTANT integer
        := retail.exact_search_limit(v_dimension) / CASE WHEN v_filter <> '' THEN 3 ELSE 1 END;
    v_from       CONSTANT text := ' FROM retail.product_description_embeddings AS e'
        || CASE WHEN v_filter <> '' THEN ' JOIN retail.products AS p USING (product_id) WHERE ' || v_filter ELSE '' END;
    -- As wanted_embedding_index has it; the dimension must be in the text for the index to match.
    v_order      CONSTANT text := format(
        ' ORDER BY e.description_embedding::public.halfvec(%1$s) OPERATOR(public.<=>) $1::public.halfvec(%1$s) LIMIT ',
        v_dimension
    );
    v_count      CONSTANT text := 'SELECT count(*) FROM (SELECT FROM retail.products AS p%s LIMIT %s) AS c';
    v_look       CONSTANT text :=
        'SELECT array_agg(n.product_id ORDER BY n.distance, n.product_id),'
        ' array_agg(n.distance ORDER BY n.distance, n.product_id)'
        ' FROM (SELECT c.product_id, c.description_embedding OPERATOR(public.<=>) $1 AS distance'
        ' FROM (SELECT e.product_id, e.description_embedding%s) AS c ORDER BY 2, 1 LIMIT $2) AS n';
    v_candidates integer;
    v_ids        integer[];
    v_distances  double precision[];
    v_enough     boolean := false;
BEGIN
    IF query_embedding IS NULL OR how_many >= 1 IS NOT TRUE OR public.vector_norm(query_embedding) = 0 THEN
        RETURN;
    END IF;
    -- Counted no further than the answer matters, and by what an index can count.
    EXECUTE format(v_count, coalesce(' WHERE ' || nullif(v_narrow, ''), ''), v_limit + 1)
    INTO v_candidates
    USING query_embedding, how_many, type_ids, price_min, price_max, stocked_in, product_ids;

    IF v_candidates > v_limit AND v_dimension <= 4000 THEN
        -- A few more than asked for, as half the precision may change places of near neighbours. Under a filter the
        -- nearest of all, and who of them passes.
        EXECUTE format(v_look, CASE WHEN v_filter = '' THEN v_from || v_order || '2 * $2::bigint + 20' ELSE
            ' FROM (SELECT e.product_id, e.description_embedding FROM retail.product_description_embeddings AS e'
                || v_order || '800) AS e JOIN retail.products AS p USING (product_id) WHERE ' || v_filter
        END)
        INTO v_ids, v_distances
        USING query_embedding, how_many, type_ids, price_min, price_max, stocked_in, product_ids;

        IF v_filter <> '' AND cardinality(v_ids) = how_many IS NOT TRUE THEN
            EXECUTE format(v_count, ' WHERE ' || v_filter, 12 * v_limit + 1)
            INTO v_candidates
            USING query_embedding, how_many, type_ids, price_min, price_max, stocked_in, product_ids;
            -- Too many to compare: on through the index until enough have passed, or it has gone far enough.
            IF v_candidates > 12 * v_limit THEN
                EXECUTE format(v_look, v_from || v_order || '2 * $2::bigint + 20')
                INTO v_ids, v_distances
                USING query_embedding, how_many, type_ids, price_min, price_max, stocked_in, product_ids;
                v_enough := true;
            END IF;
        END IF;
        IF v_enough OR cardinality(v_ids) = how_many THEN
            RETURN QUERY SELECT u.product_id, u.distance FROM unnest(v_ids, v_distances) AS u (product_id, distance);
            RETURN;
        END IF;
    END IF;

    RETURN QUERY EXECUTE
        'SELECT e.product_id, e.description_embedding OPERATOR(public.<=>) $1' || v_from || ' ORDER BY 2, 1 LIMIT $2'
    USING query_embedding, how_many, type_ids, price_min, price_max, stocked_in, product_ids;
END
$function$;

COMMENT ON FUNCTION retail.nearest_products IS $comment$
The products whose vectors are nearest to a vector by cosine, the nearest first: as many as asked for wherever the
filters leave as many. Up to retail.exact_search_limit vectors, or a third of it that a filter leaves, are compared one
by one; more are looked up in the index of retail.wanted_embedding_index, and sorted by their exact distance. Where a
filter leaves more than four times the limit and few of the nearest pass it, fewer are found: those that are among the
20,000 nearest of all.
@title Nearest products
@param query_embedding  Of the model and dimension of the table; nothing is near to NULL or zeros.
@param how_many         At most so many.
@param type_ids         Of these types; NULL: any.
@param price_min        List price at least.
@param price_max        List price at most.
@param stocked_in       In stock in one of these stores, as far as the caller sees them; NULL: or not.
@param active_only      Without those that are no longer bought in.
@param product_ids      Among these; NULL: all.
@return product_id  The product.
@return distance    Cosine distance: 0 is the same, 1 is unrelated.
@example SELECT * FROM retail.nearest_products((SELECT description_embedding FROM retail.product_description_embeddings LIMIT 1), 5);
$comment$;
REVOKE ALL ON FUNCTION retail.nearest_products FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.nearest_products TO store_managers, regional_managers, head_office;

-- object: functions/retail/queue_embeddings.sql
-- Has the products that lack a vector of a model wait for one.
-- drop: DROP FUNCTION retail.queue_embeddings;
CREATE OR REPLACE FUNCTION retail.queue_embeddings(model_id smallint)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_active   boolean;
    v_model_id smallint;
    v_table    name;
    v_queued   bigint := 0;
    v_keys     text[];
    v_contents text[];
BEGIN
    SELECT m.is_active, CASE WHEN m.provider <> 'built-in' THEN m.model_id END INTO STRICT v_active, v_model_id
    FROM embedding.models AS m
    WHERE m.model_id = queue_embeddings.model_id;
    v_table := CASE
        WHEN v_active THEN 'product_description_embeddings' ELSE 'next_product_description_embeddings'
    END;
    -- Whoever changes what is described now does not see the model yet, and would not queue the new text.
    LOCK TABLE retail.categories, retail.product_types, retail.products IN SHARE MODE;
    IF NOT v_active AND v_model_id IS DISTINCT FROM (SELECT n.model_id FROM search.next_description_model AS n) THEN
        -- What another model left there.
        PERFORM retail.empty_next_embeddings();
        INSERT INTO search.next_description_model (model_id) SELECT v_model_id WHERE v_model_id IS NOT NULL;
    END IF;
    IF v_model_id IS NULL THEN
        EXECUTE format($sql$
            INSERT INTO retail.%1$I AS e (product_id, description_embedding)
            SELECT b.product_ids[v.ordinal], v.embedding
            FROM (
                SELECT array_agg(d.product_id) AS product_ids, array_agg(d.content) AS contents
                FROM retail.describe_products(ARRAY(
                    SELECT p.product_id
                    FROM retail.products AS p
                    WHERE NOT EXISTS (SELECT FROM retail.%1$I AS e WHERE e.product_id = p.product_id)
                )) AS d
                GROUP BY d.product_id / 5000
            ) AS b
            CROSS JOIN LATERAL embedding.embed_all(b.contents) AS v
            WHERE v.embedding IS NOT NULL
        $sql$, v_table);
        RETURN 0;
    END IF;
    FOR v_keys, v_contents IN EXECUTE format($sql$
        SELECT array_agg(d.product_id::text), array_agg(d.content)
        FROM retail.describe_products(ARRAY(
            SELECT p.product_id
            FROM retail.products AS p
            WHERE NOT EXISTS (SELECT FROM retail.%I AS e WHERE e.product_id = p.product_id)
        )) AS d
        GROUP BY d.product_id / 10000
    $sql$, v_table)
    LOOP
        PERFORM gateway.queue_texts('retail.products', v_keys, v_contents, queue_embeddings.model_id);
        v_queued := v_queued + cardinality(v_keys);
    END LOOP;
    RETURN v_queued;
END
$function$;

COMMENT ON FUNCTION retail.queue_embeddings IS $comment$
For gateway.begin_model, as storekeeper_owner: the products that have no vector of this model wait for one; of the
built-in model they get it at once. Who writes products, their types or categories waits
meanwhile; who reads them does not.
@return How many products lack a vector.
$comment$;
REVOKE ALL ON FUNCTION retail.queue_embeddings FROM PUBLIC;

-- object: functions/retail/rank_products.sql
-- The products that a query means, best first: by words and by meaning.
-- drop: DROP FUNCTION retail.rank_products;
CREATE OR REPLACE FUNCTION retail.rank_products(
    query                text,
    query_embedding      public.vector     DEFAULT NULL,
    how_many             integer           DEFAULT 20,
    similarity_threshold retail.similarity DEFAULT NULL,
    category_id          smallint          DEFAULT NULL,
    price_min            numeric           DEFAULT NULL,
    price_max            numeric           DEFAULT NULL,
    stocked_in           uuid[]            DEFAULT NULL
)
RETURNS TABLE (
    product_id  integer,
    score       double precision,
    text_rank   integer,
    vector_rank integer,
    similarity  double precision,
    matched     text
)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
-- From a few products to their rows one by one: never through a whole table.
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET jit = off
AS $function$
DECLARE
    -- Settled on the first half of the labelled queries: tests/search.
    c_k        CONSTANT double precision := 10;
    c_vector   CONSTANT double precision := 0.7;  -- what meaning counts beside all words of the query
    c_weights  CONSTANT real[] := '{0.4, 0.6, 0.7, 1}';  -- of D, C, B and A
    c_looked_at CONSTANT integer := 1000;  -- products whose words are compared, where there are more
    v_depth    CONSTANT integer := greatest(rank_products.how_many, 50);
    v_type_ids CONSTANT smallint[] := CASE WHEN rank_products.category_id IS NOT NULL THEN ARRAY(
        SELECT t.type_id FROM retail.product_types AS t WHERE t.category_id = rank_products.category_id
    ) END;
    v_typed    CONSTANT text := lower(regexp_replace(trim(rank_products.query), '\s+', ' ', 'g'));
    -- What of it is the SKU of a product, or the beginning of one; the rest says what else is meant.
    v_skus     CONSTANT text[] := ARRAY(
        SELECT m.sku[1]
        FROM regexp_matches(upper(v_typed), '\m[A-Z]{2,4}[0-9]{2,6}\M', 'g') AS m (sku)
        WHERE EXISTS (
            SELECT FROM retail.products AS p WHERE p.sku >= m.sku[1]::varchar AND p.sku <= (m.sku[1] || '999999')::varchar
        )
    );
    v_rest     CONSTANT text := CASE WHEN v_skus = '{}' THEN v_typed
        ELSE trim(regexp_replace(v_typed, format(' ?\m(?:%s)\M ?', array_to_string(v_skus, '|')), ' ', 'gi'))
    END;
    v_only_skus CONSTANT boolean := v_skus <> '{}' AND v_rest !~ '[[:alnum:]]';
    v_embedding public.vector;
    v_pinned   integer[];
    v_places   integer[];
    v_terms    tsquery[];
    v_shares   real[];
    v_words    text[];
    v_spelt    text;
    v_wanted   tsquery;  -- by the rare words; products that have only frequent ones are too many
    v_all      tsquery;  -- by all words, where even the rarest is too frequent
    v_try      tsquery;
    v_total    real;  -- products
    v_looked_at integer[] := '{}';
    v_text_ids integer[];
    v_covered  double precision[];  -- how much of the query is in the product, by the words' shares
    v_near_ids integer[];
    v_near     double precision[];
BEGIN
    IF rank_products.query_embedding IS NOT NULL AND NOT v_only_skus THEN
        PERFORM retail.check_embedding(rank_products.query_embedding, 'query_embedding');
        v_embedding := rank_products.query_embedding;
    END IF;

    -- What is named outright comes first.
    v_pinned := ARRAY(
        SELECT p.product_id
        FROM (
            SELECT p.product_id, p.sku FROM retail.products AS p WHERE lower(p.name) = v_typed
            UNION
            SELECT p.product_id, p.sku
            FROM unnest(v_skus) AS m (sku)
            JOIN retail.products AS p ON p.sku >= m.sku::varchar AND p.sku <= (m.sku || '999999')::varchar
        ) AS p
        JOIN retail.products AS f USING (product_id)
        WHERE (v_type_ids IS NULL OR f.type_id = ANY (v_type_ids))
          AND (rank_products.price_min IS NULL OR f.base_price >= rank_products.price_min)
          AND (rank_products.price_max IS NULL OR f.base_price <= rank_products.price_max)
          AND (rank_products.stocked_in IS NULL OR EXISTS (
                SELECT FROM retail.inventory AS i
                WHERE i.product_id = f.product_id AND i.store_id = ANY (rank_products.stocked_in) AND i.stock_level > 0
          ))
        ORDER BY p.sku
        LIMIT rank_products.how_many
    );

    -- Rare words say more than frequent ones.
    SELECT
        array_agg(t.place ORDER BY t.place), array_agg(quote_literal(t.lexeme)::tsquery ORDER BY t.place),
        array_agg((t.weight * ln(1 + n.total / t.products))::real ORDER BY t.place),
        array_agg(CASE t.kind
            WHEN 'corrected' THEN format('corrected: "%s" -> %s', t.word, t.spelt)
            WHEN 'synonym' THEN format('synonym: "%s" -> %s', t.word, t.spelt)
            WHEN 'joined' THEN 'joined: ' || t.word
            ELSE 'words: ' || t.word
        END ORDER BY t.place),
        string_agg(DISTINCT t.spelt, ' ') FILTER (WHERE t.kind = 'corrected' AND t.turn <= 2 OR t.kind = 'synonym'),
        string_agg(quote_literal(t.lexeme), ' | ')
            FILTER (WHERE t.products_so_far <= c_looked_at OR t.rarity = 1 OR n.total <= c_looked_at)::tsquery,
        CASE WHEN min(t.products) > c_looked_at THEN
            string_agg(quote_literal(t.lexeme), ' & ') FILTER (WHERE t.kind = 'word')::tsquery
        END,
        max(n.total)
    INTO v_places, v_terms, v_shares, v_words, v_spelt, v_wanted, v_all, v_total
    FROM (
        SELECT
            s.place, s.word, s.lexeme, s.weight, s.products, s.kind, s.spelt,
            row_number() OVER (PARTITION BY s.place ORDER BY s.products DESC, s.lexeme) AS turn,
            row_number() OVER (ORDER BY s.products, s.lexeme, s.place) AS rarity,
            sum(s.products) OVER (ORDER BY s.products, s.lexeme, s.place) AS products_so_far
        FROM retail.search_terms(v_rest) AS s
    ) AS t
    CROSS JOIN (SELECT k.products::real AS total FROM search.lexemes AS k WHERE k.lexeme = '') AS n;

    FOREACH v_try IN ARRAY ARRAY[v_all, v_wanted] LOOP
        CONTINUE WHEN v_try IS NULL;
        WITH looked_at AS MATERIALIZED (
            SELECT s.product_id, s.document
            FROM search.documents AS s
            JOIN retail.products AS p USING (product_id)
            WHERE s.document @@ v_try
              AND (v_type_ids IS NULL OR p.type_id = ANY (v_type_ids))
              AND (rank_products.price_min IS NULL OR p.base_price >= rank_products.price_min)
              AND (rank_products.price_max IS NULL OR p.base_price <= rank_products.price_max)
              AND (rank_products.stocked_in IS NULL OR EXISTS (
                    SELECT FROM retail.inventory AS i
                    WHERE i.product_id = p.product_id
                      AND i.store_id = ANY (rank_products.stocked_in) AND i.stock_level > 0
              ))
            LIMIT c_looked_at
        )
        SELECT
            v_looked_at || (SELECT array_agg(l.product_id) FROM looked_at AS l),
            array_agg(r.product_id ORDER BY r.relevance DESC, r.product_id),
            array_agg(r.covered / r.whole ORDER BY r.relevance DESC, r.product_id)
        INTO v_looked_at, v_text_ids, v_covered
        FROM (
            SELECT
                b.product_id, sum(b.relevance) AS relevance,
                sum(b.share) FILTER (WHERE b.relevance > 0) AS covered, sum(b.share) AS whole
            FROM (
                -- Of the words that one may stand for, the best.
                SELECT
                    l.product_id, t.place, max(t.share) AS share,
                    max(t.share * ts_rank(c_weights, l.document, t.term)) AS relevance
                FROM looked_at AS l
                CROSS JOIN unnest(v_places, v_terms, v_shares) AS t (place, term, share)
                GROUP BY l.product_id, t.place
            ) AS b
            GROUP BY b.product_id
            ORDER BY relevance DESC, b.product_id
            LIMIT v_depth
        ) AS r;
        EXIT WHEN cardinality(v_text_ids) >= rank_products.how_many;
    END LOOP;

    IF v_embedding IS NULL
        AND NOT v_only_skus
        AND NOT EXISTS (SELECT FROM search.description_model)
        AND EXISTS (SELECT FROM embedding.models AS m WHERE m.is_active AND m.provider = 'built-in')
    THEN
        -- Corrections are added; what was typed stays.
        v_embedding := embedding.embed(concat_ws(' ', v_rest, v_spelt));
    END IF;
    IF v_embedding IS NOT NULL THEN
        SELECT array_agg(n.product_id ORDER BY n.distance, n.product_id), array_agg(1 - n.distance ORDER BY n.distance, n.product_id)
        INTO v_near_ids, v_near
        FROM (
            SELECT n.product_id, n.distance
            FROM retail.nearest_products(
                v_embedding, v_depth, v_type_ids, rank_products.price_min, rank_products.price_max, rank_products.stocked_in
            ) AS n
            UNION
            -- The index misses some of the nearest, and those mostly have words of the query.
            SELECT e.product_id, e.description_embedding OPERATOR(public.<=>) v_embedding
            FROM retail.product_description_embeddings AS e
            WHERE e.product_id = ANY (v_looked_at)
              AND v_total > retail.exact_search_limit(public.vector_dims(v_embedding))
            ORDER BY distance, product_id
            LIMIT v_depth
        ) AS n
        WHERE coalesce(n.distance <= 1 - rank_products.similarity_threshold, true);
    END IF;

    RETURN QUERY
    WITH found AS (
        SELECT
            h.product_id,
            min(h.turn) FILTER (WHERE h.side = 'pinned')::integer AS pinned,
            min(h.turn) FILTER (WHERE h.side = 'text')::integer AS text_rank,
            min(h.turn) FILTER (WHERE h.side = 'vector')::integer AS vector_rank,
            min(h.similarity) AS similarity,
            min(h.covered) AS covered
        FROM (
            SELECT
                'pinned' AS side, u.product_id, u.turn, NULL::double precision AS similarity,
                NULL::double precision AS covered
            FROM unnest(v_pinned) WITH ORDINALITY AS u (product_id, turn)
            UNION ALL
            SELECT 'text', u.product_id, u.turn, NULL, u.covered
            FROM unnest(v_text_ids, v_covered) WITH ORDINALITY AS u (product_id, covered, turn)
            UNION ALL
            SELECT 'vector', u.product_id, u.turn, u.similarity, NULL
            FROM unnest(v_near_ids, v_near) WITH ORDINALITY AS u (product_id, similarity, turn)
        ) AS h
        GROUP BY h.product_id
    ),
    best AS (
        SELECT
            f.product_id, f.pinned, f.text_rank, f.vector_rank, f.similarity,
            -- Reciprocal ranks; 1 for what is first wherever was looked, and has all words.
            CASE WHEN f.pinned IS NOT NULL THEN 1 ELSE
                (coalesce(f.covered / (c_k + f.text_rank), 0) + coalesce(c_vector / (c_k + f.vector_rank), 0))
                    * (c_k + 1) / (1 + CASE WHEN v_embedding IS NULL THEN 0 ELSE c_vector END)
            END AS score
        FROM found AS f
        ORDER BY f.pinned, score DESC, f.vector_rank, f.product_id
        LIMIT rank_products.how_many
    )
    SELECT
        b.product_id, b.score, b.text_rank, b.vector_rank, b.similarity,
        concat_ws(
            '; ',
            CASE WHEN b.pinned IS NOT NULL THEN CASE WHEN lower(p.name) = v_typed THEN 'name' ELSE 'sku' END END,
            w.matched,
            CASE WHEN b.vector_rank IS NOT NULL THEN 'meaning' END
        )
    FROM best AS b
    JOIN retail.products AS p USING (product_id)
    LEFT JOIN LATERAL (
        SELECT coalesce(
            nullif(concat_ws(
                '; ',
                -- A number with its unit tells it alone, too.
                'words: ' || regexp_replace(
                    string_agg(DISTINCT substr(t.word, 8) COLLATE "C", ', ') FILTER (WHERE t.word LIKE 'words: %'),
                    '(^|, )([\d.]+), (\2 [a-z])', '\1\3', 'g'
                ),
                string_agg(DISTINCT t.word, '; ') FILTER (WHERE t.word LIKE 'corrected: %' OR t.word LIKE 'synonym: %')
            ), ''),
            'words: ' || string_agg(DISTINCT substr(t.word, 9), ', ')
        ) AS matched
        FROM search.documents AS s
        CROSS JOIN unnest(v_terms, v_words) AS t (term, word)
        WHERE s.product_id = b.product_id AND s.document @@ t.term
    ) AS w ON true
    ORDER BY b.pinned, b.score DESC, b.vector_rank, b.product_id;
END
$function$;

COMMENT ON FUNCTION retail.rank_products IS $comment$
The core of semantic_search_products, without prices and stock. A product that is named by its SKU, the beginning of
one, or its whole name comes first; then by reciprocal rank fusion of full-text search (retail.search_terms) and of
retail.nearest_products. Without a vector of the query, given or by the built-in model, by full-text search alone.
@title Rank products
@param query                 What is looked for.
@param query_embedding       Its vector by a model outside; NULL: the built-in model's.
@param how_many              At most so many products.
@param similarity_threshold  What is found by meaning alone must be this similar.
@param category_id           Of this category.
@param price_min             List price at least.
@param price_max             List price at most.
@param stocked_in            In stock in one of these stores, as far as the caller sees them.
@return product_id   The product.
@return score        0 to 1, from the ranks.
@return text_rank    By words; NULL when it was not found by them.
@return vector_rank  By meaning; NULL when it was not found by it.
@return similarity   Cosine similarity, where it was found by meaning.
@return matched      Why it was found.
@example SELECT * FROM retail.rank_products('waterproof electrical connectors');
$comment$;
REVOKE ALL ON FUNCTION retail.rank_products FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.rank_products TO store_managers, regional_managers, head_office;

-- object: functions/retail/refresh_products.sql
-- Keeps search fresh as products, their types and categories change.
-- drop: DROP FUNCTION retail.refresh_products;
CREATE OR REPLACE FUNCTION retail.refresh_products()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_ids integer[] := '{}';
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        -- What refers to the products is truncated with them.
        TRUNCATE search.lexeme_counts, search.words;
    ELSIF TG_OP = 'INSERT' THEN
        v_ids := ARRAY(SELECT n.product_id FROM new_rows AS n);
    ELSIF TG_TABLE_NAME = 'products' THEN
        v_ids := ARRAY(
            SELECT n.product_id FROM new_rows AS n
            EXCEPT
            SELECT o.product_id
            FROM old_rows AS o
            JOIN new_rows AS n USING (product_id)
            WHERE (n.name, n.description, n.type_id) = (o.name, o.description, o.type_id)
        );
    ELSIF TG_TABLE_NAME = 'product_types' THEN
        v_ids := ARRAY(
            SELECT p.product_id
            FROM new_rows AS n
            JOIN old_rows AS o USING (type_id)
            JOIN retail.products AS p USING (type_id)
            WHERE (n.name, n.description, n.category_id) <> (o.name, o.description, o.category_id)
        );
    ELSE
        v_ids := ARRAY(
            SELECT p.product_id
            FROM new_rows AS n
            JOIN old_rows AS o USING (category_id)
            JOIN retail.product_types AS t USING (category_id)
            JOIN retail.products AS p USING (type_id)
            WHERE n.name <> o.name
        );
    END IF;
    -- Who may write prices alone needs no rights on search.
    IF v_ids <> '{}' THEN
        PERFORM retail.refresh_search(v_ids);
    END IF;
    RETURN NULL;
END
$function$;

COMMENT ON FUNCTION retail.refresh_products IS $comment$
Trigger, once a statement: what changed in old_rows and new_rows is searchable in the same transaction. Rows that say
the same as before cost nothing more. A type or a category that is new has no products, and one that goes takes none.
$comment$;
REVOKE ALL ON FUNCTION retail.refresh_products FROM PUBLIC;

-- object: functions/retail/refresh_search.sql
-- Makes products searchable as they are now.
-- drop: DROP FUNCTION retail.refresh_search;
CREATE OR REPLACE FUNCTION retail.refresh_search(product_ids integer[])
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
-- Plans for one product and for thousands are not alike, and the tables may have grown since they were analysed.
SET plan_cache_mode = force_custom_plan
SET jit = off
AS $function$
DECLARE
    -- Sorted, so that no two writers wait for each other.
    v_ids  CONSTANT integer[] := ARRAY(SELECT DISTINCT i FROM unnest(refresh_search.product_ids) AS i ORDER BY i);
    c_size CONSTANT integer := 2000;
    v_some integer[];
    v_text text;
    v_contents text[];
BEGIN
    FOR v_from IN 1 .. cardinality(v_ids) BY c_size LOOP
        v_some := v_ids[v_from : v_from + c_size - 1];
        -- Who changes one of these now would not see the products; who does so later waits, and sees them.
        PERFORM FROM retail.product_types AS t
        JOIN retail.categories AS c USING (category_id)
        WHERE t.type_id IN (SELECT p.type_id FROM retail.products AS p WHERE p.product_id = ANY (v_some))
        ORDER BY t.type_id
        FOR SHARE OF t, c;
        WITH described AS MATERIALIZED (
            SELECT d.product_id, d.content, d.document, d.words
            FROM retail.describe_products(v_some) AS d
        ),
        written AS (
            INSERT INTO search.documents AS s (product_id, document)
            SELECT d.product_id, d.document
            FROM described AS d
            ORDER BY d.product_id
            ON CONFLICT (product_id) DO UPDATE SET document = excluded.document
            WHERE s.document <> excluded.document
        )
        SELECT
            string_agg(d.words, ' '),
            array_agg(d.product_id ORDER BY d.product_id),
            array_agg(d.content ORDER BY d.product_id)
        INTO v_text, v_some, v_contents
        FROM described AS d;

        INSERT INTO search.words (word, lexeme, shorter)
        SELECT w.word, (ts_lexize('english_stem', w.word))[1], retail.shorter_words(w.word)
        FROM (SELECT DISTINCT s.word FROM string_to_table(v_text, ' ') AS s (word)) AS w
        WHERE w.word ~ '^[a-z]{4,20}$'
          AND ts_lexize('english_stem', w.word) <> '{}'
          AND NOT EXISTS (SELECT FROM search.words AS k WHERE k.word = w.word)
        ORDER BY w.word;

        PERFORM retail.embed_contents(v_some, v_contents);
    END LOOP;
END
$function$;

COMMENT ON FUNCTION retail.refresh_search IS $comment$
Writes the documents, words and vectors of these products, as retail.describe_products has them. The triggers on
products, product_types and categories call it: there is no need to, but after triggers were disabled.
@title Refresh search
@param product_ids  Which products; unknown ones are left out.
@example SELECT retail.refresh_search(ARRAY(SELECT product_id FROM retail.products));
$comment$;
REVOKE ALL ON FUNCTION retail.refresh_search FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.refresh_search TO storekeeper_loader;

-- object: functions/retail/search_terms.sql
-- What a query looks for in the words of products.
-- drop: DROP FUNCTION retail.search_terms;
CREATE OR REPLACE FUNCTION retail.search_terms(query text)
RETURNS TABLE (place integer, word text, lexeme text, weight real, products integer, kind text, spelt text)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $function$
DECLARE
    v_words   CONSTANT text[] := (string_to_array(retail.plain_words(search_terms.query), ' '))[1:60];
    -- As retail.plain_words writes a number, alone or with its unit.
    c_units   CONSTANT text := 'inch|foot|sqft|cuft|yard|gallon|quart|pint|ounce|pound|hp|volt|watt|amp|gauge|pack|degree|mm|cm';
    c_measure CONSTANT text := '^(n|' || c_units || ')(\d+(?:d\d+)?)$';
    v_word    text;
    v_told    text;
    v_measure text[];
    v_known   boolean;
    v_limit   integer;
    v_shorter text[];
    v_tried   integer := 0;
BEGIN
    FOR v_place IN 1 .. coalesce(cardinality(v_words), 0) LOOP
        v_word := v_words[v_place];
        v_told := v_word;
        v_known := false;
        IF v_word ~ '\d' THEN
            v_measure := regexp_match(v_word, c_measure);
            v_told := CASE
                WHEN v_measure IS NOT NULL THEN concat_ws(' ', replace(v_measure[2], 'd', '.'), nullif(v_measure[1], 'n'))
                WHEN v_word ~ '^\d[\ddvp]*(?:x\d[\ddvp]*)+$' THEN translate(v_word, 'dvp', './-')
                ELSE v_word
            END;
        END IF;
        FOR place, word, lexeme, weight, products, kind IN
            SELECT v_place, v_told, l.lexeme, 1, k.products, 'word'
            FROM unnest(tsvector_to_array(to_tsvector('english', v_word))) AS l (lexeme)
            LEFT JOIN LATERAL (
                SELECT k.products FROM search.lexemes AS k WHERE k.lexeme = l.lexeme AND k.products > 0 OFFSET 0
            ) AS k ON true
        LOOP
            IF products IS NOT NULL THEN
                RETURN NEXT;
                v_known := true;
            END IF;
        END LOOP;
        IF v_word ~ '^[a-z]{2,}$' AND v_words[v_place + 1] ~ '^[a-z]{2,}$' THEN
            RETURN QUERY
            SELECT v_place, v_word || ' ' || v_words[v_place + 1], k.lexeme, 0.8::real, k.products, 'joined', NULL
            FROM search.lexemes AS k
            WHERE k.lexeme = (ts_lexize('english_stem', v_word || v_words[v_place + 1]))[1] AND k.products > 0;
        END IF;
        -- What others say for it. Each further word of that has a place of its own.
        RETURN QUERY
        SELECT v_place + 100 * (m.n::integer - 1), y.word, k.lexeme, 0.8::real, k.products, 'synonym', y.means
        FROM search.synonyms AS y
        CROSS JOIN LATERAL unnest(tsvector_to_array(to_tsvector('english', y.means))) WITH ORDINALITY AS m (lexeme, n)
        CROSS JOIN LATERAL (
            SELECT k.lexeme, k.products FROM search.lexemes AS k WHERE k.lexeme = m.lexeme AND k.products > 0 OFFSET 0
        ) AS k
        WHERE y.word = ANY (ARRAY[
            v_word, rtrim(v_word, 's'), v_word || ' ' || v_words[v_place + 1], v_word || ' ' || rtrim(v_words[v_place + 1], 's')
        ]);
        v_known := v_known OR FOUND;
        -- Neither a word of the catalogue nor one that says nothing; units are never misspelt.
        IF v_known OR v_word !~ '^[a-z]{4,20}$' OR v_word ~ ('^(?:' || c_units || ')$') OR ts_lexize('english_stem', v_word) = '{}' THEN
            CONTINUE;
        END IF;

        -- Not typed to its end.
        RETURN QUERY
        SELECT DISTINCT ON (k.lexeme) v_place, v_word, k.lexeme, 0.7::real, k.products, 'begun', w.word
        FROM (
            SELECT DISTINCT w.word, w.lexeme FROM search.words AS w
            WHERE w.word > v_word AND w.word < v_word || '~'
            ORDER BY w.word LIMIT 20
        ) AS w
        CROSS JOIN LATERAL (
            SELECT k.lexeme, k.products FROM search.lexemes AS k WHERE k.lexeme = w.lexeme AND k.products > 0 OFFSET 0
        ) AS k
        ORDER BY k.lexeme, w.word;
        CONTINUE WHEN FOUND;

        -- Two words written as one.
        RETURN QUERY
        SELECT DISTINCT v_place, v_word, k.lexeme, 0.7::real, k.products, 'divided', h.word
        FROM (
            SELECT a.word AS first, b.word AS second
            FROM generate_series(3, length(v_word) - 3) AS n
            JOIN search.words AS a ON a.word = left(v_word, n)
            JOIN search.words AS b ON b.word = substr(v_word, n + 1)
            ORDER BY n DESC
            LIMIT 1
        ) AS d
        CROSS JOIN LATERAL (VALUES (d.first), (d.second)) AS h (word)
        JOIN search.words AS w ON w.word = h.word
        CROSS JOIN LATERAL (
            SELECT k.lexeme, k.products FROM search.lexemes AS k WHERE k.lexeme = w.lexeme AND k.products > 0 OFFSET 0
        ) AS k;
        CONTINUE WHEN FOUND;

        -- Misspelt, unless the model knows it as a word: then it is one that the catalogue does not have.
        CONTINUE WHEN EXISTS (SELECT FROM embedding.tokens AS t WHERE t.piece = '▁' || v_word);
        v_tried := v_tried + 1;
        CONTINUE WHEN v_tried > 20;
        v_shorter := retail.shorter_words(v_word);
        v_limit := CASE WHEN length(v_word) <= 7 THEN 1 ELSE 2 END;
        RETURN QUERY
        SELECT v_place, v_word, c.lexeme, 0.7::real, c.products, 'corrected', c.word
        FROM (
            SELECT
                n.word, n.lexeme, n.distance, k.products,
                min(n.distance) OVER () AS nearest,
                row_number() OVER (ORDER BY n.distance, k.products DESC, n.word) AS turn,
                row_number() OVER (PARTITION BY n.lexeme ORDER BY n.distance, n.word) AS form
            FROM (
                SELECT DISTINCT w.word, w.lexeme, retail.edit_distance(v_word, w.word) AS distance
                FROM search.words AS w
                WHERE w.shorter && v_shorter
                  AND abs(length(w.word) - length(v_word)) <= v_limit
            ) AS n
            CROSS JOIN LATERAL (
                SELECT k.lexeme, k.products FROM search.lexemes AS k WHERE k.lexeme = n.lexeme AND k.products > 0 OFFSET 0
            ) AS k
            WHERE n.distance <= v_limit
        ) AS c
        WHERE c.distance = c.nearest AND c.turn <= 5 AND c.form = 1
        ORDER BY c.turn;
    END LOOP;
END
$function$;

COMMENT ON FUNCTION retail.search_terms IS $comment$
The words of a query as search.lexemes has them, those that are near to it where the catalogue does not have it
(begun: the beginning of a word; divided: two words in one; corrected: one letter off, or two in words of more than
seven; joined: two words that the catalogue writes as one, beside both; synonym: by search.synonyms), and how much each counts.
@title Terms of a query
@param query  What somebody looks for.
@return place     Of the word in the query.
@return word      As it was typed; measures as retail.plain_words has them: 0.5 inch, 2x4.
@return lexeme    What is looked for.
@return weight    1 for words as typed.
@return products  How many products have it.
@return kind      word, joined, synonym, begun, divided or corrected.
@return spelt     As the catalogue spells it, where it was typed otherwise.
@example SELECT * FROM retail.search_terms('cordles screwdirver');
$comment$;
REVOKE ALL ON FUNCTION retail.search_terms FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.search_terms TO store_managers, regional_managers, head_office;

-- object: functions/retail/shorter_words.sql
-- What is left of a word without a letter or two.
-- drop: DROP FUNCTION retail.shorter_words;
CREATE OR REPLACE FUNCTION retail.shorter_words(word text)
RETURNS text[]
LANGUAGE sql
IMMUTABLE
STRICT
PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $function$
    WITH one AS (
        SELECT i, overlay(shorter_words.word PLACING '' FROM i FOR 1) AS shorter
        FROM generate_series(1, length(shorter_words.word)) AS i
        -- Of an endless one it would be endlessly many.
        WHERE length(shorter_words.word) <= 40
    )
    SELECT array_agg(DISTINCT s.shorter)
    FROM (
        SELECT shorter_words.word
        UNION ALL
        SELECT o.shorter FROM one AS o
        UNION ALL
        SELECT overlay(o.shorter PLACING '' FROM j FOR 1)
        FROM one AS o, generate_series(o.i, length(o.shorter)) AS j
        WHERE length(shorter_words.word) > 7
    ) AS s (shorter)
$function$;

COMMENT ON FUNCTION retail.shorter_words IS $comment$
The word itself and each text that is left when a letter, or in words of more than seven letters two, are taken away.
Two words that differ by as many letters have one of these in common; the converse does not hold: retail.edit_distance.
@title Shorter words
@param word  One of twenty letters has 211 of them; one of more than 40 has itself alone.
@return The texts.
@example SELECT retail.shorter_words('saw');
$comment$;
REVOKE ALL ON FUNCTION retail.shorter_words FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.shorter_words TO store_managers, regional_managers, head_office;

-- object: functions/retail/swap_embeddings.sql
-- Puts the vectors of the next model in place of those that are searched.
-- drop: DROP FUNCTION retail.swap_embeddings;
CREATE OR REPLACE FUNCTION retail.swap_embeddings(model_id smallint)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_model_id smallint;
    v_schema   text;
    v_name     text;
    v_grant    record;
    v_trigger  record;
    v_comment  text;
    v_next_comment text;
BEGIN
    LOCK TABLE search.description_model, search.next_description_model,
        retail.product_description_embeddings, retail.next_product_description_embeddings
        IN ACCESS EXCLUSIVE MODE;
    SELECT m.model_id INTO v_model_id
    FROM embedding.models AS m
    WHERE m.model_id = swap_embeddings.model_id AND m.provider <> 'built-in';
    IF v_model_id IS DISTINCT FROM (SELECT n.model_id FROM search.next_description_model AS n) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK409',
            MESSAGE = 'The next vectors are those of another model.',
            HINT = 'storekeeper embed makes them anew.';
    END IF;
    FOR v_schema, v_name IN VALUES ('search', 'description_model'), ('retail', 'product_description_embeddings') LOOP
        -- Whoever may read these may read the new ones; the old ones are nobody's.
        FOR v_grant IN
            SELECT g.privilege_type || a.part AS may, CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE g.grantee::regrole::text END AS who
            FROM (
                SELECT format(' (%I)', a.attname) AS part, a.attacl AS acl
                FROM pg_attribute AS a
                WHERE a.attrelid = to_regclass(v_schema || '.' || v_name)
                UNION ALL
                SELECT '', c.relacl FROM pg_class AS c WHERE c.oid = to_regclass(v_schema || '.' || v_name)
            ) AS a, aclexplode(a.acl) AS g
            WHERE g.grantee <> 'storekeeper_owner'::regrole
        LOOP
            EXECUTE format(
                'GRANT %1$s ON %3$s.next_%4$s TO %2$s; REVOKE %1$s ON %3$s.%4$s FROM %2$s',
                v_grant.may, v_grant.who, v_schema, v_name
            );
        END LOOP;
        v_comment := obj_description(to_regclass(v_schema || '.' || v_name), 'pg_class');
        v_next_comment := obj_description(to_regclass(v_schema || '.next_' || v_name), 'pg_class');
        EXECUTE format('ALTER TABLE %s.%s RENAME TO former_%2$s', v_schema, v_name);
        EXECUTE format('ALTER TABLE %s.next_%s RENAME TO %2$s', v_schema, v_name);
        EXECUTE format('ALTER TABLE %s.former_%s RENAME TO next_%2$s', v_schema, v_name);
        EXECUTE format('COMMENT ON TABLE %s.%s IS %L', v_schema, v_name, v_comment);
        EXECUTE format('COMMENT ON TABLE %s.next_%s IS %L', v_schema, v_name, v_next_comment);
        -- What watched the old ones watches the new ones.
        FOR v_trigger IN
            SELECT
                t.tgname, replace(pg_get_triggerdef(t.oid), ' ON ' || v_schema || '.next_', ' ON ' || v_schema || '.') AS ddl,
                CASE t.tgenabled
                    WHEN 'A' THEN 'ENABLE ALWAYS' WHEN 'R' THEN 'ENABLE REPLICA' WHEN 'D' THEN 'DISABLE' ELSE 'ENABLE'
                END AS state
            FROM pg_trigger AS t
            WHERE t.tgrelid = to_regclass(v_schema || '.next_' || v_name) AND NOT t.tgisinternal
        LOOP
            EXECUTE v_trigger.ddl;
            EXECUTE format('ALTER TABLE %s.%s %s TRIGGER %I', v_schema, v_name, v_trigger.state, v_trigger.tgname);
            EXECUTE format('DROP TRIGGER %3$I ON %1$s.next_%2$s', v_schema, v_name, v_trigger.tgname);
        END LOOP;
    END LOOP;
    PERFORM retail.empty_next_embeddings();
END
$function$;

COMMENT ON FUNCTION retail.swap_embeddings IS $comment$
For gateway.activate_model, as storekeeper_owner: the two tables of vectors change their names, which takes no longer
for a million products than for one, and the former vectors are dropped. Indexes go with their table; grants, triggers
and comments stay with the name. SK409 where the next vectors are another model's.
$comment$;
REVOKE ALL ON FUNCTION retail.swap_embeddings FROM PUBLIC;

-- object: functions/retail/wanted_embedding_index.sql
DROP FUNCTION retail.wanted_embedding_index;
-- object: functions/retail/wanted_embedding_index.sql
-- The statements that give a table of vectors the index it should have.
-- drop: DROP FUNCTION retail.wanted_embedding_index;
CREATE OR REPLACE FUNCTION retail.wanted_embedding_index(
    -- By its name at each call: a constant stays with the table when another takes over the name.
    table_name regclass DEFAULT to_regclass('retail.product_description_embeddings'),
    rebuild    boolean  DEFAULT false
)
RETURNS SETOF text
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_dimension integer;
    v_count     integer;
    v_index     record;
    v_there     boolean := false;
BEGIN
    EXECUTE format('SELECT public.vector_dims(e.description_embedding) FROM %s AS e LIMIT 1', table_name) INTO v_dimension;
    FOR v_index IN
        SELECT
            i.indexrelid::regclass AS name,
            -- One that a build left behind, or for vectors of another length, which could not be written.
            i.indisvalid AND i.indisready
                AND a.atttypid = 'public.halfvec'::regtype
                AND coalesce(a.atttypmod = v_dimension, true) AS fit
        FROM pg_index AS i
        JOIN pg_class AS c ON c.oid = i.indexrelid
        JOIN pg_am AS m ON m.oid = c.relam AND m.amname = 'hnsw'
        JOIN pg_attribute AS a ON a.attrelid = i.indexrelid AND a.attnum = 1
        WHERE i.indrelid = table_name
        ORDER BY 1
    LOOP
        IF NOT v_index.fit THEN
            RETURN NEXT format('DROP INDEX CONCURRENTLY %s', v_index.name);
        ELSIF rebuild THEN
            RETURN NEXT format('REINDEX INDEX CONCURRENTLY %s', v_index.name);
        END IF;
        v_there := v_there OR v_index.fit;
    END LOOP;
    IF NOT v_there AND v_dimension <= 4000 THEN
        EXECUTE format(
            'SELECT count(*) FROM (SELECT FROM %s AS e LIMIT %s) AS c',
            table_name, retail.exact_search_limit(v_dimension) + 1
        ) INTO v_count;
        IF v_count > retail.exact_search_limit(v_dimension) THEN
            -- Half the precision: half the size, and the exact distance sorts what is found.
            RETURN NEXT format(
                'CREATE INDEX CONCURRENTLY ON %s USING hnsw'
                ' ((description_embedding::public.halfvec(%s)) public.halfvec_cosine_ops)'
                ' WITH (m = 24, ef_construction = 200)',
                table_name, v_dimension
            );
        END IF;
    END IF;
END
$function$;

COMMENT ON FUNCTION retail.wanted_embedding_index IS $comment$
What is to be run, in this order and each outside a transaction, so that retail.nearest_products finds its index: none
up to retail.exact_search_limit vectors, nor where it is there; else one by HNSW on halfvec of the vectors' dimension,
after those are dropped that are invalid or of another dimension. storekeeper index runs them, and \gexec at psql does.
@title Wanted vector index
@param table_name  The table of vectors; that which is searched where none is given.
@param rebuild     Whether to build an index anew that is there.
@return Statements.
@example SELECT retail.wanted_embedding_index() \gexec
$comment$;
REVOKE ALL ON FUNCTION retail.wanted_embedding_index FROM PUBLIC;
-- That role may not use the schema.
REVOKE ALL ON FUNCTION retail.wanted_embedding_index FROM storekeeper_dba;
GRANT EXECUTE ON FUNCTION retail.wanted_embedding_index TO storekeeper_definer, storekeeper_loader;

-- object: functions/tool/record_order.sql
-- Records an order: the order, its lines, and the units that leave the stock.
-- drop: DROP FUNCTION tool.record_order;
CREATE OR REPLACE FUNCTION tool.record_order(
    customer_id     uuid,
    items           retail.order_line[],
    store_name      text DEFAULT NULL,
    idempotency_key text DEFAULT NULL
)
RETURNS jsonb
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_told CONSTANT jsonb := gateway.once('record_order', idempotency_key, jsonb_build_object(
        'customer_id', customer_id, 'items', to_jsonb(items), 'store_name', store_name
    ));
    -- Named in the query, they let the planner use the index below row security.
    v_store_ids CONSTANT uuid[] := retail.find_stores(store_name);
    v_order_id  CONSTANT uuid := gen_random_uuid();
    v_customer  record;
    v_faults    text;
    v_products  integer[];
    v_lines     jsonb;
    v_stock     jsonb;
    v_total     numeric;
BEGIN
    IF v_told IS NOT NULL THEN
        RETURN v_told;
    END IF;

    IF coalesce(cardinality(items), 0) NOT BETWEEN 1 AND 100 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = format('items has %s lines; an order has 1 to 100.', coalesce(cardinality(items), 0)),
            HINT = 'Give items as [{"sku": "HTHA000101", "quantity": 2}].';
    END IF;
    SELECT string_agg(DISTINCT coalesce(upper(trim(l.sku)), '(no sku)'), ', ') INTO v_faults
    FROM unnest(items) AS l
    WHERE l.sku IS NULL OR l.quantity IS NULL;
    IF v_faults IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = format('items lacks a sku or a quantity: %s.', v_faults),
            HINT = 'Each line needs sku and quantity, for example {"sku": "HTHA000101", "quantity": 2}.';
    END IF;
    SELECT string_agg(t.sku, ', ' ORDER BY t.sku) INTO v_faults
    FROM (SELECT upper(trim(l.sku)) FROM unnest(items) AS l GROUP BY 1 HAVING count(*) > 1) AS t (sku);
    IF v_faults IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = format('items has more than one line for %s.', v_faults),
            HINT = 'Give a product once, with all its units.';
    END IF;

    -- A customer belongs to one store, which is therefore the order's.
    SELECT c.store_id, s.name, concat_ws(' ', c.first_name, c.last_name) AS customer INTO v_customer
    FROM retail.customers AS c
    JOIN retail.stores AS s USING (store_id)
    WHERE c.store_id = ANY (v_store_ids) AND c.customer_id = record_order.customer_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK404',
            MESSAGE = format(
                'There is no customer %s in %s.', coalesce(customer_id::text, '(no customer_id)'),
                coalesce('store ' || quote_literal(store_name), 'your stores')
            ),
            HINT = 'Look for the customer_id in retail.customers, and leave store_name out: the customer decides the store.';
    END IF;

    -- Whole lines, in the order given: prices fixed, products known.
    SELECT
        string_agg(l.sku, ', ' ORDER BY l.line) FILTER (WHERE p.product_id IS NULL),
        array_agg(p.product_id ORDER BY p.product_id),
        jsonb_agg(jsonb_build_object(
            'line_number', l.line,
            'product_id', p.product_id,
            'sku', p.sku,
            'product_name', p.name,
            'quantity', l.quantity,
            'unit_price', coalesce(l.unit_price, p.base_price),
            'discount_percent', coalesce(l.discount_percent, 0),
            'line_total', round(
                l.quantity * coalesce(l.unit_price, p.base_price) * (100 - coalesce(l.discount_percent, 0)) / 100, 2
            )
        ) ORDER BY l.line)
    INTO v_faults, v_products, v_lines
    FROM (
        SELECT upper(trim(u.sku)) AS sku, u.quantity, u.unit_price, u.discount_percent, u.line
        FROM unnest(items) WITH ORDINALITY AS u (sku, quantity, discount_percent, unit_price, line)
    ) AS l
    LEFT JOIN retail.products AS p ON p.sku = l.sku::varchar;
    IF v_faults IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK404',
            MESSAGE = format('There is no product %s.', v_faults),
            HINT = 'Nothing was written. semantic_search_products finds products, with their sku, by words.';
    END IF;
    SELECT string_agg(format('%s (%s)', p.sku, p.name), ', ' ORDER BY p.sku) INTO v_faults
    FROM retail.products AS p
    WHERE p.product_id = ANY (v_products) AND NOT p.is_active;
    IF v_faults IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK409',
            MESSAGE = format('No longer in the range: %s.', v_faults),
            HINT = 'Nothing was written. Leave them out of the order.';
    END IF;

    -- By product_id, as every writer does, so that no two wait for each other. What the locks waited
    -- for is seen by the statements that follow.
    PERFORM
    FROM retail.inventory AS i
    WHERE i.store_id = v_customer.store_id AND i.product_id = ANY (v_products)
    ORDER BY i.product_id
    FOR NO KEY UPDATE;
    SELECT
        string_agg(
            format('%s: %s wanted, %s in stock', l.sku, l.quantity, coalesce(i.stock_level, 0)), '; '
            ORDER BY l.line_number
        ) FILTER (WHERE coalesce(i.stock_level, 0) < l.quantity),
        jsonb_agg(jsonb_build_object(
            'sku', l.sku, 'stock_level', i.stock_level - l.quantity, 'reorder_point', i.reorder_point
        ) ORDER BY l.line_number),
        sum(l.line_total)
    INTO v_faults, v_stock, v_total
    FROM jsonb_to_recordset(v_lines) AS l (
        line_number integer, product_id integer, sku text, quantity integer, line_total numeric
    )
    LEFT JOIN retail.inventory AS i ON i.store_id = v_customer.store_id AND i.product_id = l.product_id;
    IF v_faults IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK409',
            MESSAGE = format('%s has too few. %s.', v_customer.name, v_faults),
            HINT = 'Nothing was written. Take fewer, leave the line out, or have stock brought in first.';
    END IF;

    UPDATE retail.inventory AS i
    SET stock_level = i.stock_level - l.quantity, updated_at = now()
    FROM jsonb_to_recordset(v_lines) AS l (product_id integer, quantity integer)
    WHERE i.store_id = v_customer.store_id AND i.product_id = l.product_id;
    INSERT INTO retail.orders (store_id, order_id, customer_id, total_amount)
    VALUES (v_customer.store_id, v_order_id, customer_id, v_total);
    INSERT INTO retail.order_items (
        store_id, order_id, line_number, product_id, quantity, unit_price, discount_percent, line_total
    )
    SELECT
        v_customer.store_id, v_order_id, l.line_number, l.product_id, l.quantity, l.unit_price,
        l.discount_percent, l.line_total
    FROM jsonb_to_recordset(v_lines) AS l (
        line_number smallint, product_id integer, quantity integer, unit_price numeric,
        discount_percent smallint, line_total numeric
    );
    INSERT INTO retail.stock_movements (store_id, product_id, quantity, reason, order_id)
    SELECT v_customer.store_id, l.product_id, -l.quantity, 'sale', v_order_id
    FROM jsonb_to_recordset(v_lines) AS l (product_id integer, quantity integer);

    RETURN gateway.answered('record_order', idempotency_key, jsonb_build_object(
        'order_id', v_order_id,
        'order_date', now(),
        'status', 'pending',
        'store', v_customer.name,
        'customer', v_customer.customer,
        'total_amount', v_total,
        'items', (SELECT jsonb_agg(l - 'product_id') FROM jsonb_array_elements(v_lines) AS l),
        'stock_left', v_stock
    ));
END
$function$;

COMMENT ON FUNCTION tool.record_order IS $comment$
Records an order of one customer and takes its units from the stock, all or nothing. Ask back rather than
guess a customer, a product or a quantity. Amounts are in US dollars.
@title Record an order
@param customer_id  From retail.customers. It decides the store: a customer orders where they belong.
@param items        1 to 100 lines, each product once: sku and quantity; discount_percent and unit_price where they differ from 0 and the list price.
@param store_name   Refuses the order unless the customer belongs to this store; mostly left out.
@return {order_id, order_date, status, store, customer, total_amount, items, stock_left}; stock_left has stock_level and reorder_point of each product.
@example record_order(customer_id => '8a6c1d0e-5b7f-4c21-9d3e-2f40b1c6a795', items => [{"sku": "HTHA000101", "quantity": 2}])
$comment$;
REVOKE ALL ON FUNCTION tool.record_order FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tool.record_order TO store_managers, regional_managers, head_office;

-- object: functions/tool/semantic_search_products.sql
DROP FUNCTION tool.semantic_search_products;
-- object: functions/tool/semantic_search_products.sql
-- Finds products by what they are for, by words or by number.
-- drop: DROP FUNCTION tool.semantic_search_products;
CREATE OR REPLACE FUNCTION tool.semantic_search_products(
    query_description    text,
    max_rows             retail.row_limit  DEFAULT 20,
    similarity_threshold retail.similarity DEFAULT 0.2,
    category             text              DEFAULT NULL,
    price_min            retail.price      DEFAULT NULL,
    price_max            retail.price      DEFAULT NULL,
    in_stock_only        boolean           DEFAULT false,
    query_embedding      public.vector     DEFAULT NULL,
    query_model          text              DEFAULT NULL
)
RETURNS TABLE (
    sku           text,
    product_name  text,
    description   text,
    category_name text,
    price         numeric,
    stock         bigint,
    discontinued  boolean,
    score         numeric,
    similarity    numeric,
    matched       text,
    degraded      boolean
)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
-- From a few products to their rows one by one: never through a whole table.
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET jit = off
AS $function$
DECLARE
    -- First of all: no other model takes over from here on.
    v_service     CONSTANT smallint := (SELECT d.model_id FROM search.description_model AS d);
    v_embedding   CONSTANT public.vector := CASE
        WHEN semantic_search_products.query_model = (
            SELECT m.name FROM embedding.models AS m WHERE m.model_id = v_service
        ) THEN semantic_search_products.query_embedding
    END;
    v_category_id CONSTANT smallint := retail.find_category(semantic_search_products.category);
    v_store_ids   CONSTANT uuid[] := retail.get_user_store_list();
    v_degraded    boolean;
BEGIN
    IF coalesce(semantic_search_products.query_description, '') !~ '[[:alnum:]]' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = 'query_description says nothing.',
            HINT = 'Say what the product is or does, for example "waterproof electrical connectors", or give a SKU.';
    ELSIF length(semantic_search_products.query_description) > 1000 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = format(
                'query_description has %s characters, more than 1000.', length(semantic_search_products.query_description)
            ),
            HINT = 'Say it in a sentence or two.';
    ELSIF semantic_search_products.price_min > semantic_search_products.price_max THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = format(
                'price_min %s is above price_max %s.', semantic_search_products.price_min, semantic_search_products.price_max
            ),
            HINT = 'Exchange them.';
    END IF;
    v_degraded := NOT EXISTS (SELECT FROM retail.product_description_embeddings) OR CASE
        WHEN v_service IS NOT NULL THEN v_embedding IS NULL
        ELSE NOT EXISTS (SELECT FROM embedding.models AS m WHERE m.is_active AND m.provider = 'built-in')
    END;

    RETURN QUERY
    SELECT
        p.sku::text, p.name::text, p.description, c.name::text, p.base_price,
        coalesce((
            SELECT sum(i.stock_level) FROM retail.inventory AS i
            WHERE i.store_id = ANY (v_store_ids) AND i.product_id = p.product_id
        ), 0),
        NOT p.is_active,
        round(r.score::numeric, 3), round(r.similarity::numeric, 3), r.matched, v_degraded
    FROM retail.rank_products(
        semantic_search_products.query_description,
        v_embedding,
        coalesce(semantic_search_products.max_rows, 20),
        coalesce(semantic_search_products.similarity_threshold, 0.2),
        v_category_id,
        semantic_search_products.price_min,
        semantic_search_products.price_max,
        CASE WHEN semantic_search_products.in_stock_only THEN v_store_ids END
    ) WITH ORDINALITY AS r (product_id, score, text_rank, vector_rank, similarity, matched, n)
    JOIN retail.products AS p USING (product_id)
    JOIN retail.product_types AS t USING (type_id)
    JOIN retail.categories AS c USING (category_id)
    ORDER BY r.n;

    IF NOT FOUND AND v_degraded THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK404',
            MESSAGE = 'No product has these words, and search by meaning is not to be had now (degraded).',
            HINT = 'Try other words for the same thing, or fewer filters.';
    END IF;
END
$function$;

COMMENT ON FUNCTION tool.semantic_search_products IS $comment$
Finds products by a use, a description, words (misspelt, too), a size or a SKU, with price and stock,
the best match first; the last ones may fit loosely.
@title Search products
@embeds query_embedding query_model query_description
@param query_description     For example: hang a heavy mirror.
@param max_rows              1 to 200.
@param similarity_threshold  For what is found by meaning alone.
@param category              For example Power Tools.
@param price_min             US dollars.
@param price_max             US dollars.
@param in_stock_only         In your stores.
@return stock         In your stores.
@return discontinued  Can't be ordered any more.
@return score         0 to 1, by rank.
@return degraded      Only words were searched.
@example semantic_search_products('containers for paint')
$comment$;
REVOKE ALL ON FUNCTION tool.semantic_search_products FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tool.semantic_search_products TO store_managers, regional_managers, head_office;

-- object: views/lexemes.sql
-- How many products have a word.
-- drop: DROP VIEW search.lexemes;
CREATE OR REPLACE VIEW search.lexemes WITH (security_invoker = true) AS
SELECT c.lexeme, sum(c.products)::integer AS products
FROM search.lexeme_counts AS c
GROUP BY c.lexeme;

COMMENT ON VIEW search.lexemes IS 'How many products have a word, by its stem; under the empty one, how many there are.';
REVOKE ALL ON search.lexemes FROM PUBLIC;
GRANT SELECT (lexeme, products) ON search.lexemes TO store_managers, regional_managers, head_office;

-- end of objects
NOTIFY storekeeper_catalog;
