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
