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
