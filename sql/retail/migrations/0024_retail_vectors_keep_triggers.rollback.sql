-- vectors keep triggers: written by storekeeper ship from the object files named below.

SET LOCAL ROLE storekeeper_owner;
SET LOCAL check_function_bodies = off;

-- object: functions/retail/swap_embeddings.sql
-- Puts the vectors of the next model in place of those that are searched.
-- drop: DROP FUNCTION retail.swap_embeddings;
CREATE OR REPLACE FUNCTION retail.swap_embeddings(model_id smallint)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_model_id smallint;
    v_schema   text;
    v_name     text;
    v_grant    record;
BEGIN
    LOCK TABLE search.description_model, search.next_description_model,
        retail.product_description_embeddings, retail.next_product_description_embeddings
        IN ACCESS EXCLUSIVE MODE;
    SELECT m.model_id INTO v_model_id
    FROM embedding.models AS m
    WHERE m.model_id = swap_embeddings.model_id AND m.provider <> 'built-in';
    IF v_model_id IS DISTINCT FROM (SELECT n.model_id FROM search.next_description_model AS n) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK409',
            MESSAGE = 'The next vectors are those of another model.',
            HINT = 'storekeeper embed makes them anew.';
    END IF;
    FOR v_schema, v_name IN VALUES ('search', 'description_model'), ('retail', 'product_description_embeddings') LOOP
        -- Whoever may read these may read the new ones; the old ones are nobody's.
        FOR v_grant IN
            SELECT a.attname, g.grantee::regrole AS grantee
            FROM pg_attribute AS a, aclexplode(a.attacl) AS g
            WHERE a.attrelid = to_regclass(v_schema || '.' || v_name)
              AND g.privilege_type = 'SELECT'
              AND g.grantee <> 0
        LOOP
            EXECUTE format(
                'GRANT SELECT (%1$I) ON %3$s.next_%4$s TO %2$s; REVOKE SELECT (%1$I) ON %3$s.%4$s FROM %2$s',
                v_grant.attname, v_grant.grantee, v_schema, v_name
            );
        END LOOP;
        EXECUTE format('ALTER TABLE %s.%s RENAME TO former_%2$s', v_schema, v_name);
        EXECUTE format('ALTER TABLE %s.next_%s RENAME TO %2$s', v_schema, v_name);
        EXECUTE format('ALTER TABLE %s.former_%s RENAME TO next_%2$s', v_schema, v_name);
    END LOOP;
    PERFORM retail.empty_next_embeddings();
END
$function$;

COMMENT ON FUNCTION retail.swap_embeddings IS $comment$
For gateway.activate_model, as storekeeper_owner: the two tables of vectors change their names, which takes no longer
for a million products than for one, and the former vectors are dropped. Indexes go with their table. SK409 where the
next vectors are another model's.
$comment$;
REVOKE ALL ON FUNCTION retail.swap_embeddings FROM PUBLIC;

-- end of objects
NOTIFY storekeeper_catalog;
