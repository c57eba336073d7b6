-- search by two indexes: written by storekeeper ship from the object files named below.
-- depends: 0025_gateway_search_hardening 0027_retail_search_further

SET LOCAL ROLE storekeeper_owner;
SET LOCAL check_function_bodies = off;

-- object: functions/retail/are_embeddings_indexed.sql
-- Whether both indexes of the vectors can be used.
-- drop: DROP FUNCTION retail.are_embeddings_indexed;
CREATE OR REPLACE FUNCTION retail.are_embeddings_indexed()
RETURNS boolean
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
SELECT count(DISTINCT m.amname) = 2
FROM pg_index AS i
JOIN pg_class AS c ON c.oid = i.indexrelid
JOIN pg_am AS m ON m.oid = c.relam
-- By its name at each call, as another table may have taken it over.
WHERE i.indrelid = to_regclass('retail.product_description_embeddings')
  AND i.indisvalid
  AND m.amname IN ('hnsw', 'ivfflat')
$function$;

COMMENT ON FUNCTION retail.are_embeddings_indexed IS $comment$
For retail.nearest_products, which otherwise compares all. SECURITY DEFINER, as its callers may not read the catalog.
@title Are the vectors indexed
@return Whether the table of vectors has a valid index by HNSW and one by lists.
@example SELECT retail.are_embeddings_indexed();
$comment$;
REVOKE ALL ON FUNCTION retail.are_embeddings_indexed FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.are_embeddings_indexed TO store_managers, regional_managers, head_office;

-- object: functions/retail/count_lexemes.sql
-- Keeps count of how many products have a word.
-- drop: DROP FUNCTION retail.count_lexemes;
CREATE OR REPLACE FUNCTION retail.count_lexemes()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
-- The counts are in memory: from a word to its row, never through all of them.
SET random_page_cost = 1
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
    -- other. Of each word a row that is free now is changed, and where there is none a row is added. Told apart once, as
    -- a planner that guesses how many there are compares all with all.
    WITH free AS MATERIALIZED (
        SELECT k.lexeme, k.part FROM search.lexeme_counts AS k WHERE k.lexeme = ANY (v_lexemes) FOR UPDATE SKIP LOCKED
    ),
    counted AS MATERIALIZED (
        SELECT c.lexeme, c.change, f.part
        FROM unnest(v_lexemes, v_changes) AS c (lexeme, change)
        LEFT JOIN (SELECT f.lexeme, min(f.part) AS part FROM free AS f GROUP BY f.lexeme) AS f USING (lexeme)
    ),
    changed AS (
        UPDATE search.lexeme_counts AS k
        SET products = k.products + c.change
        FROM counted AS c
        WHERE k.lexeme = c.lexeme AND k.part = c.part
    )
    INSERT INTO search.lexeme_counts (lexeme, products)
    SELECT c.lexeme, c.change FROM counted AS c WHERE c.part IS NULL ORDER BY c.lexeme;
    RETURN NULL;
END
$function$;

COMMENT ON FUNCTION retail.count_lexemes IS $comment$
Trigger, once a statement: adds the documents in changed_rows to search.lexemes, or with the argument gone takes
them away. Exact, and waits for nobody: a word that another transaction is counting gets a row beside it.
$comment$;
REVOKE ALL ON FUNCTION retail.count_lexemes FROM PUBLIC;

-- object: functions/retail/embedding_index_state.sql
-- Whether the vectors have the indexes that so many need.
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
        SELECT string_agg(i.indexrelid::regclass::text, ', ' ORDER BY m.amname)
        FROM pg_index AS i
        JOIN pg_class AS c ON c.oid = i.indexrelid
        JOIN pg_am AS m ON m.oid = c.relam AND m.amname IN ('hnsw', 'ivfflat')
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
        WHEN NOT ok AND v_wanted[cardinality(v_wanted)] LIKE 'DROP %' THEN format(
            '%s: its lists are for less than a quarter of the vectors',
            split_part(v_wanted[cardinality(v_wanted)], ' ', 4)
        )
        WHEN NOT ok THEN format(
            'missing (%s): more than %s vectors of %s dimensions are compared one by one',
            (SELECT string_agg(substring(w FROM 'USING (\w+)'), ', ' ORDER BY w) FROM unnest(v_wanted) AS w), v_limit, v_dimension
        )
        WHEN v_index IS NOT NULL THEN v_index
        ELSE format('not needed: %s vectors, and up to %s are compared one by one', v_count, v_limit)
    END;
    RETURN NEXT;
END
$function$;

COMMENT ON FUNCTION retail.embedding_index_state IS $comment$
What storekeeper index and doctor say of the indexes of retail.product_description_embeddings. Looks at no more vectors
than it takes to know whether they are needed, and at all where one is missing.
@title State of the vector indexes
@return ok       Whether it is as it should be.
@return finding  What was found.
@example SELECT * FROM retail.embedding_index_state();
$comment$;
REVOKE ALL ON FUNCTION retail.embedding_index_state FROM PUBLIC;
-- That role may not use the schema.
REVOKE ALL ON FUNCTION retail.embedding_index_state FROM storekeeper_dba;
GRANT EXECUTE ON FUNCTION retail.embedding_index_state TO storekeeper_definer, storekeeper_loader;

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
    -- They take vectors of one dimension only, and are quicker to build when they are there.
    FOR v_index IN
        SELECT i.indexrelid
        FROM pg_index AS i
        JOIN pg_class AS c ON c.oid = i.indexrelid
        JOIN pg_am AS m ON m.oid = c.relam AND m.amname IN ('hnsw', 'ivfflat')
        WHERE i.indrelid = 'retail.next_product_description_embeddings'::regclass
    LOOP
        EXECUTE format('DROP INDEX %s', v_index);
    END LOOP;
END
$function$;

COMMENT ON FUNCTION retail.empty_next_embeddings IS $comment$
For retail.queue_embeddings and retail.swap_embeddings, as storekeeper_owner: the next table of vectors is empty and
without vector indexes, and no model's.
$comment$;
REVOKE ALL ON FUNCTION retail.empty_next_embeddings FROM PUBLIC;

-- object: functions/retail/nearest_by_index.sql
-- What the indexes of the vectors find nearest to one, and which of it both find.
-- drop: DROP FUNCTION retail.nearest_by_index;
-- Only once pgvector is loaded may others than superusers name its settings.
DO $do$ BEGIN PERFORM '[1]'::public.vector; END $do$;
CREATE OR REPLACE FUNCTION retail.nearest_by_index(query_embedding public.vector, how_many bigint DEFAULT 20)
RETURNS TABLE (product_id integer, distance double precision, found_by integer)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
SET hnsw.ef_search = 200
SET hnsw.iterative_scan = relaxed_order
SET ivfflat.probes = 20
SET ivfflat.iterative_scan = relaxed_order
SET enable_seqscan = off
SET jit = off
AS $function$
DECLARE
    -- The orders of wanted_embedding_index, by which the planner tells the indexes apart; the dimension must be in the text.
    v_statement CONSTANT text := format(
        $sql$
        SELECT f.product_id, min(f.distance), count(*)::integer
        FROM (
            (
                SELECT e.product_id, e.description_embedding OPERATOR(public.<=>) $1 AS distance
                FROM retail.product_description_embeddings AS e
                ORDER BY e.description_embedding::public.halfvec(%1$s) OPERATOR(public.<=>) $1::public.halfvec(%1$s)
                LIMIT $2
            )
            UNION ALL
            (
                SELECT e.product_id, e.description_embedding OPERATOR(public.<=>) $1
                FROM retail.product_description_embeddings AS e
                ORDER BY public.l2_normalize(e.description_embedding)::public.halfvec(%1$s)
                    OPERATOR(public.<=>) $1::public.halfvec(%1$s)
                LIMIT $2
            )
        ) AS f
        GROUP BY f.product_id
        ORDER BY 2, 1
        $sql$,
        public.vector_dims(query_embedding)
    );
BEGIN
    RETURN QUERY EXECUTE v_statement USING query_embedding, how_many;
END
$function$;

COMMENT ON FUNCTION retail.nearest_by_index IS $comment$
For retail.nearest_products: the nearest by each of the two indexes of retail.wanted_embedding_index, up to so many by
each. Either misses some, but rarely both the same: what both find can be trusted. Without the indexes all are sorted,
twice.
@title Nearest products by index
@param query_embedding  Of the model and dimension of the table.
@param how_many         So many by each index.
@return product_id  The product.
@return distance    Cosine distance: 0 is the same, 1 is unrelated.
@return found_by    How many of the two found it.
@example SELECT * FROM retail.nearest_by_index((SELECT description_embedding FROM retail.product_description_embeddings LIMIT 1), 5);
$comment$;
REVOKE ALL ON FUNCTION retail.nearest_by_index FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.nearest_by_index TO store_managers, regional_managers, head_office;

-- object: functions/retail/nearest_products.sql
-- The products nearest to a vector, under filters: exactly where they are few, by two indexes where many.
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
-- Half of a million products, sorted in memory.
SET ivfflat.probes = 1000
SET work_mem = '32MB'
-- From the index, or from the candidates, to the other rows one by one: never through a whole table.
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET jit = off
AS $function$
DECLARE
    v_dimension CONSTANT integer := public.vector_dims(query_embedding);
    v_narrow    CONSTANT text := concat_ws(
        ' AND ',
        CASE WHEN type_ids IS NOT NULL THEN 'p.type_id = ANY ($3)' END,
        CASE WHEN price_min IS NOT NULL THEN 'p.base_price >= $4' END,
        CASE WHEN price_max IS NOT NULL THEN 'p.base_price <= $5' END,
        CASE WHEN product_ids IS NOT NULL THEN 'p.product_id = ANY ($7)' END
    );
    v_filter    CONSTANT text := concat_ws(
        ' AND ',
        nullif(v_narrow, ''),
        CASE WHEN active_only THEN 'p.is_active' END,
        CASE WHEN stocked_in IS NOT NULL THEN
            'EXISTS (SELECT FROM retail.inventory AS i WHERE i.product_id = p.product_id'
            ' AND i.store_id = ANY ($6) AND i.stock_level > 0)'
        END
    );
    -- Candidates that a filter leaves are looked up one by one, which takes three times as long.
    v_limit     integer := retail.exact_search_limit(v_dimension) / CASE WHEN v_filter <> '' THEN 3 ELSE 1 END;
    v_which     CONSTANT text
        := CASE WHEN v_filter <> '' THEN ' JOIN retail.products AS p USING (product_id) WHERE ' || v_filter ELSE '' END;
    v_compare   CONSTANT text := 'SELECT e.product_id, e.description_embedding OPERATOR(public.<=>) $1 AS distance'
        ' FROM retail.product_description_embeddings AS e' || v_which;
    v_count     CONSTANT text := 'SELECT count(*) FROM (SELECT FROM retail.products AS p%s LIMIT %s) AS c';
    v_sorted    CONSTANT text := 'SELECT array_agg(n.product_id ORDER BY n.distance, n.product_id),'
        ' array_agg(n.distance ORDER BY n.distance, n.product_id)';
    -- By the index of lists, as wanted_embedding_index has it; the dimension must be in the text.
    v_by_lists  CONSTANT text := format(
        ' ORDER BY public.l2_normalize(e.description_embedding)::public.halfvec(%1$s)'
        ' OPERATOR(public.<=>) $1::public.halfvec(%1$s) LIMIT 2 * $2::bigint + 20',
        v_dimension
    );
    v_by_index   boolean;
    v_candidates integer;
    v_ids        integer[];
    v_distances  double precision[];
    v_agreed     boolean;
    v_enough     boolean;
BEGIN
    IF query_embedding IS NULL OR how_many >= 1 IS NOT TRUE OR public.vector_norm(query_embedding) = 0 THEN
        RETURN;
    END IF;
    v_by_index := retail.are_embeddings_indexed();
    IF v_by_index AND v_narrow <> '' THEN
        -- Counted no further than the answer matters, and by what an index can count.
        EXECUTE format(v_count, ' WHERE ' || v_narrow, v_limit + 1)
        INTO v_candidates
        USING query_embedding, how_many, type_ids, price_min, price_max, stocked_in, product_ids;
        v_by_index := v_candidates > v_limit;
    END IF;

    IF v_by_index THEN
        EXECUTE v_sorted || ', avg((n.found_by = 2)::integer) >= 0.95'
            ' FROM (SELECT e.product_id, e.distance, e.found_by FROM retail.nearest_by_index($1, $8) AS e' || v_which
            || ' ORDER BY 2, 1 LIMIT $2) AS n'
        INTO v_ids, v_distances, v_agreed
        USING query_embedding, how_many, type_ids, price_min, price_max, stocked_in, product_ids,
            greatest(CASE WHEN v_filter <> '' THEN 400 END, 2 * how_many::bigint + 20);
        v_enough := coalesce(cardinality(v_ids), 0) = how_many;
        IF v_enough AND v_agreed THEN
            RETURN QUERY SELECT u.product_id, u.distance FROM unnest(v_ids, v_distances) AS u (product_id, distance);
            RETURN;
        END IF;
        IF v_filter <> '' THEN
            -- Sooner compared than looked for, or far from what was asked for, and in other lists.
            v_limit := CASE WHEN 10 * coalesce(cardinality(v_ids), 0) < how_many THEN 60 ELSE 12 END * v_limit;
            EXECUTE format(
                v_count, coalesce(' WHERE ' || nullif(CASE WHEN v_enough THEN v_narrow ELSE v_filter END, ''), ''), v_limit + 1
            )
            INTO v_candidates
            USING query_embedding, how_many, type_ids, price_min, price_max, stocked_in, product_ids;
        END IF;
        IF v_filter = '' OR v_candidates > v_limit THEN
            EXECUTE v_sorted || ' FROM (SELECT l.product_id, l.distance FROM (' || v_compare || v_by_lists
                || ') AS l UNION SELECT * FROM unnest($8, $9) ORDER BY 2, 1 LIMIT $2) AS n'
            INTO v_ids, v_distances
            USING query_embedding, how_many, type_ids, price_min, price_max, stocked_in, product_ids, v_ids, v_distances;
            IF cardinality(v_ids) = how_many THEN
                RETURN QUERY SELECT u.product_id, u.distance FROM unnest(v_ids, v_distances) AS u (product_id, distance);
                RETURN;
            END IF;
        END IF;
    END IF;

    RETURN QUERY EXECUTE 'SELECT c.product_id, c.distance FROM (' || v_compare || ') AS c ORDER BY 2, 1 LIMIT $2'
    USING query_embedding, how_many, type_ids, price_min, price_max, stocked_in, product_ids;
END
$function$;

COMMENT ON FUNCTION retail.nearest_products IS $comment$
The products whose vectors are nearest to a vector by cosine, the nearest first: as many as asked for wherever the
filters leave as many. All are compared one by one where an index of retail.wanted_embedding_index is missing, which
wants none up to retail.exact_search_limit vectors, and up to a third of that limit if a filter leaves so few. Of more,
what retail.nearest_by_index finds, where both indexes find 19 in 20 of it and enough of it passes the filter; else up to
four times the limit under a filter are compared after all, twenty times where not a tenth of what is asked for has
passed; of more, those in the 1,000 lists that are nearest, and all where those have too few.
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
    -- Products like "wood glue"? asks for wood glue; after a number the sign is inches.
    v_meant    CONSTANT text := trim(regexp_replace(
        v_typed,
        ' ?(?:\m(?:products?|items?|things?|something|anything) (?:like|similar to|such as)\M(?=.*[[:alnum:]])'
            || '|(?<!\d)["“”]|[?!]) ?',
        ' ', 'g'
    ));
    -- What of it is the SKU of a product, or the beginning of one; the rest says what else is meant.
    v_skus     CONSTANT text[] := ARRAY(
        SELECT m.sku[1] || m.sku[2]
        FROM regexp_matches(upper(v_meant), '\m([A-Z]{2,4})[ -]?([0-9]{2,6})\M', 'g') AS m (sku)
        WHERE EXISTS (
            SELECT FROM retail.products AS p
            WHERE p.sku >= (m.sku[1] || m.sku[2])::varchar AND p.sku <= (m.sku[1] || m.sku[2] || '999999')::varchar
        )
    );
    v_rest     CONSTANT text := CASE WHEN v_skus = '{}' THEN v_meant
        ELSE trim(regexp_replace(
            v_meant,
            format(' ?\m(?:%s)\M ?', regexp_replace(array_to_string(v_skus, '|'), '([A-Z])([0-9])', '\1[ -]?\2', 'g')),
            ' ', 'gi'
        ))
    END;
    v_only_skus CONSTANT boolean := v_skus <> '{}' AND to_tsvector('english', v_rest) = '';
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
        END
    INTO v_places, v_terms, v_shares, v_words, v_spelt, v_wanted, v_all
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

-- object: functions/retail/wanted_embedding_index.sql
-- The statements that give a table of vectors the indexes it should have.
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
    v_most      integer;  -- lists; more take more memory, by their square, than storekeeper index has
    v_count     bigint;
    v_index     record;
    v_there     text[] := '{}';
    v_outgrown  text[] := '{}';
BEGIN
    EXECUTE format('SELECT public.vector_dims(e.description_embedding) FROM %s AS e LIMIT 1', table_name) INTO v_dimension;
    v_most := least(2000, 2060 - v_dimension / 5);
    FOR v_index IN
        SELECT
            i.indexrelid::regclass AS name, m.amname::text AS method,
            -- One that a build left behind, or for vectors of another length, which could not be written.
            i.indisvalid AND i.indisready
                AND a.atttypid = 'public.halfvec'::regtype
                AND coalesce(a.atttypmod = v_dimension, true) AS fit,
            -- Lists of more than four times the vectors that they were made for.
            o.option_value::integer < least(2 * sqrt(greatest(t.reltuples, 0)), v_most) / 2 AS outgrown
        FROM pg_index AS i
        JOIN pg_class AS t ON t.oid = i.indrelid
        JOIN pg_class AS c ON c.oid = i.indexrelid
        JOIN pg_am AS m ON m.oid = c.relam AND m.amname IN ('hnsw', 'ivfflat')
        JOIN pg_attribute AS a ON a.attrelid = i.indexrelid AND a.attnum = 1
        LEFT JOIN pg_options_to_table(c.reloptions) AS o ON o.option_name = 'lists'
        WHERE i.indrelid = table_name
        ORDER BY 1
    LOOP
        IF NOT v_index.fit THEN
            RETURN NEXT format('DROP INDEX CONCURRENTLY %s', v_index.name);
        ELSIF v_index.outgrown THEN
            v_outgrown := v_outgrown || format('DROP INDEX CONCURRENTLY %s', v_index.name);
        ELSE
            IF rebuild THEN
                RETURN NEXT format('REINDEX INDEX CONCURRENTLY %s', v_index.name);
            END IF;
            v_there := v_there || v_index.method;
        END IF;
    END LOOP;
    IF NOT v_there @> '{hnsw,ivfflat}' AND v_dimension <= 4000 THEN
        EXECUTE format('SELECT count(*) FROM %s AS e', table_name) INTO v_count;
        IF v_count > retail.exact_search_limit(v_dimension) THEN
            -- Half the precision: half the size, and the exact distance sorts what is found.
            IF NOT 'hnsw' = ANY (v_there) THEN
                RETURN NEXT format(
                    'CREATE INDEX CONCURRENTLY ON %s USING hnsw'
                    ' ((description_embedding::public.halfvec(%s)) public.halfvec_cosine_ops)'
                    ' WITH (m = 24, ef_construction = 200)',
                    table_name, v_dimension
                );
            END IF;
            -- Normalised, which changes no cosine, but by which a query tells which of the indexes it means.
            IF NOT 'ivfflat' = ANY (v_there) THEN
                RETURN NEXT format(
                    'CREATE INDEX CONCURRENTLY ON %s USING ivfflat'
                    ' ((public.l2_normalize(description_embedding)::public.halfvec(%s)) public.halfvec_cosine_ops)'
                    ' WITH (lists = %s)',
                    table_name, v_dimension, least(round(2 * sqrt(v_count)), v_most)
                );
            END IF;
        END IF;
    END IF;
    RETURN QUERY SELECT u.* FROM unnest(v_outgrown) AS u;
END
$function$;

COMMENT ON FUNCTION retail.wanted_embedding_index IS $comment$
What is to be run, in this order and each outside a transaction, so that retail.nearest_products finds its indexes: none
up to retail.exact_search_limit vectors, nor those that are there; else one by HNSW and one by lists (IVFFlat), both on
halfvec of the vectors' dimension, after those are dropped that are invalid or of another dimension. An index whose lists
are for less than a quarter of the vectors is dropped after another has been made. storekeeper index runs the statements,
and \gexec at psql does.
@title Wanted vector indexes
@param table_name  The table of vectors; that which is searched where none is given.
@param rebuild     Whether to build those anew that are there.
@return Statements.
@example SELECT retail.wanted_embedding_index() \gexec
$comment$;
REVOKE ALL ON FUNCTION retail.wanted_embedding_index FROM PUBLIC;
-- That role may not use the schema.
REVOKE ALL ON FUNCTION retail.wanted_embedding_index FROM storekeeper_dba;
GRANT EXECUTE ON FUNCTION retail.wanted_embedding_index TO storekeeper_definer, storekeeper_loader;

-- end of objects
NOTIFY storekeeper_catalog;
