-- search by meaning: written by storekeeper ship from the object files named below.
-- depends: 0020_gateway_search_by_meaning 0019_retail_next_embeddings

SET LOCAL ROLE storekeeper_owner;
SET LOCAL check_function_bodies = off;

-- object: functions/retail/queue_embeddings.sql
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
    -- Whoever changes a product now does not see the model yet, and would not queue the new text.
    LOCK TABLE retail.products IN SHARE MODE;
    IF NOT v_active AND v_model_id IS DISTINCT FROM (SELECT n.model_id FROM retail.next_description_model AS n) THEN
        -- What another model left there.
        TRUNCATE retail.next_product_description_embeddings, retail.next_description_model;
        INSERT INTO retail.next_description_model (model_id) SELECT v_model_id WHERE v_model_id IS NOT NULL;
    END IF;
    IF v_model_id IS NULL THEN
        EXECUTE format($sql$
            INSERT INTO retail.%1$I AS e (product_id, description_embedding)
            SELECT t.product_id, t.vector
            FROM (
                SELECT p.product_id, embedding.embed(concat_ws('. ', p.name, p.description)) AS vector
                FROM retail.products AS p
                WHERE NOT EXISTS (SELECT FROM retail.%1$I AS e WHERE e.product_id = p.product_id)
            ) AS t
            WHERE t.vector IS NOT NULL
        $sql$, v_table);
        RETURN 0;
    END IF;
    FOR v_keys, v_contents IN EXECUTE format($sql$
        SELECT array_agg(p.product_id::text), array_agg(concat_ws('. ', p.name, p.description))
        FROM retail.products AS p
        WHERE NOT EXISTS (SELECT FROM retail.%I AS e WHERE e.product_id = p.product_id)
        GROUP BY p.product_id / 10000
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
built-in model they get it at once. Who writes products waits meanwhile; who reads them does not.
@return How many products lack a vector.
$comment$;
REVOKE ALL ON FUNCTION retail.queue_embeddings FROM PUBLIC;

-- object: functions/retail/store_embeddings.sql
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
    v_name     text;
    v_grant    record;
BEGIN
    LOCK TABLE retail.description_model, retail.next_description_model,
        retail.product_description_embeddings, retail.next_product_description_embeddings
        IN ACCESS EXCLUSIVE MODE;
    SELECT m.model_id INTO v_model_id
    FROM embedding.models AS m
    WHERE m.model_id = swap_embeddings.model_id AND m.provider <> 'built-in';
    IF v_model_id IS DISTINCT FROM (SELECT n.model_id FROM retail.next_description_model AS n) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK409',
            MESSAGE = 'The next vectors are those of another model.',
            HINT = 'storekeeper embed makes them anew.';
    END IF;
    FOREACH v_name IN ARRAY ARRAY['description_model', 'product_description_embeddings'] LOOP
        -- Whoever may read these may read the new ones; the old ones are nobody's.
        FOR v_grant IN
            SELECT a.attname, g.grantee::regrole AS grantee
            FROM pg_attribute AS a, aclexplode(a.attacl) AS g
            WHERE a.attrelid = to_regclass('retail.' || v_name)
              AND g.privilege_type = 'SELECT'
              AND g.grantee <> 0
        LOOP
            EXECUTE format(
                'GRANT SELECT (%1$I) ON retail.next_%3$s TO %2$s; REVOKE SELECT (%1$I) ON retail.%3$s FROM %2$s',
                v_grant.attname, v_grant.grantee, v_name
            );
        END LOOP;
        EXECUTE format('ALTER TABLE retail.%s RENAME TO former_%1$s', v_name);
        EXECUTE format('ALTER TABLE retail.next_%s RENAME TO %1$s', v_name);
        EXECUTE format('ALTER TABLE retail.former_%s RENAME TO next_%1$s', v_name);
        EXECUTE format('TRUNCATE retail.next_%s', v_name);
    END LOOP;
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
