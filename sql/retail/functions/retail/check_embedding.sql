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
