-- Gives products the vectors of their texts, or has the texts wait for a service that makes them.
-- drop: DROP FUNCTION retail.embed_contents;
CREATE OR REPLACE FUNCTION retail.embed_contents(product_ids integer[], contents text[])
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_table   name := 'product_description_embeddings';
    v_back    boolean;  -- to the built-in model, whose vectors nobody else makes
    v_written bigint;
BEGIN
    -- A service's vectors, those that are searched and those of the next model, were made of what is no longer so.
    PERFORM gateway.queue_texts('retail.products', embed_contents.product_ids::text[], embed_contents.contents);
    v_back := NOT EXISTS (SELECT FROM search.next_description_model)
        AND EXISTS (SELECT FROM retail.next_product_description_embeddings);
    DELETE FROM retail.next_product_description_embeddings AS e
    WHERE e.product_id = ANY (embed_contents.product_ids);
    IF EXISTS (SELECT FROM search.description_model)
        OR NOT EXISTS (SELECT FROM embedding.models AS m WHERE m.is_active AND m.provider = 'built-in')
    THEN
        DELETE FROM retail.product_description_embeddings AS e
        WHERE e.product_id = ANY (embed_contents.product_ids);
        IF NOT v_back THEN
            RETURN 0;
        END IF;
        v_table := 'next_product_description_embeddings';
    END IF;
    EXECUTE format($sql$
        INSERT INTO retail.%I AS e (product_id, description_embedding)
        SELECT ($1)[n.ordinal], n.embedding
        FROM embedding.embed_all($2) AS n
        WHERE n.embedding IS NOT NULL
        ORDER BY 1
        ON CONFLICT (product_id) DO UPDATE
        SET description_embedding = excluded.description_embedding, last_updated = excluded.last_updated
        WHERE e.description_embedding OPERATOR(public.<>) excluded.description_embedding
    $sql$, v_table) USING embed_contents.product_ids, embed_contents.contents;
    GET DIAGNOSTICS v_written = ROW_COUNT;
    RETURN v_written;
END
$function$;

COMMENT ON FUNCTION retail.embed_contents IS $comment$
For retail.refresh_search. Where a service makes the vectors, those of these products go, and full-text search alone
finds them until storekeeper embed, or a server, has got new ones. On the way back to the built-in model their next
vectors are made at once.
@return How many vectors were written.
$comment$;
REVOKE ALL ON FUNCTION retail.embed_contents FROM PUBLIC;
