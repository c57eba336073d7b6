-- Has the products that lack a vector of a model wait for one.
-- drop: DROP FUNCTION retail.queue_embeddings;
CREATE OR REPLACE FUNCTION retail.queue_embeddings(model_id smallint)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_active   boolean;
    v_model_id smallint;
    v_table    name;
    v_queued   bigint := 0;
    v_keys     text[];
    v_contents text[];
BEGIN
    SELECT m.is_active, CASE WHEN m.provider <> 'built-in' THEN m.model_id END INTO STRICT v_active, v_model_id
    FROM embedding.models AS m
    WHERE m.model_id = queue_embeddings.model_id;
    v_table := CASE
        WHEN v_active THEN 'product_description_embeddings' ELSE 'next_product_description_embeddings'
    END;
    -- Whoever changes what is described now does not see the model yet, and would not queue the new text.
    LOCK TABLE retail.categories, retail.product_types, retail.products IN SHARE MODE;
    IF NOT v_active AND v_model_id IS DISTINCT FROM (SELECT n.model_id FROM search.next_description_model AS n) THEN
        -- What another model left there.
        PERFORM retail.empty_next_embeddings();
        INSERT INTO search.next_description_model (model_id) SELECT v_model_id WHERE v_model_id IS NOT NULL;
    END IF;
    IF v_model_id IS NULL THEN
        EXECUTE format($sql$
            INSERT INTO retail.%1$I AS e (product_id, description_embedding)
            SELECT b.product_ids[v.ordinal], v.embedding
            FROM (
                SELECT array_agg(d.product_id) AS product_ids, array_agg(d.content) AS contents
                FROM retail.describe_products(ARRAY(
                    SELECT p.product_id
                    FROM retail.products AS p
                    WHERE NOT EXISTS (SELECT FROM retail.%1$I AS e WHERE e.product_id = p.product_id)
                )) AS d
                GROUP BY d.product_id / 5000
            ) AS b
            CROSS JOIN LATERAL embedding.embed_all(b.contents) AS v
            WHERE v.embedding IS NOT NULL
        $sql$, v_table);
        RETURN 0;
    END IF;
    FOR v_keys, v_contents IN EXECUTE format($sql$
        SELECT array_agg(d.product_id::text), array_agg(d.content)
        FROM retail.describe_products(ARRAY(
            SELECT p.product_id
            FROM retail.products AS p
            WHERE NOT EXISTS (SELECT FROM retail.%I AS e WHERE e.product_id = p.product_id)
        )) AS d
        GROUP BY d.product_id / 10000
    $sql$, v_table)
    LOOP
        PERFORM gateway.queue_texts('retail.products', v_keys, v_contents, queue_embeddings.model_id);
        v_queued := v_queued + cardinality(v_keys);
    END LOOP;
    RETURN v_queued;
END
$function$;

COMMENT ON FUNCTION retail.queue_embeddings IS $comment$
For gateway.begin_model, as storekeeper_owner: the products that have no vector of this model wait for one; of the
built-in model they get it at once. Who writes products, their types or categories waits
meanwhile; who reads them does not.
@return How many products lack a vector.
$comment$;
REVOKE ALL ON FUNCTION retail.queue_embeddings FROM PUBLIC;
