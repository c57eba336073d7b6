-- The products that a query means, best first: by words and by meaning.
-- drop: DROP FUNCTION retail.rank_products;
CREATE OR REPLACE FUNCTION retail.rank_products(
    query                text,
    query_embedding      public.vector     DEFAULT NULL,
    how_many             integer           DEFAULT 20,
    similarity_threshold retail.similarity DEFAULT NULL,
    category_id          smallint          DEFAULT NULL,
    price_min            numeric           DEFAULT NULL,
    price_max            numeric           DEFAULT NULL,
    stocked_in           uuid[]            DEFAULT NULL
)
RETURNS TABLE (
    product_id  integer,
    score       double precision,
    text_rank   integer,
    vector_rank integer,
    similarity  double precision,
    matched     text
)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
-- From a few products to their rows one by one: never through a whole table.
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET jit = off
AS $function$
DECLARE
    -- Settled on the first half of the labelled queries: tests/search.
    c_k        CONSTANT double precision := 10;
    c_vector   CONSTANT double precision := 0.7;  -- what meaning counts beside all words of the query
    c_weights  CONSTANT real[] := '{0.4, 0.6, 0.7, 1}';  -- of D, C, B and A
    c_looked_at CONSTANT integer := 1000;  -- products whose words are compared, where there are more
    v_depth    CONSTANT integer := greatest(rank_products.how_many, 50);
    v_type_ids CONSTANT smallint[] := CASE WHEN rank_products.category_id IS NOT NULL THEN ARRAY(
        SELECT t.type_id FROM retail.product_types AS t WHERE t.category_id = rank_products.category_id
    ) END;
    v_typed    CONSTANT text := lower(regexp_replace(trim(rank_products.query), '\s+', ' ', 'g'));
    -- Products like "wood glue"? asks for wood glue; after a number the sign is inches.
    v_meant    CONSTANT text := trim(regexp_replace(
        v_typed,
        ' ?(?:\m(?:products?|items?|things?|something|anything) (?:like|similar to|such as)\M(?=.*[[:alnum:]])'
            || '|(?<!\d)["“”]|[?!]) ?',
        ' ', 'g'
    ));
    -- What of it is the SKU of a product, or the beginning of one; the rest says what else is meant.
    v_skus     CONSTANT text[] := ARRAY(
        SELECT m.sku[1] || m.sku[2]
        FROM regexp_matches(upper(v_meant), '\m([A-Z]{2,4})[ -]?([0-9]{2,6})\M', 'g') AS m (sku)
        WHERE EXISTS (
            SELECT FROM retail.products AS p
            WHERE p.sku >= (m.sku[1] || m.sku[2])::varchar AND p.sku <= (m.sku[1] || m.sku[2] || '999999')::varchar
        )
    );
    v_rest     CONSTANT text := CASE WHEN v_skus = '{}' THEN v_meant
        ELSE trim(regexp_replace(
            v_meant,
            format(' ?\m(?:%s)\M ?', regexp_replace(array_to_string(v_skus, '|'), '([A-Z])([0-9])', '\1[ -]?\2', 'g')),
            ' ', 'gi'
        ))
    END;
    v_only_skus CONSTANT boolean := v_skus <> '{}' AND to_tsvector('english', v_rest) = '';
    v_embedding public.vector;
    v_pinned   integer[];
    v_places   integer[];
    v_terms    tsquery[];
    v_shares   real[];
    v_words    text[];
    v_spelt    text;
    v_wanted   tsquery;  -- by the rare words; products that have only frequent ones are too many
    v_all      tsquery;  -- by all words, where even the rarest is too frequent
    v_try      tsquery;
    v_text_ids integer[];
    v_covered  double precision[];  -- how much of the query is in the product, by the words' shares
    v_near_ids integer[];
    v_near     double precision[];
BEGIN
    IF rank_products.query_embedding IS NOT NULL AND NOT v_only_skus THEN
        PERFORM retail.check_embedding(rank_products.query_embedding, 'query_embedding');
        v_embedding := rank_products.query_embedding;
    END IF;

    -- What is named outright comes first.
    v_pinned := ARRAY(
        SELECT p.product_id
        FROM (
            SELECT p.product_id, p.sku FROM retail.products AS p WHERE lower(p.name) = v_typed
            UNION
            SELECT p.product_id, p.sku
            FROM unnest(v_skus) AS m (sku)
            JOIN retail.products AS p ON p.sku >= m.sku::varchar AND p.sku <= (m.sku || '999999')::varchar
        ) AS p
        JOIN retail.products AS f USING (product_id)
        WHERE (v_type_ids IS NULL OR f.type_id = ANY (v_type_ids))
          AND (rank_products.price_min IS NULL OR f.base_price >= rank_products.price_min)
          AND (rank_products.price_max IS NULL OR f.base_price <= rank_products.price_max)
          AND (rank_products.stocked_in IS NULL OR EXISTS (
                SELECT FROM retail.inventory AS i
                WHERE i.product_id = f.product_id AND i.store_id = ANY (rank_products.stocked_in) AND i.stock_level > 0
          ))
        ORDER BY p.sku
        LIMIT rank_products.how_many
    );

    -- Rare words say more than frequent ones.
    SELECT
        array_agg(t.place ORDER BY t.place), array_agg(quote_literal(t.lexeme)::tsquery ORDER BY t.place),
        array_agg((t.weight * ln(1 + n.total / t.products))::real ORDER BY t.place),
        array_agg(CASE t.kind
            WHEN 'corrected' THEN format('corrected: "%s" -> %s', t.word, t.spelt)
            WHEN 'synonym' THEN format('synonym: "%s" -> %s', t.word, t.spelt)
            WHEN 'joined' THEN 'joined: ' || t.word
            ELSE 'words: ' || t.word
        END ORDER BY t.place),
        string_agg(DISTINCT t.spelt, ' ') FILTER (WHERE t.kind = 'corrected' AND t.turn <= 2 OR t.kind = 'synonym'),
        string_agg(quote_literal(t.lexeme), ' | ')
            FILTER (WHERE t.products_so_far <= c_looked_at OR t.rarity = 1 OR n.total <= c_looked_at)::tsquery,
        CASE WHEN min(t.products) > c_looked_at THEN
            string_agg(quote_literal(t.lexeme), ' & ') FILTER (WHERE t.kind = 'word')::tsquery
        END
    INTO v_places, v_terms, v_shares, v_words, v_spelt, v_wanted, v_all
    FROM (
        SELECT
            s.place, s.word, s.lexeme, s.weight, s.products, s.kind, s.spelt,
            row_number() OVER (PARTITION BY s.place ORDER BY s.products DESC, s.lexeme) AS turn,
            row_number() OVER (ORDER BY s.products, s.lexeme, s.place) AS rarity,
            sum(s.products) OVER (ORDER BY s.products, s.lexeme, s.place) AS products_so_far
        FROM retail.search_terms(v_rest) AS s
    ) AS t
    CROSS JOIN (SELECT k.products::real AS total FROM search.lexemes AS k WHERE k.lexeme = '') AS n;

    FOREACH v_try IN ARRAY ARRAY[v_all, v_wanted] LOOP
        CONTINUE WHEN v_try IS NULL;
        WITH looked_at AS MATERIALIZED (
            SELECT s.product_id, s.document
            FROM search.documents AS s
            JOIN retail.products AS p USING (product_id)
            WHERE s.document @@ v_try
              AND (v_type_ids IS NULL OR p.type_id = ANY (v_type_ids))
              AND (rank_products.price_min IS NULL OR p.base_price >= rank_products.price_min)
              AND (rank_products.price_max IS NULL OR p.base_price <= rank_products.price_max)
              AND (rank_products.stocked_in IS NULL OR EXISTS (
                    SELECT FROM retail.inventory AS i
                    WHERE i.product_id = p.product_id
                      AND i.store_id = ANY (rank_products.stocked_in) AND i.stock_level > 0
              ))
            LIMIT c_looked_at
        )
        SELECT
            array_agg(r.product_id ORDER BY r.relevance DESC, r.product_id),
            array_agg(r.covered / r.whole ORDER BY r.relevance DESC, r.product_id)
        INTO v_text_ids, v_covered
        FROM (
            SELECT
                b.product_id, sum(b.relevance) AS relevance,
                sum(b.share) FILTER (WHERE b.relevance > 0) AS covered, sum(b.share) AS whole
            FROM (
                -- Of the words that one may stand for, the best.
                SELECT
                    l.product_id, t.place, max(t.share) AS share,
                    max(t.share * ts_rank(c_weights, l.document, t.term)) AS relevance
                FROM looked_at AS l
                CROSS JOIN unnest(v_places, v_terms, v_shares) AS t (place, term, share)
                GROUP BY l.product_id, t.place
            ) AS b
            GROUP BY b.product_id
            ORDER BY relevance DESC, b.product_id
            LIMIT v_depth
        ) AS r;
        EXIT WHEN cardinality(v_text_ids) >= rank_products.how_many;
    END LOOP;

    IF v_embedding IS NULL
        AND NOT v_only_skus
        AND NOT EXISTS (SELECT FROM search.description_model)
        AND EXISTS (SELECT FROM embedding.models AS m WHERE m.is_active AND m.provider = 'built-in')
    THEN
        -- Corrections are added; what was typed stays.
        v_embedding := embedding.embed(concat_ws(' ', v_rest, v_spelt));
    END IF;
    IF v_embedding IS NOT NULL THEN
        SELECT array_agg(n.product_id ORDER BY n.distance, n.product_id), array_agg(1 - n.distance ORDER BY n.distance, n.product_id)
        INTO v_near_ids, v_near
        FROM retail.nearest_products(
            v_embedding, v_depth, v_type_ids, rank_products.price_min, rank_products.price_max, rank_products.stocked_in
        ) AS n
        WHERE coalesce(n.distance <= 1 - rank_products.similarity_threshold, true);
    END IF;

    RETURN QUERY
    WITH found AS (
        SELECT
            h.product_id,
            min(h.turn) FILTER (WHERE h.side = 'pinned')::integer AS pinned,
            min(h.turn) FILTER (WHERE h.side = 'text')::integer AS text_rank,
            min(h.turn) FILTER (WHERE h.side = 'vector')::integer AS vector_rank,
            min(h.similarity) AS similarity,
            min(h.covered) AS covered
        FROM (
            SELECT
                'pinned' AS side, u.product_id, u.turn, NULL::double precision AS similarity,
                NULL::double precision AS covered
            FROM unnest(v_pinned) WITH ORDINALITY AS u (product_id, turn)
            UNION ALL
            SELECT 'text', u.product_id, u.turn, NULL, u.covered
            FROM unnest(v_text_ids, v_covered) WITH ORDINALITY AS u (product_id, covered, turn)
            UNION ALL
            SELECT 'vector', u.product_id, u.turn, u.similarity, NULL
            FROM unnest(v_near_ids, v_near) WITH ORDINALITY AS u (product_id, similarity, turn)
        ) AS h
        GROUP BY h.product_id
    ),
    best AS (
        SELECT
            f.product_id, f.pinned, f.text_rank, f.vector_rank, f.similarity,
            -- Reciprocal ranks; 1 for what is first wherever was looked, and has all words.
            CASE WHEN f.pinned IS NOT NULL THEN 1 ELSE
                (coalesce(f.covered / (c_k + f.text_rank), 0) + coalesce(c_vector / (c_k + f.vector_rank), 0))
                    * (c_k + 1) / (1 + CASE WHEN v_embedding IS NULL THEN 0 ELSE c_vector END)
            END AS score
        FROM found AS f
        ORDER BY f.pinned, score DESC, f.vector_rank, f.product_id
        LIMIT rank_products.how_many
    )
    SELECT
        b.product_id, b.score, b.text_rank, b.vector_rank, b.similarity,
        concat_ws(
            '; ',
            CASE WHEN b.pinned IS NOT NULL THEN CASE WHEN lower(p.name) = v_typed THEN 'name' ELSE 'sku' END END,
            w.matched,
            CASE WHEN b.vector_rank IS NOT NULL THEN 'meaning' END
        )
    FROM best AS b
    JOIN retail.products AS p USING (product_id)
    LEFT JOIN LATERAL (
        SELECT coalesce(
            nullif(concat_ws(
                '; ',
                -- A number with its unit tells it alone, too.
                'words: ' || regexp_replace(
                    string_agg(DISTINCT substr(t.word, 8) COLLATE "C", ', ') FILTER (WHERE t.word LIKE 'words: %'),
                    '(^|, )([\d.]+), (\2 [a-z])', '\1\3', 'g'
                ),
                string_agg(DISTINCT t.word, '; ') FILTER (WHERE t.word LIKE 'corrected: %' OR t.word LIKE 'synonym: %')
            ), ''),
            'words: ' || string_agg(DISTINCT substr(t.word, 9), ', ')
        ) AS matched
        FROM search.documents AS s
        CROSS JOIN unnest(v_terms, v_words) AS t (term, word)
        WHERE s.product_id = b.product_id AND s.document @@ t.term
    ) AS w ON true
    ORDER BY b.pinned, b.score DESC, b.vector_rank, b.product_id;
END
$function$;

COMMENT ON FUNCTION retail.rank_products IS $comment$
The core of semantic_search_products, without prices and stock. A product that is named by its SKU, the beginning of
one, or its whole name comes first; then by reciprocal rank fusion of full-text search (retail.search_terms) and of
retail.nearest_products. Without a vector of the query, given or by the built-in model, by full-text search alone.
@title Rank products
@param query                 What is looked for.
@param query_embedding       Its vector by a model outside; NULL: the built-in model's.
@param how_many              At most so many products.
@param similarity_threshold  What is found by meaning alone must be this similar.
@param category_id           Of this category.
@param price_min             List price at least.
@param price_max             List price at most.
@param stocked_in            In stock in one of these stores, as far as the caller sees them.
@return product_id   The product.
@return score        0 to 1, from the ranks.
@return text_rank    By words; NULL when it was not found by them.
@return vector_rank  By meaning; NULL when it was not found by it.
@return similarity   Cosine similarity, where it was found by meaning.
@return matched      Why it was found.
@example SELECT * FROM retail.rank_products('waterproof electrical connectors');
$comment$;
REVOKE ALL ON FUNCTION retail.rank_products FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.rank_products TO store_managers, regional_managers, head_office;
