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
