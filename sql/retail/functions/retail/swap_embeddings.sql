-- Puts the vectors of the next model in place of those that are searched.
-- drop: DROP FUNCTION retail.swap_embeddings;
CREATE OR REPLACE FUNCTION retail.swap_embeddings(model_id smallint)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_grant record;
BEGIN
    LOCK TABLE retail.product_description_embeddings, retail.next_product_description_embeddings
        IN ACCESS EXCLUSIVE MODE;
    IF EXISTS (
        SELECT FROM retail.next_product_description_embeddings AS e
        WHERE e.model_id IS DISTINCT FROM (
            SELECT m.model_id FROM embedding.models AS m
            WHERE m.model_id = swap_embeddings.model_id AND m.provider <> 'built-in'
        )
    ) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK409',
            MESSAGE = 'There are vectors of another model among the next ones.',
            HINT = 'storekeeper embed fills them anew.';
    END IF;
    -- Whoever may read these vectors may read the new ones; the old ones are nobody's.
    FOR v_grant IN
        SELECT a.attname, g.grantee::regrole AS grantee
        FROM pg_attribute AS a, aclexplode(a.attacl) AS g
        WHERE a.attrelid = 'retail.product_description_embeddings'::regclass
          AND g.privilege_type = 'SELECT'
          AND g.grantee <> 0
    LOOP
        EXECUTE format(
            'GRANT SELECT (%1$I) ON retail.next_product_description_embeddings TO %2$s;'
            'REVOKE SELECT (%1$I) ON retail.product_description_embeddings FROM %2$s',
            v_grant.attname, v_grant.grantee
        );
    END LOOP;
    ALTER TABLE retail.product_description_embeddings RENAME TO former_product_description_embeddings;
    ALTER TABLE retail.next_product_description_embeddings RENAME TO product_description_embeddings;
    ALTER TABLE retail.former_product_description_embeddings RENAME TO next_product_description_embeddings;
    TRUNCATE retail.next_product_description_embeddings;
END
$function$;

COMMENT ON FUNCTION retail.swap_embeddings IS $comment$
For gateway.activate_model, as storekeeper_owner: the two tables of vectors change their names, which takes no longer for
a million products than for one, and the former vectors are dropped. Indexes go with their table.
$comment$;
REVOKE ALL ON FUNCTION retail.swap_embeddings FROM PUBLIC;
