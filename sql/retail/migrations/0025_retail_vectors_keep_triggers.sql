-- vectors keep triggers: written by storekeeper ship from the object files named below.
-- depends: 0024_gateway_vectors_keep_triggers 0023_retail_products_searchable

SET LOCAL ROLE storekeeper_owner;
SET LOCAL check_function_bodies = off;

-- object: functions/retail/embed_contents.sql
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
    v_trigger  record;
    v_comment  text;
    v_next_comment text;
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
            SELECT g.privilege_type || a.part AS may, CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE g.grantee::regrole::text END AS who
            FROM (
                SELECT format(' (%I)', a.attname) AS part, a.attacl AS acl
                FROM pg_attribute AS a
                WHERE a.attrelid = to_regclass(v_schema || '.' || v_name)
                UNION ALL
                SELECT '', c.relacl FROM pg_class AS c WHERE c.oid = to_regclass(v_schema || '.' || v_name)
            ) AS a, aclexplode(a.acl) AS g
            WHERE g.grantee <> 'storekeeper_owner'::regrole
        LOOP
            EXECUTE format(
                'GRANT %1$s ON %3$s.next_%4$s TO %2$s; REVOKE %1$s ON %3$s.%4$s FROM %2$s',
                v_grant.may, v_grant.who, v_schema, v_name
            );
        END LOOP;
        v_comment := obj_description(to_regclass(v_schema || '.' || v_name), 'pg_class');
        v_next_comment := obj_description(to_regclass(v_schema || '.next_' || v_name), 'pg_class');
        EXECUTE format('ALTER TABLE %s.%s RENAME TO former_%2$s', v_schema, v_name);
        EXECUTE format('ALTER TABLE %s.next_%s RENAME TO %2$s', v_schema, v_name);
        EXECUTE format('ALTER TABLE %s.former_%s RENAME TO next_%2$s', v_schema, v_name);
        EXECUTE format('COMMENT ON TABLE %s.%s IS %L', v_schema, v_name, v_comment);
        EXECUTE format('COMMENT ON TABLE %s.next_%s IS %L', v_schema, v_name, v_next_comment);
        -- What watched the old ones watches the new ones.
        FOR v_trigger IN
            SELECT
                t.tgname, replace(pg_get_triggerdef(t.oid), ' ON ' || v_schema || '.next_', ' ON ' || v_schema || '.') AS ddl,
                CASE t.tgenabled
                    WHEN 'A' THEN 'ENABLE ALWAYS' WHEN 'R' THEN 'ENABLE REPLICA' WHEN 'D' THEN 'DISABLE' ELSE 'ENABLE'
                END AS state
            FROM pg_trigger AS t
            WHERE t.tgrelid = to_regclass(v_schema || '.next_' || v_name) AND NOT t.tgisinternal
        LOOP
            EXECUTE v_trigger.ddl;
            EXECUTE format('ALTER TABLE %s.%s %s TRIGGER %I', v_schema, v_name, v_trigger.state, v_trigger.tgname);
            EXECUTE format('DROP TRIGGER %3$I ON %1$s.next_%2$s', v_schema, v_name, v_trigger.tgname);
        END LOOP;
    END LOOP;
    PERFORM retail.empty_next_embeddings();
END
$function$;

COMMENT ON FUNCTION retail.swap_embeddings IS $comment$
For gateway.activate_model, as storekeeper_owner: the two tables of vectors change their names, which takes no longer
for a million products than for one, and the former vectors are dropped. Indexes go with their table; grants, triggers
and comments stay with the name. SK409 where the next vectors are another model's.
$comment$;
REVOKE ALL ON FUNCTION retail.swap_embeddings FROM PUBLIC;

-- object: functions/retail/wanted_embedding_index.sql
DROP FUNCTION retail.wanted_embedding_index;
-- object: functions/retail/wanted_embedding_index.sql
-- The statements that give a table of vectors the index it should have.
-- drop: DROP FUNCTION retail.wanted_embedding_index;
CREATE OR REPLACE FUNCTION retail.wanted_embedding_index(
    table_name regclass DEFAULT NULL,
    rebuild    boolean  DEFAULT false
)
RETURNS SETOF text
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    -- By its name each time: a default would be the table itself, whatever it is called after a switch of models.
    v_table     CONSTANT regclass := coalesce(table_name, to_regclass('retail.product_description_embeddings'));
    v_dimension integer;
    v_count     integer;
    v_index     record;
    v_there     boolean := false;
BEGIN
    EXECUTE format('SELECT public.vector_dims(e.description_embedding) FROM %s AS e LIMIT 1', v_table) INTO v_dimension;
    FOR v_index IN
        SELECT
            i.indexrelid::regclass AS name,
            -- One that a build left behind, or for vectors of another length, which could not be written.
            i.indisvalid AND i.indisready
                AND a.atttypid = 'public.halfvec'::regtype
                AND coalesce(a.atttypmod = v_dimension, true) AS fit
        FROM pg_index AS i
        JOIN pg_class AS c ON c.oid = i.indexrelid
        JOIN pg_am AS m ON m.oid = c.relam AND m.amname = 'hnsw'
        JOIN pg_attribute AS a ON a.attrelid = i.indexrelid AND a.attnum = 1
        WHERE i.indrelid = v_table
        ORDER BY 1
    LOOP
        IF NOT v_index.fit THEN
            RETURN NEXT format('DROP INDEX CONCURRENTLY %s', v_index.name);
        ELSIF rebuild THEN
            RETURN NEXT format('REINDEX INDEX CONCURRENTLY %s', v_index.name);
        END IF;
        v_there := v_there OR v_index.fit;
    END LOOP;
    IF NOT v_there AND v_dimension <= 4000 THEN
        EXECUTE format(
            'SELECT count(*) FROM (SELECT FROM %s AS e LIMIT %s) AS c',
            v_table, retail.exact_search_limit(v_dimension) + 1
        ) INTO v_count;
        IF v_count > retail.exact_search_limit(v_dimension) THEN
            -- Half the precision: half the size, and the exact distance sorts what is found.
            RETURN NEXT format(
                'CREATE INDEX CONCURRENTLY ON %s USING hnsw'
                ' ((description_embedding::public.halfvec(%s)) public.halfvec_cosine_ops)'
                ' WITH (m = 24, ef_construction = 100)',
                v_table, v_dimension
            );
        END IF;
    END IF;
END
$function$;

COMMENT ON FUNCTION retail.wanted_embedding_index IS $comment$
What is to be run, in this order and each outside a transaction, so that retail.nearest_products finds its index: none
up to retail.exact_search_limit vectors, nor where it is there; else one by HNSW on halfvec of the vectors' dimension,
after those are dropped that are invalid or of another dimension. storekeeper index runs them, and \gexec at psql does.
@title Wanted vector index
@param table_name  The table of vectors; that which is searched where none is given.
@param rebuild     Whether to build an index anew that is there.
@return Statements.
@example SELECT retail.wanted_embedding_index() \gexec
$comment$;
REVOKE ALL ON FUNCTION retail.wanted_embedding_index FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.wanted_embedding_index TO storekeeper_dba, storekeeper_definer, storekeeper_loader;

-- end of objects
NOTIFY storekeeper_catalog;
