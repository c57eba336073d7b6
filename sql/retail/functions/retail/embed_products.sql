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
    v_built_in CONSTANT boolean := EXISTS (
        SELECT FROM embedding.models AS m WHERE m.is_active AND m.provider = 'built-in'
    );
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
