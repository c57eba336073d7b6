-- Makes products searchable as they are now.
-- drop: DROP FUNCTION retail.refresh_search;
CREATE OR REPLACE FUNCTION retail.refresh_search(product_ids integer[])
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
-- Plans for one product and for thousands are not alike, and the tables may have grown since they were analysed.
SET plan_cache_mode = force_custom_plan
SET jit = off
AS $function$
DECLARE
    -- Sorted, so that no two writers wait for each other.
    v_ids  CONSTANT integer[] := ARRAY(SELECT DISTINCT i FROM unnest(refresh_search.product_ids) AS i ORDER BY i);
    c_size CONSTANT integer := 2000;
    v_some integer[];
    v_text text;
    v_contents text[];
BEGIN
    FOR v_from IN 1 .. cardinality(v_ids) BY c_size LOOP
        v_some := v_ids[v_from : v_from + c_size - 1];
        -- Who changes one of these now would not see the products; who does so later waits, and sees them.
        PERFORM FROM retail.product_types AS t
        JOIN retail.categories AS c USING (category_id)
        WHERE t.type_id IN (SELECT p.type_id FROM retail.products AS p WHERE p.product_id = ANY (v_some))
        ORDER BY t.type_id
        FOR SHARE OF t, c;
        WITH described AS MATERIALIZED (
            SELECT d.product_id, d.content, d.document, d.words
            FROM retail.describe_products(v_some) AS d
        ),
        written AS (
            INSERT INTO search.documents AS s (product_id, document)
            SELECT d.product_id, d.document
            FROM described AS d
            ORDER BY d.product_id
            ON CONFLICT (product_id) DO UPDATE SET document = excluded.document
            WHERE s.document <> excluded.document
        )
        SELECT
            string_agg(d.words, ' '),
            array_agg(d.product_id ORDER BY d.product_id),
            array_agg(d.content ORDER BY d.product_id)
        INTO v_text, v_some, v_contents
        FROM described AS d;

        INSERT INTO search.words (word, lexeme, shorter)
        SELECT w.word, (ts_lexize('english_stem', w.word))[1], retail.shorter_words(w.word)
        FROM (SELECT DISTINCT s.word FROM string_to_table(v_text, ' ') AS s (word)) AS w
        WHERE w.word ~ '^[a-z]{4,20}$'
          AND ts_lexize('english_stem', w.word) <> '{}'
          AND NOT EXISTS (SELECT FROM search.words AS k WHERE k.word = w.word)
        ORDER BY w.word;

        PERFORM retail.embed_contents(v_some, v_contents);
    END LOOP;
END
$function$;

COMMENT ON FUNCTION retail.refresh_search IS $comment$
Writes the documents, words and vectors of these products, as retail.describe_products has them. The triggers on
products, product_types and categories call it: there is no need to, but after triggers were disabled.
@title Refresh search
@param product_ids  Which products; unknown ones are left out.
@example SELECT retail.refresh_search(ARRAY(SELECT product_id FROM retail.products));
$comment$;
REVOKE ALL ON FUNCTION retail.refresh_search FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.refresh_search TO storekeeper_loader;
