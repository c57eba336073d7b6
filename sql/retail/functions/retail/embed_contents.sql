-- Gives products the vectors of their texts, where the built-in model makes them.
-- drop: DROP FUNCTION retail.embed_contents;
CREATE OR REPLACE FUNCTION retail.embed_contents(product_ids integer[], contents text[])
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_written bigint;
BEGIN
    IF EXISTS (SELECT FROM embedding.models AS m WHERE m.is_active AND m.provider = 'built-in') THEN
        INSERT INTO retail.product_description_embeddings AS e (product_id, description_embedding)
        SELECT embed_contents.product_ids[n.ordinal], n.embedding
        FROM embedding.embed_all(embed_contents.contents) AS n
        WHERE n.embedding IS NOT NULL
        ORDER BY 1
        ON CONFLICT (product_id) DO UPDATE
        SET description_embedding = excluded.description_embedding, last_updated = excluded.last_updated
        WHERE e.description_embedding OPERATOR(public.<>) excluded.description_embedding;
        GET DIAGNOSTICS v_written = ROW_COUNT;
        RETURN v_written;
    END IF;
    -- What a vector was made of is no longer so.
    DELETE FROM retail.product_description_embeddings AS e
    WHERE e.product_id = ANY (embed_contents.product_ids);
    RETURN 0;
END
$function$;

COMMENT ON FUNCTION retail.embed_contents IS $comment$
For retail.refresh_search and retail.embed_products. Without the built-in model the vectors of these products go, and
full-text search alone finds them until there are new ones.
@return How many vectors were written.
$comment$;
REVOKE ALL ON FUNCTION retail.embed_contents FROM PUBLIC;
