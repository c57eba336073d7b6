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
