-- Makes room for the vectors of another model.
-- drop: DROP FUNCTION retail.empty_next_embeddings;
CREATE OR REPLACE FUNCTION retail.empty_next_embeddings()
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_index regclass;
BEGIN
    TRUNCATE retail.next_product_description_embeddings, search.next_description_model;
    -- They take vectors of one dimension only, and are quicker to build when they are there.
    FOR v_index IN
        SELECT i.indexrelid
        FROM pg_index AS i
        JOIN pg_class AS c ON c.oid = i.indexrelid
        JOIN pg_am AS m ON m.oid = c.relam AND m.amname IN ('hnsw', 'ivfflat')
        WHERE i.indrelid = 'retail.next_product_description_embeddings'::regclass
    LOOP
        EXECUTE format('DROP INDEX %s', v_index);
    END LOOP;
END
$function$;

COMMENT ON FUNCTION retail.empty_next_embeddings IS $comment$
For retail.queue_embeddings and retail.swap_embeddings, as storekeeper_owner: the next table of vectors is empty and
without vector indexes, and no model's.
$comment$;
REVOKE ALL ON FUNCTION retail.empty_next_embeddings FROM PUBLIC;
