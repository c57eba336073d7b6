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
