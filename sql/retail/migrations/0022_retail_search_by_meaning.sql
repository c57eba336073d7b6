-- search by meaning: written by storekeeper ship from the object files named below.
-- depends: 0021_gateway_search_by_meaning 0020_retail_recommendations

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
            -- Sizes and pack counts say little of what it is.
            regexp_replace(product.name, '\S*\d\S*', ' ', 'g'), how_many => 3 * how_many + 1,
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
        HAVING count(*) > 2
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

-- object: functions/retail/check_embedding.sql
-- Refuses a vector that cannot be compared with those of the products.
-- drop: DROP FUNCTION retail.check_embedding;
CREATE OR REPLACE FUNCTION retail.check_embedding(embedding public.vector, argument text)
RETURNS void
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_dimension CONSTANT integer := public.vector_dims(check_embedding.embedding);
    v_wanted    integer;
BEGIN
    SELECT public.vector_dims(e.description_embedding) INTO v_wanted
    FROM retail.product_description_embeddings AS e
    LIMIT 1;
    IF v_dimension <> v_wanted THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = format('%s has %s numbers; those of the products have %s.', check_embedding.argument, v_dimension, v_wanted),
            HINT = 'Give a vector of the model that made theirs.';
    ELSIF public.vector_norm(check_embedding.embedding) = 0 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = format('%s is all zeros.', check_embedding.argument),
            HINT = 'A vector without a direction is near to nothing: give that of a text.';
    END IF;
END
$function$;

COMMENT ON FUNCTION retail.check_embedding IS $comment$
SK400 for a vector of another dimension than the products' vectors, and for one of zeros. NULL passes.
@title Check a vector
@param embedding  The vector.
@param argument   What the caller calls it.
@example SELECT retail.check_embedding('[1, 0]', 'query_embedding');
$comment$;
REVOKE ALL ON FUNCTION retail.check_embedding FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.check_embedding TO store_managers, regional_managers, head_office;

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
        TRUNCATE search.lexemes;
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
    IF TG_ARGV[0] <> 'gone' THEN
        INSERT INTO search.lexemes (lexeme, products)
        SELECT c.lexeme, 0
        FROM unnest(v_lexemes) AS c (lexeme)
        WHERE NOT EXISTS (SELECT FROM search.lexemes AS k WHERE k.lexeme = c.lexeme)
        ORDER BY c.lexeme
        ON CONFLICT (lexeme) DO NOTHING;
    END IF;
    -- Who else writes products now is not waited for: ranks bear a count that is a few off, while two
    -- transactions of several statements could wait for each other.
    UPDATE search.lexemes AS k
    SET products = greatest(k.products + c.change, 0)
    FROM unnest(v_lexemes, v_changes) AS c (lexeme, change)
    WHERE k.lexeme = c.lexeme
      AND k.lexeme = ANY (ARRAY(
            SELECT f.lexeme FROM search.lexemes AS f WHERE f.lexeme = ANY (v_lexemes) FOR UPDATE SKIP LOCKED
      ));
    RETURN NULL;
END
$function$;

COMMENT ON FUNCTION retail.count_lexemes IS $comment$
Trigger, once a statement: adds the documents in changed_rows to search.lexemes, or with the argument gone takes
them away. Exact unless two transactions write products at a time; TRUNCATE search.documents and
retail.embed_products() count anew.
$comment$;
REVOKE ALL ON FUNCTION retail.count_lexemes FROM PUBLIC;

-- object: functions/retail/describe_products.sql
-- What search knows of products: the text that is embedded, and the words that are looked for.
-- drop: DROP FUNCTION retail.describe_products;
CREATE OR REPLACE FUNCTION retail.describe_products(product_ids integer[])
RETURNS TABLE (product_id integer, content text, document tsvector, words text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $function$
    WITH
    -- Many products are of one type.
    type AS MATERIALIZED (
        SELECT
            t.type_id, t.name, c.name AS category, t.description,
            retail.plain_words(t.name) AS name_words,
            retail.plain_words(c.name) AS category_words,
            retail.plain_words(left(t.description, 8000)) AS description_words
        FROM retail.product_types AS t
        JOIN retail.categories AS c USING (category_id)
        WHERE t.type_id IN (SELECT p.type_id FROM retail.products AS p WHERE p.product_id = ANY (describe_products.product_ids))
    ),
    product AS MATERIALIZED (
        SELECT
            p.product_id, p.type_id, p.name, p.description,
            retail.plain_words(p.name) AS name_words,
            retail.plain_words(left(p.description, 8000)) AS description_words
        FROM retail.products AS p
        WHERE p.product_id = ANY (describe_products.product_ids)
    )
    SELECT
        p.product_id,
        left(lower(concat_ws('. ', p.name, t.name, t.category, t.description) || ' ' || p.description), 8000),
        setweight(to_tsvector('english', p.name_words), 'A')
            || setweight(to_tsvector('english', t.name_words || ' ' || t.category_words), 'B')
            || setweight(to_tsvector(
                'english', concat_ws(' ', p.description_words, retail.joined_words(p.name_words), retail.joined_words(t.name_words))
            ), 'C')
            || setweight(to_tsvector('english', t.description_words), 'D'),
        concat_ws(' ', p.name_words, t.name_words, t.category_words, p.description_words, t.description_words)
    FROM product AS p
    JOIN type AS t USING (type_id)
$function$;

COMMENT ON FUNCTION retail.describe_products IS $comment$
For the triggers and for who makes vectors: of each product the text to embed (name, type, category, what the type is,
what the product is; in lower case, as models tell it from upper case and people do not), its document for
full-text search, and its words as they are spelt.
@title What search knows of products
@param product_ids  Which products.
@return product_id  The product.
@return content     What is embedded.
@return document    For search.documents.
@return words       For search.words.
@example SELECT content FROM retail.describe_products('{1, 2}');
$comment$;
REVOKE ALL ON FUNCTION retail.describe_products FROM PUBLIC;

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

    -- Neither table has what products has not, so their sizes tell.
    RETURN QUERY
    SELECT
        'search',
        n.lack = 0,
        CASE WHEN n.lack = 0
            THEN 'every product is found by its words and, where there is a model, by its meaning'
            ELSE format('%s products lack their words or their vector', n.lack)
        END,
        'As storekeeper_loader: SELECT retail.embed_products();'
    FROM (
        SELECT greatest(
            p.products - (SELECT count(*) FROM search.documents AS d),
            CASE
                WHEN EXISTS (SELECT FROM embedding.models AS m WHERE m.is_active AND m.provider = 'built-in')
                THEN p.products - (SELECT count(*) FROM retail.product_description_embeddings AS e)
            END
        ) AS lack
        FROM (SELECT count(*) AS products FROM retail.products) AS p
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

-- object: functions/retail/edit_distance.sql
-- How many letters two words differ by.
-- drop: DROP FUNCTION retail.edit_distance;
CREATE OR REPLACE FUNCTION retail.edit_distance(a text, b text)
RETURNS integer
LANGUAGE plpgsql
IMMUTABLE
STRICT
PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_a    CONSTANT text[] := string_to_array(edit_distance.a, NULL);
    v_b    CONSTANT text[] := string_to_array(edit_distance.b, NULL);
    v_n    CONSTANT integer := cardinality(v_b);
    v_last integer[];
    v_row  integer[] := ARRAY(SELECT j FROM generate_series(0, v_n) AS j);  -- [j + 1] is for j letters
    v_next integer[];
    v_best integer;
BEGIN
    FOR i IN 1 .. cardinality(v_a) LOOP
        v_next := ARRAY[i];
        FOR j IN 1 .. v_n LOOP
            v_best := CASE WHEN v_a[i] = v_b[j] THEN v_row[j] ELSE 1 + least(v_row[j], v_row[j + 1], v_next[j]) END;
            -- Two neighbours that changed places are one mistake.
            IF i > 1 AND j > 1 AND v_a[i] = v_b[j - 1] AND v_a[i - 1] = v_b[j] THEN
                v_best := least(v_best, v_last[j - 1] + 1);
            END IF;
            v_next[j + 1] := v_best;
        END LOOP;
        v_last := v_row;
        v_row := v_next;
    END LOOP;
    RETURN v_row[v_n + 1];
END
$function$;

COMMENT ON FUNCTION retail.edit_distance IS $comment$
How many letters must be changed, added, left out or exchanged with their neighbour to make one word of the other.
@title Edit distance
@param a  A word.
@param b  Another one.
@return 0 for equal words.
@example SELECT retail.edit_distance('screwdirver', 'screwdriver');
$comment$;
REVOKE ALL ON FUNCTION retail.edit_distance FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.edit_distance TO store_managers, regional_managers, head_office;

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
    v_written bigint;
BEGIN
    -- A service's vectors, those that are searched and those of the next model, were made of what is no longer so.
    PERFORM gateway.queue_texts('retail.products', embed_contents.product_ids::text[], embed_contents.contents);
    DELETE FROM retail.next_product_description_embeddings AS e
    WHERE e.product_id = ANY (embed_contents.product_ids);
    IF EXISTS (SELECT FROM search.description_model)
        OR NOT EXISTS (SELECT FROM embedding.models AS m WHERE m.is_active AND m.provider = 'built-in')
    THEN
        DELETE FROM retail.product_description_embeddings AS e
        WHERE e.product_id = ANY (embed_contents.product_ids);
        RETURN 0;
    END IF;
    INSERT INTO retail.product_description_embeddings AS e (product_id, description_embedding)
    SELECT embed_contents.product_ids[n.ordinal], n.embedding
    FROM embedding.embed_all(embed_contents.contents) AS n
    WHERE n.embedding IS NOT NULL
    ORDER BY 1
    ON CONFLICT (product_id) DO UPDATE
    SET description_embedding = excluded.description_embedding, last_updated = excluded.last_updated
    WHERE e.description_embedding OPERATOR(public.<>) excluded.description_embedding;
    GET DIAGNOSTICS v_written = ROW_COUNT;
    RETURN v_written;
END
$function$;

COMMENT ON FUNCTION retail.embed_contents IS $comment$
For retail.refresh_search. Where a service makes the vectors, those of these products go, and full-text search alone
finds them until storekeeper embed, or a server, has got new ones.
@return How many vectors were written.
$comment$;
REVOKE ALL ON FUNCTION retail.embed_contents FROM PUBLIC;

-- object: functions/retail/embed_products.sql
-- Makes searchable what is not yet: products without a document or a vector.
-- drop: DROP FUNCTION retail.embed_products;
CREATE OR REPLACE FUNCTION retail.embed_products()
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $function$
DECLARE
    v_built_in CONSTANT boolean := NOT EXISTS (SELECT FROM search.description_model)
        AND EXISTS (SELECT FROM embedding.models AS m WHERE m.is_active AND m.provider = 'built-in');
    v_ids      integer[];
BEGIN
    SELECT array_agg(p.product_id ORDER BY p.product_id) INTO v_ids
    FROM retail.products AS p
    LEFT JOIN search.documents AS s USING (product_id)
    LEFT JOIN retail.product_description_embeddings AS e USING (product_id)
    WHERE s.product_id IS NULL OR (v_built_in AND e.product_id IS NULL);
    PERFORM retail.refresh_search(v_ids);
    RETURN coalesce(cardinality(v_ids), 0);
END
$function$;

COMMENT ON FUNCTION retail.embed_products IS $comment$
For who loads the built-in model, or products with their triggers disabled: storekeeper init calls it.
@title Embed products
@return How many products lacked something.
@example SELECT retail.embed_products();
$comment$;
REVOKE ALL ON FUNCTION retail.embed_products FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.embed_products TO storekeeper_loader;

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
            '%s: not valid, as a build ended halfway or goes on, or not for %s dimensions', v_index, v_dimension
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
GRANT EXECUTE ON FUNCTION retail.embedding_index_state TO storekeeper_dba, storekeeper_definer, storekeeper_loader;

-- object: functions/retail/empty_next_embeddings.sql
-- Makes room for the vectors of another model.
-- drop: DROP FUNCTION retail.empty_next_embeddings;
CREATE OR REPLACE FUNCTION retail.empty_next_embeddings()
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_index regclass;
BEGIN
    TRUNCATE retail.next_product_description_embeddings, search.next_description_model;
    -- It takes vectors of one dimension only, and is quicker to build when they are there.
    FOR v_index IN
        SELECT i.indexrelid
        FROM pg_index AS i
        JOIN pg_class AS c ON c.oid = i.indexrelid
        JOIN pg_am AS m ON m.oid = c.relam AND m.amname = 'hnsw'
        WHERE i.indrelid = 'retail.next_product_description_embeddings'::regclass
    LOOP
        EXECUTE format('DROP INDEX %s', v_index);
    END LOOP;
END
$function$;

COMMENT ON FUNCTION retail.empty_next_embeddings IS $comment$
For retail.queue_embeddings and retail.swap_embeddings, as storekeeper_owner: the next table of vectors is empty and
without a vector index, and no model's.
$comment$;
REVOKE ALL ON FUNCTION retail.empty_next_embeddings FROM PUBLIC;

-- object: functions/retail/exact_search_limit.sql
-- Up to how many vectors are compared one by one.
-- drop: DROP FUNCTION retail.exact_search_limit;
CREATE OR REPLACE FUNCTION retail.exact_search_limit(dimension integer)
RETURNS integer
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
-- 2.56 million numbers take some 4 ms, 10 where vectors are too long to be in the row (sql/README.md).
RETURN greatest(2560000 / greatest(dimension, 1), 100);

COMMENT ON FUNCTION retail.exact_search_limit IS $comment$
How many vectors of this dimension are searched exactly, one by one; beyond it an index is faster.
@title Limit of exact search
@param dimension  How many numbers a vector has.
@return Vectors: 10,000 of 256 numbers, 1,666 of 1536.
@example SELECT retail.exact_search_limit(256);
$comment$;
REVOKE ALL ON FUNCTION retail.exact_search_limit FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.exact_search_limit
    TO store_managers, regional_managers, head_office, storekeeper_definer;

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
                'top_products lists products with their sku, such as HTHA000101.'
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

-- object: functions/retail/joined_words.sql
-- Neighbouring words as one: tool box as toolbox.
-- drop: DROP FUNCTION retail.joined_words;
CREATE OR REPLACE FUNCTION retail.joined_words(plain_words text)
RETURNS text
LANGUAGE sql
IMMUTABLE
STRICT
PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT coalesce(string_agg(w.word || w.next, ' ' ORDER BY w.n), '')
    FROM (
        SELECT s.word, lead(s.word) OVER (ORDER BY s.n) AS next, s.n
        FROM string_to_table(joined_words.plain_words, ' ') WITH ORDINALITY AS s (word, n)
    ) AS w
    WHERE w.word ~ '^[a-z]{2,}$' AND w.next ~ '^[a-z]{2,}$'
$function$;

COMMENT ON FUNCTION retail.joined_words IS $comment$
Each two words that stand side by side, written as one, as some people write what others write as two.
@title Joined words
@param plain_words  As retail.plain_words gives them.
@return Words, with blanks between them.
@example SELECT retail.joined_words('steel tool box');
$comment$;
REVOKE ALL ON FUNCTION retail.joined_words FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.joined_words TO store_managers, regional_managers, head_office;

-- object: functions/retail/near_products.sql
-- Products that somebody may have meant who gave a wrong number.
-- drop: DROP FUNCTION retail.near_products;
CREATE OR REPLACE FUNCTION retail.near_products(wrong text)
RETURNS text
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_wrong CONSTANT text := upper(trim(left(near_products.wrong, 100)));
    v_type  CONSTANT text := substring(v_wrong FROM '^([A-Z]{4})[0-9]+$');
    v_names text;
BEGIN
    IF v_type IS NOT NULL THEN
        SELECT string_agg(n.named, ', ' ORDER BY n.apart, n.sku) INTO v_names
        FROM (
            SELECT p.sku, format('%s (%s)', p.sku, p.name) AS named, abs(substr(p.sku, 5)::numeric - substr(v_wrong, 5)::numeric) AS apart
            FROM retail.products AS p
            WHERE p.sku >= v_type::varchar
              AND p.sku <= (v_type || '999999')::varchar
              AND p.sku ~ '^[A-Z]{4}[0-9]+$'
            ORDER BY 3, 1
            LIMIT 3
        ) AS n;
    END IF;
    IF v_names IS NULL AND v_wrong ~ '[[:alnum:]]' THEN
        SELECT string_agg(format('%s (%s)', p.sku, p.name), ', ' ORDER BY r.place) INTO v_names
        FROM retail.rank_products(v_wrong, how_many => 3) WITH ORDINALITY
            AS r (product_id, score, text_rank, vector_rank, similarity, matched, place)
        JOIN retail.products AS p USING (product_id)
        -- Anything is near to a vector.
        WHERE r.matched <> 'meaning';
    END IF;
    RETURN v_names;
END
$function$;

COMMENT ON FUNCTION retail.near_products IS $comment$
For the hint of an unknown product: up to three of the same type with the next numbers or, where a name was given,
those with such words.
@title Near products
@param wrong  What was taken for an article number.
@return For example HTHA000101 (…), HTHA000102 (…); NULL when nothing is near.
@example SELECT retail.near_products('claw hammer');
$comment$;
REVOKE ALL ON FUNCTION retail.near_products FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.near_products TO store_managers, regional_managers, head_office;

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
SET hnsw.ef_search = 400
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
BEGIN
    IF query_embedding IS NULL OR how_many < 1 OR public.vector_norm(query_embedding) = 0 THEN
        RETURN;
    END IF;
    -- Counted no further than the answer matters, and by what an index can count.
    EXECUTE format(v_count, coalesce(' WHERE ' || nullif(v_narrow, ''), ''), v_limit + 1)
    INTO v_candidates
    USING query_embedding, how_many, type_ids, price_min, price_max, stocked_in, product_ids;

    IF v_candidates > v_limit AND v_dimension <= 4000 THEN
        -- A few more than asked for, as half the precision may change places of near neighbours. Under a filter the
        -- nearest of all, and who of them passes.
        EXECUTE format(v_look, CASE WHEN v_filter = '' THEN v_from || v_order || '2 * $2 + 20' ELSE
            ' FROM (SELECT e.product_id, e.description_embedding FROM retail.product_description_embeddings AS e'
                || v_order || '400) AS e JOIN retail.products AS p USING (product_id) WHERE ' || v_filter
        END)
        INTO v_ids, v_distances
        USING query_embedding, how_many, type_ids, price_min, price_max, stocked_in, product_ids;

        IF v_filter <> '' AND cardinality(v_ids) = how_many IS NOT TRUE THEN
            EXECUTE format(v_count, ' WHERE ' || v_filter, 12 * v_limit + 1)
            INTO v_candidates
            USING query_embedding, how_many, type_ids, price_min, price_max, stocked_in, product_ids;
            -- Too many to compare: on through the index until enough have passed. Where few near ones do, it finds
            -- others than the nearest.
            IF v_candidates > 12 * v_limit THEN
                EXECUTE format(v_look, v_from || v_order || '2 * $2 + 20')
                INTO v_ids, v_distances
                USING query_embedding, how_many, type_ids, price_min, price_max, stocked_in, product_ids;
            END IF;
        END IF;
        IF cardinality(v_ids) = how_many THEN
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
by one; more are looked up in the index of retail.wanted_embedding_index, and sorted by their exact distance.
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

-- object: functions/retail/plain_words.sql
-- A text as plain words, with its sizes and numbers in one form.
-- drop: DROP FUNCTION retail.plain_words;
CREATE OR REPLACE FUNCTION retail.plain_words(content text)
RETURNS text
LANGUAGE plpgsql
IMMUTABLE
STRICT
PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    -- 1/2, 1-1/2, 1 1/2, 1,000, 4.5. Bounds of words (\m, \M) take a tenth of the time of looking round.
    c_number CONSTANT text := '(?:(?:\d+[- ])?\d+/\d+|\d+(?:,\d{3})+|\d+(?:\.\d+)?)';
    c_unit   CONSTANT text :=
        '(?:(?:in(?:ch(?:es)?)?|(?:sq(?:uare|\.)?|cu(?:bic|\.)?)?[ -]?(?:ft|foot|feet)|yds?|yards?|gal|gallons?|qt|quarts?|pt|pints?'
        '|oz|ounces?|lbs?|pounds?|hp|v|volts?|w|watts?|a|amps?|ga|gauge|awg|packs?|pk|pieces?|pcs?|ct|count|degrees?|mm|cm)'
        '\M|["”″]|''''|[''’′])';
    c_units  CONSTANT jsonb := '{
        "\"": "inch", "”": "inch", "″": "inch", "''''": "inch", "in": "inch", "inche": "inch",
        "''": "foot", "’": "foot", "′": "foot", "ft": "foot", "feet": "foot", "yd": "yard",
        "gal": "gallon", "qt": "quart", "pt": "pint", "oz": "ounce", "lb": "pound",
        "v": "volt", "w": "watt", "a": "amp", "ga": "gauge", "awg": "gauge",
        "pk": "pack", "pc": "pack", "piece": "pack", "ct": "pack", "count": "pack"
    }';
    c_numerals CONSTANT text[] := '{one,two,three,four,five,six,seven,eight,nine,ten,eleven,twelve}';
    v_text     text := lower(plain_words.content);
    v_found    text[];
    v_row      text[];
    v_value    text;
    v_unit     text;
    v_measures text[] := '{}';
BEGIN
    IF v_text ~ '\m(?:half|quarter|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)[ -]' THEN
        -- By digits, where they count units.
        v_text := regexp_replace(v_text, '\m(?:a )?half(?: an?)?[ -](?=(?:inch|gallon|quart|pint|pound))', '1/2 ', 'g');
        v_text := regexp_replace(v_text, '\mthree[ -]quarters?(?: of)?(?: an?)?[ -](?=inch)', '3/4 ', 'g');
        v_text := regexp_replace(v_text, '\m(?:a )?quarter(?: of)?(?: an?)?[ -](?=inch)', '1/4 ', 'g');
        FOR v_found IN
            SELECT DISTINCT m FROM regexp_matches(
                v_text, '\m(' || array_to_string(c_numerals, '|') || ')[ -](?=' || c_unit || ')', 'g'
            ) AS m
        LOOP
            v_text := regexp_replace(
                v_text, '\m' || v_found[1] || '[ -]', array_position(c_numerals, v_found[1]) || ' ', 'g'
            );
        END LOOP;
    END IF;
    IF v_text ~ '\d' THEN
        v_text := regexp_replace(v_text, '(^|[^\d])\.(?=\d)', '\10.', 'g');
        -- 2 in x 4 in x 8 ft, 2x4, 12-2: measures that belong together.
        IF v_text ~ '\d.{0,14}(?:x|×|by) ?[\d.]|\d-\d' THEN
            FOR v_found IN
                SELECT m FROM regexp_matches(
                    v_text,
                    '\m(?:' || c_number || '(?: ?-? ?' || c_unit || ')?(?: ?(?:x|×|by) ?' || c_number
                        || '(?: ?-? ?' || c_unit || '|\M))+|\d+(?:-\d+)+\M(?!/))',
                    'g'
                ) AS m
            LOOP
                v_value := regexp_replace(v_found[1], ' ?(?:x|×|by) ?', '×', 'g');
                IF v_value !~ '×' THEN
                    v_value := replace(v_value, '-', '×');
                END IF;
                v_row := string_to_array(
                    translate(regexp_replace(v_value, ' ?-? ?' || c_unit, '', 'g'), './ -,', 'dvpp'), '×'
                );
                FOR i IN 1 .. cardinality(v_row) - 1 LOOP
                    FOR j IN i + 1 .. least(cardinality(v_row), i + 3) LOOP
                        v_measures := v_measures || array_to_string(v_row[i:j], 'x');
                    END LOOP;
                END LOOP;
            END LOOP;
        END IF;
        -- Each number, with its unit and without.
        FOR v_found IN
            SELECT m FROM regexp_matches(
                v_text, '\m(' || c_number || ')(?: ?-? ?(' || c_unit || ')|\M)', 'g'
            ) AS m
        LOOP
            v_value := replace(v_found[1], ',', '');
            CONTINUE WHEN length(v_value) > 12;
            IF strpos(v_value, '/') > 0 THEN
                v_row := regexp_match(v_value, '^(?:(\d+)[- ])?(\d+)/(\d+)$');
                CONTINUE WHEN v_row[3]::bigint = 0;
                -- 12/2 is a cable.
                IF v_row[1] IS NULL AND v_row[2]::bigint >= v_row[3]::bigint THEN
                    v_measures := v_measures || (v_row[2] || 'x' || v_row[3]);
                    CONTINUE;
                END IF;
                v_value := round(coalesce(v_row[1]::numeric, 0) + v_row[2]::numeric / v_row[3]::numeric, 3)::text;
            END IF;
            v_value := replace(trim_scale(v_value::numeric)::text, '.', 'd');
            v_measures := v_measures || ('n' || v_value);
            IF v_found[2] IS NOT NULL THEN
                v_unit := CASE
                    WHEN v_found[2] LIKE 'sq%' THEN 'sqft'
                    WHEN v_found[2] LIKE 'cu%' THEN 'cuft'
                    ELSE rtrim(ltrim(v_found[2], ' -'), 's')
                END;
                v_unit := coalesce(c_units ->> v_unit, v_unit);
                v_measures := v_measures || (v_unit || v_value);
                -- Inches and feet are everywhere, and say nothing alone.
                IF v_unit NOT IN ('inch', 'foot') THEN
                    v_measures := v_measures || v_unit;
                END IF;
            END IF;
        END LOOP;
        v_text := regexp_replace(
            v_text,
            '\m(?:' || c_number || '(?: ?-? ?' || c_unit || '|\M)|x\M)|×',
            ' ', 'g'
        );
    END IF;
    v_text := regexp_replace(v_text, '[''’]s\M', '', 'g');
    v_text := regexp_replace(v_text, '[!-/:-@\[-`{-~[:space:]]+', ' ', 'g');
    RETURN trim(v_text || ' ' || array_to_string(v_measures, ' '));
END
$function$;

COMMENT ON FUNCTION retail.plain_words IS $comment$
The words of a text in lower case, then its measures, each as a word of its own: 1/2", half inch and 0.5 in are
inch0d5 and n0d5 (the number alone), 2 in x 4 in x 8 ft is 2x4, 4x8 and 2x4x8, 12-2 and 12/2 are 12x2. For
retail.describe_products and retail.search_terms, which must see texts alike.
@title Plain words
@param content  A name, a description or a query.
@return The words, with blanks between them.
@example SELECT retail.plain_words('Copper pipe, half inch');
$comment$;
REVOKE ALL ON FUNCTION retail.plain_words FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.plain_words TO store_managers, regional_managers, head_office;

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
    -- Whoever changes a product now does not see the model yet, and would not queue the new text.
    LOCK TABLE retail.products IN SHARE MODE;
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
built-in model they get it at once. Who writes products waits meanwhile; who reads them does not.
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
    v_embedding public.vector := rank_products.query_embedding;
    v_pinned   integer[];
    v_places   integer[];
    v_terms    tsquery[];
    v_shares   real[];
    v_words    text[];
    v_spelt    text;
    v_wanted   tsquery;  -- by the rare words; products that have only frequent ones are too many
    v_all      tsquery;  -- by all words, where even the rarest is too frequent
    v_try      tsquery;
    v_text_ids integer[];
    v_covered  double precision[];  -- how much of the query is in the product, by the words' shares
    v_near_ids integer[];
    v_near     double precision[];
BEGIN
    -- What is named outright comes first.
    v_pinned := ARRAY(
        SELECT p.product_id
        FROM (
            SELECT p.product_id, p.sku FROM retail.products AS p WHERE lower(p.name) = v_typed
            UNION
            SELECT p.product_id, p.sku
            FROM regexp_matches(upper(v_typed), '\m[A-Z]{2,4}[0-9]{2,6}\M', 'g') AS m (sku)
            JOIN retail.products AS p ON p.sku >= m.sku[1]::varchar AND p.sku <= (m.sku[1] || '999999')::varchar
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
        END
    INTO v_places, v_terms, v_shares, v_words, v_spelt, v_wanted, v_all
    FROM (
        SELECT
            s.place, s.word, s.lexeme, s.weight, s.products, s.kind, s.spelt,
            row_number() OVER (PARTITION BY s.place ORDER BY s.products DESC, s.lexeme) AS turn,
            row_number() OVER (ORDER BY s.products, s.lexeme, s.place) AS rarity,
            sum(s.products) OVER (ORDER BY s.products, s.lexeme, s.place) AS products_so_far
        FROM retail.search_terms(v_typed) AS s
    ) AS t
    CROSS JOIN (SELECT k.products::real AS total FROM search.lexemes AS k WHERE k.lexeme = '') AS n;

    FOREACH v_try IN ARRAY ARRAY[v_all, v_wanted] LOOP
        CONTINUE WHEN v_try IS NULL;
        SELECT
            array_agg(r.product_id ORDER BY r.relevance DESC, r.product_id),
            array_agg(r.covered / r.whole ORDER BY r.relevance DESC, r.product_id)
        INTO v_text_ids, v_covered
        FROM (
            SELECT
                b.product_id, sum(b.relevance) AS relevance,
                sum(b.share) FILTER (WHERE b.relevance > 0) AS covered, sum(b.share) AS whole
            FROM (
                -- Of the words that one may stand for, the best.
                SELECT
                    c.product_id, t.place, max(t.share) AS share,
                    max(t.share * ts_rank(c_weights, c.document, t.term)) AS relevance
                FROM (
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
                ) AS c
                CROSS JOIN unnest(v_places, v_terms, v_shares) AS t (place, term, share)
                GROUP BY c.product_id, t.place
            ) AS b
            GROUP BY b.product_id
            ORDER BY relevance DESC, b.product_id
            LIMIT v_depth
        ) AS r;
        EXIT WHEN cardinality(v_text_ids) >= rank_products.how_many;
    END LOOP;

    IF v_embedding IS NULL
        AND NOT EXISTS (SELECT FROM search.description_model)
        AND EXISTS (SELECT FROM embedding.models AS m WHERE m.is_active AND m.provider = 'built-in')
    THEN
        -- Corrections are added; what was typed stays.
        v_embedding := embedding.embed(concat_ws(' ', v_typed, v_spelt));
    END IF;
    IF v_embedding IS NOT NULL THEN
        SELECT array_agg(n.product_id ORDER BY n.distance, n.product_id), array_agg(1 - n.distance ORDER BY n.distance, n.product_id)
        INTO v_near_ids, v_near
        FROM retail.nearest_products(
            v_embedding, v_depth, v_type_ids, rank_products.price_min, rank_products.price_max, rank_products.stocked_in
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
                'words: ' || string_agg(DISTINCT substr(t.word, 8), ', ') FILTER (WHERE t.word LIKE 'words: %'),
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
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        -- What refers to the products is truncated with them.
        TRUNCATE search.lexemes, search.words;
    ELSIF TG_OP = 'INSERT' THEN
        PERFORM retail.refresh_search(ARRAY(SELECT n.product_id FROM new_rows AS n));
    ELSIF TG_TABLE_NAME = 'products' THEN
        PERFORM retail.refresh_search(ARRAY(
            SELECT n.product_id FROM new_rows AS n
            EXCEPT
            SELECT o.product_id
            FROM old_rows AS o
            JOIN new_rows AS n USING (product_id)
            WHERE (n.name, n.description, n.type_id) = (o.name, o.description, o.type_id)
        ));
    ELSIF TG_TABLE_NAME = 'product_types' THEN
        PERFORM retail.refresh_search(ARRAY(
            SELECT p.product_id
            FROM new_rows AS n
            JOIN old_rows AS o USING (type_id)
            JOIN retail.products AS p USING (type_id)
            WHERE (n.name, n.description, n.category_id) <> (o.name, o.description, o.category_id)
        ));
    ELSE
        PERFORM retail.refresh_search(ARRAY(
            SELECT p.product_id
            FROM new_rows AS n
            JOIN old_rows AS o USING (category_id)
            JOIN retail.product_types AS t USING (category_id)
            JOIN retail.products AS p USING (type_id)
            WHERE n.name <> o.name
        ));
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
        ORDER BY w.word
        ON CONFLICT (word) DO NOTHING;

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

-- object: functions/retail/search_products_by_description.sql
-- Products whose descriptions mean nearly the same as a vector.
-- drop: DROP FUNCTION retail.search_products_by_description;
CREATE OR REPLACE FUNCTION retail.search_products_by_description(
    query_embedding      public.vector,
    similarity_threshold double precision DEFAULT 0.7,
    max_results          integer          DEFAULT 20
)
RETURNS TABLE (product_id integer, name text, description text, similarity_score double precision)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF search_products_by_description.query_embedding IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = 'query_embedding is NULL.',
            HINT = 'Give the vector of a text, such as embedding.embed(''paint roller'').';
    ELSIF search_products_by_description.similarity_threshold BETWEEN -1 AND 1 IS NOT TRUE THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = format(
                'similarity_threshold %s is not within -1 and 1.',
                coalesce(search_products_by_description.similarity_threshold::text, 'NULL')
            ),
            HINT = '1 is the same meaning, 0 is unrelated.';
    ELSIF search_products_by_description.max_results BETWEEN 1 AND 1000 IS NOT TRUE THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = format(
                'max_results %s is not within 1 and 1000.', coalesce(search_products_by_description.max_results::text, 'NULL')
            ),
            HINT = 'Ask for fewer, and raise similarity_threshold.';
    END IF;
    PERFORM retail.check_embedding(search_products_by_description.query_embedding, 'query_embedding');

    RETURN QUERY
    SELECT p.product_id, p.name::text, p.description, 1 - n.distance
    FROM retail.nearest_products(
        search_products_by_description.query_embedding, search_products_by_description.max_results
    ) AS n
    JOIN retail.products AS p USING (product_id)
    -- Outside, where it does not send an index looking further.
    WHERE n.distance <= 1 - search_products_by_description.similarity_threshold
    ORDER BY n.distance, p.product_id;
END
$function$;

COMMENT ON FUNCTION retail.search_products_by_description IS $comment$
The products whose description embedding is nearest to the given one by cosine, the nearest first.
@title Products by description embedding
@param query_embedding       A vector of the same model and dimension as the table's.
@param similarity_threshold  Least cosine similarity, -1 to 1.
@param max_results           At most so many products, 1 to 1000.
@return product_id        The product.
@return name              Its name.
@return description       Its description.
@return similarity_score  Cosine similarity: 1 is the same meaning, 0 is unrelated.
@example SELECT * FROM retail.search_products_by_description(embedding.embed('paint roller'), 0.3, 10);
$comment$;
REVOKE ALL ON FUNCTION retail.search_products_by_description FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.search_products_by_description
    TO store_managers, regional_managers, head_office;

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
    v_word    text;
    v_known   boolean;
    v_limit   integer;
    v_shorter text[];
    v_tried   integer := 0;
BEGIN
    FOR v_place IN 1 .. coalesce(cardinality(v_words), 0) LOOP
        v_word := v_words[v_place];
        v_known := false;
        FOR place, word, lexeme, weight, products, kind IN
            SELECT v_place, v_word, l.lexeme, 1, k.products, 'word'
            FROM unnest(tsvector_to_array(to_tsvector('english', v_word))) AS l (lexeme)
            LEFT JOIN search.lexemes AS k ON k.lexeme = l.lexeme AND k.products > 0
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
        JOIN search.lexemes AS k ON k.lexeme = m.lexeme AND k.products > 0
        WHERE y.word = ANY (ARRAY[
            v_word, rtrim(v_word, 's'), v_word || ' ' || v_words[v_place + 1], v_word || ' ' || rtrim(v_words[v_place + 1], 's')
        ]);
        v_known := v_known OR FOUND;
        -- Neither a word of the catalogue nor one that says nothing.
        IF v_known OR v_word !~ '^[a-z]{4,20}$' OR ts_lexize('english_stem', v_word) = '{}' THEN
            CONTINUE;
        END IF;

        -- Not typed to its end.
        RETURN QUERY
        SELECT DISTINCT ON (k.lexeme) v_place, v_word, k.lexeme, 0.7::real, k.products, 'begun', w.word
        FROM (
            SELECT w.word, w.lexeme FROM search.words AS w
            WHERE w.word > v_word AND w.word < v_word || '~'
            ORDER BY w.word LIMIT 20
        ) AS w
        JOIN search.lexemes AS k USING (lexeme)
        WHERE k.products > 0
        ORDER BY k.lexeme, w.word;
        CONTINUE WHEN FOUND;

        -- Two words written as one.
        RETURN QUERY
        SELECT v_place, v_word, k.lexeme, 0.7::real, k.products, 'divided', h.word
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
        JOIN search.lexemes AS k ON k.lexeme = w.lexeme
        WHERE k.products > 0;
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
                row_number() OVER (ORDER BY n.distance, k.products DESC, n.word) AS turn
            FROM (
                SELECT w.word, w.lexeme, retail.edit_distance(v_word, w.word) AS distance
                FROM search.words AS w
                WHERE w.shorter && v_shorter
                  AND abs(length(w.word) - length(v_word)) <= v_limit
            ) AS n
            JOIN search.lexemes AS k ON k.lexeme = n.lexeme
            WHERE n.distance <= v_limit AND k.products > 0
        ) AS c
        WHERE c.distance = c.nearest AND c.turn <= 5
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
@return word      As it was typed.
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
@param word  Of few letters: one of twenty has 211 of them.
@return The texts.
@example SELECT retail.shorter_words('saw');
$comment$;
REVOKE ALL ON FUNCTION retail.shorter_words FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.shorter_words TO store_managers, regional_managers, head_office;

-- object: functions/retail/store_embeddings.sql
-- Takes the vectors of product descriptions that a model outside has made.
-- drop: DROP FUNCTION retail.store_embeddings;
CREATE OR REPLACE FUNCTION retail.store_embeddings(subject text, model_id smallint, rows json)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_table CONSTANT name NOT NULL := CASE
        WHEN (SELECT m.is_active FROM embedding.models AS m WHERE m.model_id = store_embeddings.model_id)
        THEN 'product_description_embeddings'
        ELSE 'next_product_description_embeddings'
    END;
BEGIN
    IF subject IS DISTINCT FROM 'retail.products' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK404',
            MESSAGE = format('retail has no vectors of %s.', subject),
            HINT = 'retail.products';
    END IF;
    -- Products that are gone meanwhile are left out; those that are going are waited for.
    EXECUTE format($sql$
        INSERT INTO retail.%I AS e (product_id, description_embedding, last_updated)
        SELECT p.product_id, (r.vector::text)::public.vector, now()
        FROM json_to_recordset($1) AS r (key text, vector json)
        JOIN retail.products AS p ON p.product_id = r.key::integer
        ORDER BY p.product_id
        FOR KEY SHARE OF p
        ON CONFLICT (product_id) DO UPDATE
        SET description_embedding = excluded.description_embedding, last_updated = excluded.last_updated
    $sql$, v_table) USING store_embeddings.rows;
END
$function$;

COMMENT ON FUNCTION retail.store_embeddings IS $comment$
For gateway.put_embeddings alone, which calls it for the subject retail.products: rows are [{key, vector}]. The
vectors of the model that is used go to product_description_embeddings, those of one that is being filled to
next_product_description_embeddings. SECURITY DEFINER, as what it is called by has rights that it must not have.
$comment$;
REVOKE ALL ON FUNCTION retail.store_embeddings FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.store_embeddings TO storekeeper_definer;

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
            SELECT a.attname, g.grantee::regrole AS grantee
            FROM pg_attribute AS a, aclexplode(a.attacl) AS g
            WHERE a.attrelid = to_regclass(v_schema || '.' || v_name)
              AND g.privilege_type = 'SELECT'
              AND g.grantee <> 0
        LOOP
            EXECUTE format(
                'GRANT SELECT (%1$I) ON %3$s.next_%4$s TO %2$s; REVOKE SELECT (%1$I) ON %3$s.%4$s FROM %2$s',
                v_grant.attname, v_grant.grantee, v_schema, v_name
            );
        END LOOP;
        EXECUTE format('ALTER TABLE %s.%s RENAME TO former_%2$s', v_schema, v_name);
        EXECUTE format('ALTER TABLE %s.next_%s RENAME TO %2$s', v_schema, v_name);
        EXECUTE format('ALTER TABLE %s.former_%s RENAME TO next_%2$s', v_schema, v_name);
    END LOOP;
    PERFORM retail.empty_next_embeddings();
END
$function$;

COMMENT ON FUNCTION retail.swap_embeddings IS $comment$
For gateway.activate_model, as storekeeper_owner: the two tables of vectors change their names, which takes no longer
for a million products than for one, and the former vectors are dropped. Indexes go with their table. SK409 where the
next vectors are another model's.
$comment$;
REVOKE ALL ON FUNCTION retail.swap_embeddings FROM PUBLIC;

-- object: functions/retail/trending_products.sql
-- What sells better than its own past has it.
-- drop: DROP FUNCTION retail.trending_products;
CREATE OR REPLACE FUNCTION retail.trending_products(
    store_ids   uuid[],
    category_id smallint DEFAULT NULL,
    how_many    integer  DEFAULT 10
)
RETURNS TABLE (product_id integer, score numeric, orders bigint, why text)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
SET jit = off
AS $function$
DECLARE
    v_today CONSTANT date := retail.today();
BEGIN
    RETURN QUERY
    WITH sold AS (
        SELECT
            d.product_id,
            coalesce(sum(d.units) FILTER (WHERE d.business_day >= v_today - 28), 0) AS units,
            coalesce(sum(d.order_lines) FILTER (WHERE d.business_day >= v_today - 28), 0) AS lines,
            coalesce(sum(d.units) FILTER (WHERE d.business_day BETWEEN v_today - 112 AND v_today - 29), 0) / 3 AS before_units,
            coalesce(sum(d.order_lines) FILTER (WHERE d.business_day BETWEEN v_today - 112 AND v_today - 29), 0) / 3 AS before_lines,
            -- 52 weeks earlier: the same weekdays.
            coalesce(sum(d.units) FILTER (WHERE d.business_day < v_today - 364), 0) AS year_units,
            coalesce(sum(d.order_lines) FILTER (WHERE d.business_day < v_today - 364), 0) AS year_lines
        FROM retail.daily_sales AS d
        WHERE d.store_id = ANY (store_ids)
          AND (
                d.business_day BETWEEN v_today - 112 AND v_today - 1
             OR d.business_day BETWEEN v_today - 392 AND v_today - 365
          )
        GROUP BY d.product_id
    ),
    judged AS (
        SELECT
            s.product_id, s.units, s.lines, s.before_units, s.year_units,
            -- Of order lines, so that one large order is no trend; the difference of roots is as large by chance
            -- for few as for many, and 2 is a chance of one in forty.
            2 * (sqrt(s.lines + 0.375) - sqrt(greatest(s.before_lines, s.year_lines) + 0.375)) AS score
        FROM sold AS s
        WHERE s.lines >= 3
          AND s.units > greatest(s.before_units, s.year_units)
    )
    SELECT
        j.product_id, round(j.score, 2), j.lines::bigint,
        format(
            '%s sold in the last 28 days; %s in 28 days of the 12 weeks before, %s in the same weeks last year',
            j.units, round(j.before_units), j.year_units
        )
    FROM judged AS j
    JOIN retail.products AS p USING (product_id)
    JOIN retail.product_types AS t USING (type_id)
    WHERE j.score >= 2
      AND p.is_active
      AND (trending_products.category_id IS NULL OR t.category_id = trending_products.category_id)
    ORDER BY j.score DESC, j.units DESC, j.product_id
    LIMIT how_many;
END
$function$;

COMMENT ON FUNCTION retail.trending_products IS $comment$
Products of which more was sold in the last 28 full days than in 28 days of the 12 weeks before and than in the same
weeks a year before, by more than chance: what rises every year at this time is no trend. Cancelled and returned orders
do not count.
@title Trending products
@param store_ids    The stores whose sales count.
@param category_id  Of this category; NULL: all.
@param how_many     At most so many.
@return product_id  The product.
@return score       Standard deviations above the better of the two; 2 or more.
@return orders      Order lines of the last 28 days.
@return why         The figures in words.
@example SELECT * FROM retail.trending_products(retail.get_user_store_list());
$comment$;
REVOKE ALL ON FUNCTION retail.trending_products FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.trending_products TO store_managers, regional_managers, head_office;

-- object: functions/retail/wanted_embedding_index.sql
-- The statements that give a table of vectors the index it should have.
-- drop: DROP FUNCTION retail.wanted_embedding_index;
CREATE OR REPLACE FUNCTION retail.wanted_embedding_index(
    table_name regclass DEFAULT 'retail.product_description_embeddings',
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
                ' WITH (m = 24, ef_construction = 100)',
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
@param table_name  The table of vectors.
@param rebuild     Whether to build an index anew that is there.
@return Statements.
@example SELECT retail.wanted_embedding_index() \gexec
$comment$;
REVOKE ALL ON FUNCTION retail.wanted_embedding_index FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.wanted_embedding_index TO storekeeper_dba, storekeeper_definer, storekeeper_loader;

-- object: functions/tool/get_product_recommendations.sql
-- What to offer beside, or in place of, a product; and what is on the rise.
-- drop: DROP FUNCTION tool.get_product_recommendations;
CREATE OR REPLACE FUNCTION tool.get_product_recommendations(
    sku        text                       DEFAULT NULL,
    kind       retail.recommendation_kind DEFAULT 'similar',
    max_rows   retail.row_limit           DEFAULT 10,
    store_name text                       DEFAULT NULL
)
RETURNS SETOF retail.recommended_product
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_kind      CONSTANT text := coalesce(get_product_recommendations.kind, 'similar');
    v_rows      CONSTANT integer := coalesce(get_product_recommendations.max_rows, 10);
    v_store_ids CONSTANT uuid[] := retail.find_stores(get_product_recommendations.store_name);
    v_product   retail.products;
    v_ids       integer[] := '{}';
    v_scores    numeric[] := '{}';
    v_whys      text[] := '{}';
    v_degraded  boolean := false;
BEGIN
    IF get_product_recommendations.sku IS NOT NULL THEN
        v_product := retail.find_product(get_product_recommendations.sku);
    ELSIF v_kind <> 'trending' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = format('kind %s needs a sku.', v_kind),
            HINT = 'Give the article number of the product; only kind trending goes without.';
    END IF;

    IF v_kind = 'bought_together' THEN
        SELECT array_agg(b.product_id), array_agg(b.score), array_agg(b.why)
        INTO v_ids, v_scores, v_whys
        FROM retail.bought_together(v_product, v_store_ids, v_rows) AS b;
    ELSIF v_kind = 'trending' THEN
        SELECT array_agg(b.product_id), array_agg(b.score), array_agg(b.why)
        INTO v_ids, v_scores, v_whys
        FROM retail.trending_products(
            v_store_ids,
            (SELECT t.category_id FROM retail.product_types AS t WHERE t.type_id = v_product.type_id),
            v_rows + 1
        ) AS b
        WHERE b.product_id IS DISTINCT FROM v_product.product_id;
    ELSE
        SELECT array_agg(a.product_id), array_agg(round(a.similarity::numeric, 3)), array_agg(a.why), bool_or(a.degraded)
        INTO v_ids, v_scores, v_whys, v_degraded
        FROM retail.alike_products(
            v_product, v_rows, v_kind = 'substitutes', CASE WHEN v_kind = 'substitutes' THEN v_store_ids END
        ) AS a;
    END IF;

    RETURN QUERY
    SELECT
        p.sku::text, p.name::text, p.base_price, s.stock, f.score,
        CASE WHEN v_kind <> 'substitutes' THEN f.why
            ELSE concat_ws('; ', f.why, format('%s in stock', s.stock), CASE
                WHEN p.base_price < v_product.base_price
                THEN format('%s %% cheaper', retail.percent(v_product.base_price - p.base_price, v_product.base_price))
                WHEN p.base_price > v_product.base_price
                THEN format('%s %% dearer', retail.percent(p.base_price - v_product.base_price, v_product.base_price))
                ELSE 'same price'
            END)
        END,
        v_degraded
    FROM unnest(v_ids, v_scores, v_whys) WITH ORDINALITY AS f (product_id, score, why, place)
    JOIN retail.products AS p USING (product_id)
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(i.stock_level), 0) AS stock
        FROM retail.inventory AS i
        WHERE i.store_id = ANY (v_store_ids) AND i.product_id = p.product_id
    ) AS s
    ORDER BY f.place
    LIMIT v_rows;
END
$function$;

COMMENT ON FUNCTION tool.get_product_recommendations IS $comment$
What to offer beside or in place of a product, with stock and why. kind: similar; substitutes (in stock, of its type and
about its price); bought_together (more often than chance, 24 months); trending (last 28 days above its past and
season; in the product's category, or all without sku). No rows: no such habit in your stores.
@title Product recommendations
@param sku         Article number.
@param kind        similar unless told.
@param max_rows    1 to 200.
@param store_name  Left out: all your stores.
@return stock  In these stores.
@return score  Likeness, times as often as chance, or strength of the trend.
@example get_product_recommendations('PTDR000901', 'bought_together')
$comment$;
REVOKE ALL ON FUNCTION tool.get_product_recommendations FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tool.get_product_recommendations TO store_managers, regional_managers, head_office;

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
    PERFORM retail.check_embedding(v_embedding, 'query_embedding');
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
@return stock       In your stores.
@return score       0 to 1, by rank.
@return degraded    Only words were searched.
@example semantic_search_products('containers for paint')
$comment$;
REVOKE ALL ON FUNCTION tool.semantic_search_products FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tool.semantic_search_products TO store_managers, regional_managers, head_office;

-- object: functions/tool/similar_products.sql
-- Products like one, with price and stock.
-- drop: DROP FUNCTION tool.similar_products;
CREATE OR REPLACE FUNCTION tool.similar_products(
    sku           text,
    max_rows      retail.row_limit DEFAULT 10,
    in_stock_only boolean          DEFAULT false
)
RETURNS SETOF retail.similar_product
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_product   CONSTANT retail.products := retail.find_product(sku);
    v_store_ids CONSTANT uuid[] := retail.get_user_store_list();
BEGIN
    RETURN QUERY
    SELECT
        p.sku::text, p.name::text, p.base_price, p.base_price - v_product.base_price,
        coalesce((
            SELECT sum(i.stock_level) FROM retail.inventory AS i
            WHERE i.store_id = ANY (v_store_ids) AND i.product_id = p.product_id
        ), 0),
        round(a.similarity::numeric, 3), a.why, a.degraded
    FROM retail.alike_products(
        v_product, coalesce(max_rows, 10)::integer,
        stocked_in => CASE WHEN in_stock_only THEN v_store_ids END
    ) WITH ORDINALITY AS a (product_id, similarity, why, degraded, place)
    JOIN retail.products AS p USING (product_id)
    ORDER BY a.place;
END
$function$;

COMMENT ON FUNCTION tool.similar_products IS $comment$
Products most like a given one by their descriptions: for "what else is there like it", or something cheaper.
@title Similar products
@param sku            Article number.
@param max_rows       1 to 200.
@param in_stock_only  Only what your stores have.
@return price_difference  Negative: cheaper than the given product.
@return stock             In your stores.
@return similarity        Up to 1.
@return degraded          True: found by words, as it has no vector yet.
@example similar_products('PTDR000901', in_stock_only => true)
$comment$;
REVOKE ALL ON FUNCTION tool.similar_products FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tool.similar_products TO store_managers, regional_managers, head_office;

-- object: triggers/categories.sql
-- A category that changes changes what its products are found by.
-- drop: DROP TRIGGER refresh_updated ON retail.categories;
CREATE OR REPLACE TRIGGER refresh_updated
    AFTER UPDATE ON retail.categories
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION retail.refresh_products();
COMMENT ON TRIGGER refresh_updated ON retail.categories IS 'Makes its products searchable as they are now.';

-- object: triggers/documents.sql
-- Documents make the counts of words. One transition table a trigger, so that one statement serves all.
-- drop: DROP TRIGGER count_deleted ON search.documents;
-- drop: DROP TRIGGER count_inserted ON search.documents;
-- drop: DROP TRIGGER count_truncated ON search.documents;
-- drop: DROP TRIGGER count_updated_from ON search.documents;
-- drop: DROP TRIGGER count_updated_to ON search.documents;
CREATE OR REPLACE TRIGGER count_deleted
    AFTER DELETE ON search.documents
    REFERENCING OLD TABLE AS changed_rows
    FOR EACH STATEMENT EXECUTE FUNCTION retail.count_lexemes('gone');
COMMENT ON TRIGGER count_deleted ON search.documents IS 'Takes deleted documents from the counts.';

CREATE OR REPLACE TRIGGER count_inserted
    AFTER INSERT ON search.documents
    REFERENCING NEW TABLE AS changed_rows
    FOR EACH STATEMENT EXECUTE FUNCTION retail.count_lexemes('there');
COMMENT ON TRIGGER count_inserted ON search.documents IS 'Adds new documents to the counts.';

CREATE OR REPLACE TRIGGER count_truncated
    AFTER TRUNCATE ON search.documents
    FOR EACH STATEMENT EXECUTE FUNCTION retail.count_lexemes();
COMMENT ON TRIGGER count_truncated ON search.documents IS 'Empties the counts.';

CREATE OR REPLACE TRIGGER count_updated_from
    AFTER UPDATE ON search.documents
    REFERENCING OLD TABLE AS changed_rows
    FOR EACH STATEMENT EXECUTE FUNCTION retail.count_lexemes('gone');
COMMENT ON TRIGGER count_updated_from ON search.documents IS 'Takes documents as they were from the counts.';

CREATE OR REPLACE TRIGGER count_updated_to
    AFTER UPDATE ON search.documents
    REFERENCING NEW TABLE AS changed_rows
    FOR EACH STATEMENT EXECUTE FUNCTION retail.count_lexemes('there');
COMMENT ON TRIGGER count_updated_to ON search.documents IS 'Adds documents as they are to the counts.';

-- object: triggers/product_types.sql
-- A type that changes changes what its products are found by.
-- drop: DROP TRIGGER refresh_updated ON retail.product_types;
CREATE OR REPLACE TRIGGER refresh_updated
    AFTER UPDATE ON retail.product_types
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION retail.refresh_products();
COMMENT ON TRIGGER refresh_updated ON retail.product_types IS 'Makes its products searchable as they are now.';

-- object: triggers/products.sql
-- A product can be searched for in the very transaction that writes it.
-- drop: DROP TRIGGER refresh_inserted ON retail.products;
-- drop: DROP TRIGGER refresh_truncated ON retail.products;
-- drop: DROP TRIGGER refresh_updated ON retail.products;
CREATE OR REPLACE TRIGGER refresh_inserted
    AFTER INSERT ON retail.products
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION retail.refresh_products();
COMMENT ON TRIGGER refresh_inserted ON retail.products IS 'Makes new products searchable.';

CREATE OR REPLACE TRIGGER refresh_truncated
    AFTER TRUNCATE ON retail.products
    FOR EACH STATEMENT EXECUTE FUNCTION retail.refresh_products();
COMMENT ON TRIGGER refresh_truncated ON retail.products IS 'Forgets the words of the products.';

CREATE OR REPLACE TRIGGER refresh_updated
    AFTER UPDATE ON retail.products
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION retail.refresh_products();
COMMENT ON TRIGGER refresh_updated ON retail.products IS 'Makes changed products searchable as they are now.';

-- end of objects
NOTIFY storekeeper_catalog;
