-- The statements that give a table of vectors the index it should have.
-- drop: DROP FUNCTION retail.wanted_embedding_index;
CREATE OR REPLACE FUNCTION retail.wanted_embedding_index(
    -- By its name at each call: a constant stays with the table when another takes over the name.
    table_name regclass DEFAULT to_regclass('retail.product_description_embeddings'),
    rebuild    boolean  DEFAULT false
)
RETURNS SETOF text
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_dimension integer;
    v_count     integer;
    v_index     record;
    v_there     boolean := false;
BEGIN
    EXECUTE format('SELECT public.vector_dims(e.description_embedding) FROM %s AS e LIMIT 1', table_name) INTO v_dimension;
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
        WHERE i.indrelid = table_name
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
            table_name, retail.exact_search_limit(v_dimension) + 1
        ) INTO v_count;
        IF v_count > retail.exact_search_limit(v_dimension) THEN
            -- Half the precision: half the size, and the exact distance sorts what is found.
            RETURN NEXT format(
                'CREATE INDEX CONCURRENTLY ON %s USING hnsw'
                ' ((description_embedding::public.halfvec(%s)) public.halfvec_cosine_ops)'
                ' WITH (m = 24, ef_construction = 200)',
                table_name, v_dimension
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
-- That role may not use the schema.
REVOKE ALL ON FUNCTION retail.wanted_embedding_index FROM storekeeper_dba;
GRANT EXECUTE ON FUNCTION retail.wanted_embedding_index TO storekeeper_definer, storekeeper_loader;
