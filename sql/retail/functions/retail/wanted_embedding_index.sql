-- The statements that give a table of vectors the indexes it should have.
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
    v_most      integer;  -- lists; more take more memory, by their square, than storekeeper index has
    v_count     bigint;
    v_index     record;
    v_there     text[] := '{}';
    v_outgrown  text[] := '{}';
BEGIN
    EXECUTE format('SELECT public.vector_dims(e.description_embedding) FROM %s AS e LIMIT 1', table_name) INTO v_dimension;
    v_most := least(2000, 2060 - v_dimension / 5);
    FOR v_index IN
        SELECT
            i.indexrelid::regclass AS name, m.amname::text AS method,
            -- One that a build left behind, or for vectors of another length, which could not be written.
            i.indisvalid AND i.indisready
                AND a.atttypid = 'public.halfvec'::regtype
                AND coalesce(a.atttypmod = v_dimension, true) AS fit,
            -- Lists of more than four times the vectors that they were made for.
            o.option_value::integer < least(2 * sqrt(greatest(t.reltuples, 0)), v_most) / 2 AS outgrown
        FROM pg_index AS i
        JOIN pg_class AS t ON t.oid = i.indrelid
        JOIN pg_class AS c ON c.oid = i.indexrelid
        JOIN pg_am AS m ON m.oid = c.relam AND m.amname IN ('hnsw', 'ivfflat')
        JOIN pg_attribute AS a ON a.attrelid = i.indexrelid AND a.attnum = 1
        LEFT JOIN pg_options_to_table(c.reloptions) AS o ON o.option_name = 'lists'
        WHERE i.indrelid = table_name
        ORDER BY 1
    LOOP
        IF NOT v_index.fit THEN
            RETURN NEXT format('DROP INDEX CONCURRENTLY %s', v_index.name);
        ELSIF v_index.outgrown THEN
            v_outgrown := v_outgrown || format('DROP INDEX CONCURRENTLY %s', v_index.name);
        ELSE
            IF rebuild THEN
                RETURN NEXT format('REINDEX INDEX CONCURRENTLY %s', v_index.name);
            END IF;
            v_there := v_there || v_index.method;
        END IF;
    END LOOP;
    IF NOT v_there @> '{hnsw,ivfflat}' AND v_dimension <= 4000 THEN
        EXECUTE format('SELECT count(*) FROM %s AS e', table_name) INTO v_count;
        IF v_count > retail.exact_search_limit(v_dimension) THEN
            -- Half the precision: half the size, and the exact distance sorts what is found.
            IF NOT 'hnsw' = ANY (v_there) THEN
                RETURN NEXT format(
                    'CREATE INDEX CONCURRENTLY ON %s USING hnsw'
                    ' ((description_embedding::public.halfvec(%s)) public.halfvec_cosine_ops)'
                    ' WITH (m = 24, ef_construction = 200)',
                    table_name, v_dimension
                );
            END IF;
            -- Normalised, which changes no cosine, but by which a query tells which of the indexes it means.
            IF NOT 'ivfflat' = ANY (v_there) THEN
                RETURN NEXT format(
                    'CREATE INDEX CONCURRENTLY ON %s USING ivfflat'
                    ' ((public.l2_normalize(description_embedding)::public.halfvec(%s)) public.halfvec_cosine_ops)'
                    ' WITH (lists = %s)',
                    table_name, v_dimension, least(round(2 * sqrt(v_count)), v_most)
                );
            END IF;
        END IF;
    END IF;
    RETURN QUERY SELECT u.* FROM unnest(v_outgrown) AS u;
END
$function$;

COMMENT ON FUNCTION retail.wanted_embedding_index IS $comment$
What is to be run, in this order and each outside a transaction, so that retail.nearest_products finds its indexes: none
up to retail.exact_search_limit vectors, nor those that are there; else one by HNSW and one by lists (IVFFlat), both on
halfvec of the vectors' dimension, after those are dropped that are invalid or of another dimension. An index whose lists
are for less than a quarter of the vectors is dropped after another has been made. storekeeper index runs the statements,
and \gexec at psql does.
@title Wanted vector indexes
@param table_name  The table of vectors; that which is searched where none is given.
@param rebuild     Whether to build those anew that are there.
@return Statements.
@example SELECT retail.wanted_embedding_index() \gexec
$comment$;
REVOKE ALL ON FUNCTION retail.wanted_embedding_index FROM PUBLIC;
-- That role may not use the schema.
REVOKE ALL ON FUNCTION retail.wanted_embedding_index FROM storekeeper_dba;
GRANT EXECUTE ON FUNCTION retail.wanted_embedding_index TO storekeeper_definer, storekeeper_loader;
