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
