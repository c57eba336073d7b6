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
