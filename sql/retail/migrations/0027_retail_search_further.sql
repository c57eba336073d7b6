-- search further: written by storekeeper ship from the object files named below.
-- depends: 0025_gateway_search_hardening 0026_retail_search_hardening

SET LOCAL ROLE storekeeper_owner;
SET LOCAL check_function_bodies = off;

-- object: functions/retail/nearest_products.sql
-- The products nearest to a vector, under filters: exactly where they are few, by the index where many.
-- drop: DROP FUNCTION retail.nearest_products;
-- Only once pgvector is loaded may others than superusers name its settings.
DO $do$ BEGIN PERFORM '[1]'::public.vector; END $do$;
CREATE OR REPLACE FUNCTION retail.nearest_products(
    query_embedding public.vector,
    how_many        integer       DEFAULT 20,
    type_ids        smallint[]    DEFAULT NULL,
    price_min       numeric       DEFAULT NULL,
    price_max       numeric       DEFAULT NULL,
    stocked_in      uuid[]        DEFAULT NULL,
    active_only     boolean       DEFAULT false,
    product_ids     integer[]     DEFAULT NULL
)
RETURNS TABLE (product_id integer, distance double precision)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
SET hnsw.iterative_scan = relaxed_order
SET hnsw.ef_search = 400
SET hnsw.max_scan_tuples = 20000
-- From the index, or from the candidates, to the other rows one by one: never through a whole table.
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET jit = off
AS $function$
DECLARE
    -- How many the index gives, and how many where none of those stands out: what is about as far from everything, its
    -- graph is easily led astray by (sql/README.md).
    c_looks      CONSTANT integer[] := '{400, 4000}';
    v_dimension  CONSTANT integer := public.vector_dims(query_embedding);
    v_narrow     CONSTANT text := concat_ws(
        ' AND ',
        CASE WHEN type_ids IS NOT NULL THEN 'p.type_id = ANY ($3)' END,
        CASE WHEN price_min IS NOT NULL THEN 'p.base_price >= $4' END,
        CASE WHEN price_max IS NOT NULL THEN 'p.base_price <= $5' END,
        CASE WHEN product_ids IS NOT NULL THEN 'p.product_id = ANY ($7)' END
    );
    v_filter     CONSTANT text := concat_ws(
        ' AND ',
        nullif(v_narrow, ''),
        CASE WHEN active_only THEN 'p.is_active' END,
        CASE WHEN stocked_in IS NOT NULL THEN
            'EXISTS (SELECT FROM retail.inventory AS i WHERE i.product_id = p.product_id'
            ' AND i.store_id = ANY ($6) AND i.stock_level > 0)'
        END
    );
    -- Candidates that a filter leaves are looked up one by one, which takes three times as long.
    v_limit      CONSTANT integer
        := retail.exact_search_limit(v_dimension) / CASE WHEN v_filter <> '' THEN 3 ELSE 1 END;
    v_from       CONSTANT text := ' FROM retail.product_description_embeddings AS e'
        || CASE WHEN v_filter <> '' THEN ' JOIN retail.products AS p USING (product_id) WHERE ' || v_filter ELSE '' END;
    -- As wanted_embedding_index has it; the dimension must be in the text for the index to match.
    v_order      CONSTANT text := format(
        ' ORDER BY e.description_embedding::public.halfvec(%1$s) OPERATOR(public.<=>) $1::public.halfvec(%1$s) LIMIT ',
        v_dimension
    );
    v_count      CONSTANT text := 'SELECT count(*) FROM (SELECT FROM retail.products AS p%s LIMIT %s) AS c';
    -- What is nearest by the index, who of them passes, and whether none stands out.
    v_look       CONSTANT text :=
        'WITH looked_at AS MATERIALIZED ('
        'SELECT e.product_id, e.description_embedding OPERATOR(public.<=>) $1 AS distance'
        ' FROM retail.product_description_embeddings AS e' || v_order || '$8)'
        ' SELECT array_agg(n.product_id ORDER BY n.distance, n.product_id),'
        ' array_agg(n.distance ORDER BY n.distance, n.product_id),'
        ' (SELECT min(l.distance) > 0.75 * max(l.distance) FROM looked_at AS l)'
        ' FROM (SELECT e.product_id, e.distance FROM looked_at AS e'
        || CASE WHEN v_filter <> '' THEN ' JOIN retail.products AS p USING (product_id) WHERE ' || v_filter ELSE '' END
        || ' ORDER BY 2, 1 LIMIT $2) AS n';
    v_looked_at  integer;
    v_candidates integer;
    v_ids        integer[];
    v_distances  double precision[];
    v_flat       boolean;
    v_enough     boolean;
    v_through    text := '';
BEGIN
    IF query_embedding IS NULL OR how_many >= 1 IS NOT TRUE OR public.vector_norm(query_embedding) = 0 THEN
        RETURN;
    END IF;
    -- Counted no further than the answer matters, and by what an index can count.
    EXECUTE format(v_count, coalesce(' WHERE ' || nullif(v_narrow, ''), ''), v_limit + 1)
    INTO v_candidates
    USING query_embedding, how_many, type_ids, price_min, price_max, stocked_in, product_ids;

    IF v_candidates > v_limit AND v_dimension <= 4000 THEN
        FOREACH v_looked_at IN ARRAY c_looks LOOP
            IF v_enough IS NOT NULL THEN
                EXECUTE format(
                    v_count, coalesce(' WHERE ' || nullif(CASE WHEN v_enough THEN v_narrow ELSE v_filter END, ''), ''),
                    CASE WHEN v_enough THEN 12 ELSE 60 END * v_limit + 1
                )
                INTO v_candidates
                USING query_embedding, how_many, type_ids, price_min, price_max, stocked_in, product_ids;
                -- Sooner compared than looked for, or hardly to be found among ten times as many.
                v_enough := v_enough AND v_candidates > 12 * v_limit;
                EXIT WHEN v_candidates <= 12 * v_limit OR NOT v_enough AND 10 * coalesce(cardinality(v_ids), 0) < how_many;
            END IF;
            EXECUTE v_look
            INTO v_ids, v_distances, v_flat
            USING query_embedding, how_many, type_ids, price_min, price_max, stocked_in, product_ids,
                greatest(v_looked_at, 2 * how_many::bigint + 20);
            v_enough := v_filter = '' OR coalesce(cardinality(v_ids), 0) = how_many;
            EXIT WHEN v_enough AND NOT v_flat;
        END LOOP;
        IF v_enough THEN
            RETURN QUERY SELECT u.product_id, u.distance FROM unnest(v_ids, v_distances) AS u (product_id, distance);
            RETURN;
        END IF;
        -- Too many to compare: on through the index until enough have passed, or it has gone far enough.
        IF v_candidates > 60 * v_limit THEN
            v_through := v_order || '2 * $2::bigint + 20';
        END IF;
    END IF;

    RETURN QUERY EXECUTE
        'SELECT c.product_id, c.distance FROM ('
        'SELECT e.product_id, e.description_embedding OPERATOR(public.<=>) $1 AS distance' || v_from || v_through
        || ') AS c ORDER BY 2, 1 LIMIT $2'
    USING query_embedding, how_many, type_ids, price_min, price_max, stocked_in, product_ids;
END
$function$;

COMMENT ON FUNCTION retail.nearest_products IS $comment$
The products whose vectors are nearest to a vector by cosine, the nearest first: as many as asked for wherever the
filters leave as many. Up to retail.exact_search_limit vectors, or a third of it that a filter leaves, are compared one
by one; of more, the 400 nearest by the index of retail.wanted_embedding_index. Where the nearest of those is hardly
nearer than the last, the index is not to be trusted: up to twelve times as many are compared after all, of more the 4,000
nearest. Where a filter leaves more than twenty times the limit and few of the nearest pass it, fewer are found: those that
are among the 20,000 nearest of all.
@title Nearest products
@param query_embedding  Of the model and dimension of the table; nothing is near to NULL or zeros.
@param how_many         At most so many.
@param type_ids         Of these types; NULL: any.
@param price_min        List price at least.
@param price_max        List price at most.
@param stocked_in       In stock in one of these stores, as far as the caller sees them; NULL: or not.
@param active_only      Without those that are no longer bought in.
@param product_ids      Among these; NULL: all.
@return product_id  The product.
@return distance    Cosine distance: 0 is the same, 1 is unrelated.
@example SELECT * FROM retail.nearest_products((SELECT description_embedding FROM retail.product_description_embeddings LIMIT 1), 5);
$comment$;
REVOKE ALL ON FUNCTION retail.nearest_products FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.nearest_products TO store_managers, regional_managers, head_office;

-- object: functions/retail/plain_words.sql
-- A text as plain words, with its sizes and numbers in one form.
-- drop: DROP FUNCTION retail.plain_words;
CREATE OR REPLACE FUNCTION retail.plain_words(content text)
RETURNS text
LANGUAGE plpgsql
IMMUTABLE
STRICT
PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    -- 1/2, 1-1/2, 1 1/2, 1,000, 4.5. Bounds of words (\m, \M) take a tenth of the time of looking round.
    c_number CONSTANT text := '(?:(?:\d+[- ])?\d+/\d+|\d+(?:,\d{3})+|\d+(?:\.\d+)?)';
    c_unit   CONSTANT text :=
        '(?:(?:in(?:ch(?:es)?)?|(?:sq(?:uare|\.)?|cu(?:bic|\.)?)?[ -]?(?:ft|foot|feet)|yds?|yards?|gal|gallons?|qt|quarts?|pt|pints?'
        '|oz|ounces?|lbs?|pounds?|hp|v|volts?|w|watts?|a|amps?|ga|gauge|awg|packs?|pk|pieces?|pcs?|ct|count|degrees?|mm|cm)'
        '\M|["”″]|''''|[''’′])';
    c_units  CONSTANT jsonb := '{
        "\"": "inch", "”": "inch", "″": "inch", "''''": "inch", "in": "inch", "inche": "inch",
        "''": "foot", "’": "foot", "′": "foot", "ft": "foot", "feet": "foot", "yd": "yard",
        "gal": "gallon", "qt": "quart", "pt": "pint", "oz": "ounce", "lb": "pound",
        "v": "volt", "w": "watt", "a": "amp", "ga": "gauge", "awg": "gauge",
        "pk": "pack", "pc": "pack", "piece": "pack", "ct": "pack", "count": "pack"
    }';
    c_numerals CONSTANT text[] := '{one,two,three,four,five,six,seven,eight,nine,ten,eleven,twelve}';
    v_text     text := replace(lower(plain_words.content), '-by-', ' by ');
    v_found    text[];
    v_row      text[];
    v_value    text;
    v_unit     text;
    v_measures text[] := '{}';
BEGIN
    IF v_text ~ '\m(?:half|quarter|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\M' THEN
        -- By digits, where they count units, and of two by four.
        v_text := regexp_replace(v_text, '\m(?:a )?half(?: an?)?[ -](?=(?:inch|gallon|quart|pint|pound))', '1/2 ', 'g');
        v_text := regexp_replace(v_text, '\mthree[ -]quarters?(?: of)?(?: an?)?[ -](?=inch)', '3/4 ', 'g');
        v_text := regexp_replace(v_text, '\m(?:a )?quarter(?: of)?(?: an?)?[ -](?=inch)', '1/4 ', 'g');
        FOR v_found IN
            SELECT DISTINCT m FROM regexp_matches(
                v_text,
                '\m(' || array_to_string(c_numerals, '|') || ')\M(?:(?=[ -]' || c_unit || ')|(?= by\M)|(?<=\mby [a-z]+))',
                'g'
            ) AS m
        LOOP
            v_text := regexp_replace(
                v_text, '\m' || v_found[1] || '\M', array_position(c_numerals, v_found[1])::text, 'g'
            );
        END LOOP;
    END IF;
    IF v_text ~ '\d' THEN
        v_text := regexp_replace(v_text, '(^|[^\d])\.(?=\d)', '\10.', 'g');
        -- 2 in x 4 in x 8 ft, 2x4, 12-2: measures that belong together.
        IF v_text ~ '\d.{0,14}(?:x|×|by) ?[\d.]|\d-\d' THEN
            FOR v_found IN
                SELECT m FROM regexp_matches(
                    v_text,
                    '\m(?:' || c_number || '(?: ?-? ?' || c_unit || ')?(?: ?(?:x|×|by) ?' || c_number
                        || '(?: ?-? ?' || c_unit || '|\M))+|\d+(?:-\d+)+\M(?!/))',
                    'g'
                ) AS m
            LOOP
                v_value := regexp_replace(v_found[1], ' ?(?:x|×|by) ?', '×', 'g');
                IF v_value !~ '×' THEN
                    v_value := replace(v_value, '-', '×');
                END IF;
                v_row := string_to_array(
                    translate(regexp_replace(v_value, ' ?-? ?' || c_unit, '', 'g'), './ -,', 'dvpp'), '×'
                );
                FOR i IN 1 .. cardinality(v_row) - 1 LOOP
                    FOR j IN i + 1 .. least(cardinality(v_row), i + 3) LOOP
                        v_measures := v_measures || array_to_string(v_row[i:j], 'x');
                    END LOOP;
                END LOOP;
            END LOOP;
        END IF;
        -- Each number, with its unit and without.
        FOR v_found IN
            SELECT m FROM regexp_matches(
                v_text, '\m(' || c_number || ')(?: ?-? ?(' || c_unit || ')|\M)', 'g'
            ) AS m
        LOOP
            v_value := replace(v_found[1], ',', '');
            CONTINUE WHEN length(v_value) > 12;
            IF strpos(v_value, '/') > 0 THEN
                v_row := regexp_match(v_value, '^(?:(\d+)[- ])?(\d+)/(\d+)$');
                CONTINUE WHEN v_row[3]::bigint = 0;
                -- 12/2 is a cable.
                IF v_row[1] IS NULL AND v_row[2]::bigint >= v_row[3]::bigint THEN
                    v_measures := v_measures || (v_row[2] || 'x' || v_row[3]);
                    CONTINUE;
                END IF;
                v_value := round(coalesce(v_row[1]::numeric, 0) + v_row[2]::numeric / v_row[3]::numeric, 3)::text;
            END IF;
            v_value := replace(trim_scale(v_value::numeric)::text, '.', 'd');
            v_measures := v_measures || ('n' || v_value);
            IF v_found[2] IS NOT NULL THEN
                v_unit := CASE
                    WHEN v_found[2] LIKE 'sq%' THEN 'sqft'
                    WHEN v_found[2] LIKE 'cu%' THEN 'cuft'
                    ELSE rtrim(ltrim(v_found[2], ' -'), 's')
                END;
                v_unit := coalesce(c_units ->> v_unit, v_unit);
                v_measures := v_measures || (v_unit || v_value);
                -- Inches and feet are everywhere, and say nothing alone.
                IF v_unit NOT IN ('inch', 'foot') THEN
                    v_measures := v_measures || v_unit;
                END IF;
            END IF;
        END LOOP;
        v_text := regexp_replace(
            v_text,
            '\m(?:' || c_number || '(?: ?-? ?' || c_unit || '|\M)|x\M)|×',
            ' ', 'g'
        );
    END IF;
    v_text := regexp_replace(v_text, '[''’]s\M', '', 'g');
    v_text := regexp_replace(v_text, '[!-/:-@\[-`{-~[:space:]]+', ' ', 'g');
    RETURN trim(v_text || ' ' || array_to_string(v_measures, ' '));
END
$function$;

COMMENT ON FUNCTION retail.plain_words IS $comment$
The words of a text in lower case, then its measures, each as a word of its own: 1/2", half inch and 0.5 in are
inch0d5 and n0d5 (the number alone), two by four is 2x4, 2 in x 4 in x 8 ft is 2x4, 4x8 and 2x4x8, 12-2 and 12/2 are
12x2. For retail.describe_products and retail.search_terms, which must see texts alike.
@title Plain words
@param content  A name, a description or a query.
@return The words, with blanks between them.
@example SELECT retail.plain_words('Copper pipe, half inch');
$comment$;
REVOKE ALL ON FUNCTION retail.plain_words FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.plain_words TO store_managers, regional_managers, head_office;

-- object: functions/retail/rank_products.sql
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
    v_total    real;  -- products
    v_looked_at integer[] := '{}';
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
        END,
        max(n.total)
    INTO v_places, v_terms, v_shares, v_words, v_spelt, v_wanted, v_all, v_total
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
            v_looked_at || (SELECT array_agg(l.product_id) FROM looked_at AS l),
            array_agg(r.product_id ORDER BY r.relevance DESC, r.product_id),
            array_agg(r.covered / r.whole ORDER BY r.relevance DESC, r.product_id)
        INTO v_looked_at, v_text_ids, v_covered
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
        FROM (
            SELECT n.product_id, n.distance
            FROM retail.nearest_products(
                v_embedding, v_depth, v_type_ids, rank_products.price_min, rank_products.price_max, rank_products.stocked_in
            ) AS n
            UNION
            -- The index misses some of the nearest, and those mostly have words of the query.
            SELECT e.product_id, e.description_embedding OPERATOR(public.<=>) v_embedding
            FROM retail.product_description_embeddings AS e
            WHERE e.product_id = ANY (v_looked_at)
              AND v_total > retail.exact_search_limit(public.vector_dims(v_embedding))
            ORDER BY distance, product_id
            LIMIT v_depth
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

-- object: functions/retail/search_terms.sql
-- What a query looks for in the words of products.
-- drop: DROP FUNCTION retail.search_terms;
CREATE OR REPLACE FUNCTION retail.search_terms(query text)
RETURNS TABLE (place integer, word text, lexeme text, weight real, products integer, kind text, spelt text)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $function$
DECLARE
    v_words   CONSTANT text[] := (string_to_array(retail.plain_words(search_terms.query), ' '))[1:60];
    -- As retail.plain_words writes a number, alone or with its unit.
    c_units   CONSTANT text := 'inch|foot|sqft|cuft|yard|gallon|quart|pint|ounce|pound|hp|volt|watt|amp|gauge|pack|degree|mm|cm';
    c_measure CONSTANT text := '^(n|' || c_units || ')(\d+(?:d\d+)?)$';
    v_word    text;
    v_told    text;
    v_measure text[];
    v_known   boolean;
    v_limit   integer;
    v_shorter text[];
    v_tried   integer := 0;
BEGIN
    FOR v_place IN 1 .. coalesce(cardinality(v_words), 0) LOOP
        v_word := v_words[v_place];
        v_told := v_word;
        v_known := false;
        IF v_word ~ '\d' THEN
            v_measure := regexp_match(v_word, c_measure);
            v_told := CASE
                WHEN v_measure IS NOT NULL THEN concat_ws(' ', replace(v_measure[2], 'd', '.'), nullif(v_measure[1], 'n'))
                WHEN v_word ~ '^\d[\ddvp]*(?:x\d[\ddvp]*)+$' THEN translate(v_word, 'dvp', './-')
                ELSE v_word
            END;
        END IF;
        FOR place, word, lexeme, weight, products, kind IN
            SELECT v_place, v_told, l.lexeme, 1, k.products, 'word'
            FROM unnest(tsvector_to_array(to_tsvector('english', v_word))) AS l (lexeme)
            LEFT JOIN LATERAL (
                SELECT k.products FROM search.lexemes AS k WHERE k.lexeme = l.lexeme AND k.products > 0 OFFSET 0
            ) AS k ON true
        LOOP
            IF products IS NOT NULL THEN
                RETURN NEXT;
                v_known := true;
            END IF;
        END LOOP;
        IF v_word ~ '^[a-z]{2,}$' AND v_words[v_place + 1] ~ '^[a-z]{2,}$' THEN
            RETURN QUERY
            SELECT v_place, v_word || ' ' || v_words[v_place + 1], k.lexeme, 0.8::real, k.products, 'joined', NULL
            FROM search.lexemes AS k
            WHERE k.lexeme = (ts_lexize('english_stem', v_word || v_words[v_place + 1]))[1] AND k.products > 0;
        END IF;
        -- What others say for it. Each further word of that has a place of its own.
        RETURN QUERY
        SELECT v_place + 100 * (m.n::integer - 1), y.word, k.lexeme, 0.8::real, k.products, 'synonym', y.means
        FROM search.synonyms AS y
        CROSS JOIN LATERAL unnest(tsvector_to_array(to_tsvector('english', y.means))) WITH ORDINALITY AS m (lexeme, n)
        CROSS JOIN LATERAL (
            SELECT k.lexeme, k.products FROM search.lexemes AS k WHERE k.lexeme = m.lexeme AND k.products > 0 OFFSET 0
        ) AS k
        WHERE y.word = ANY (ARRAY[
            v_word, rtrim(v_word, 's'), v_word || ' ' || v_words[v_place + 1], v_word || ' ' || rtrim(v_words[v_place + 1], 's')
        ]);
        v_known := v_known OR FOUND;

        -- R13 as R-13 is written.
        IF NOT v_known AND v_word ~ '^[a-z]{1,3}\d{1,4}$' AND v_measure IS NULL THEN
            RETURN QUERY
            SELECT v_place + 100 * (h.n - 1), v_word, h.lexeme, 0.8::real, h.products, 'divided', NULL
            FROM (
                SELECT h.n::integer, k.lexeme, k.products, count(*) OVER () AS known
                FROM unnest(ARRAY[rtrim(v_word, '0123456789'), 'n' || ltrim(v_word, 'abcdefghijklmnopqrstuvwxyz')])
                    WITH ORDINALITY AS h (lexeme, n)
                JOIN search.lexemes AS k ON k.lexeme = h.lexeme AND k.products > 0
            ) AS h
            WHERE h.known = 2;
            CONTINUE;
        END IF;
        -- Neither a word of the catalogue nor one that says nothing; units are never misspelt.
        IF v_known OR v_word !~ '^[a-z]{4,20}$' OR v_word ~ ('^(?:' || c_units || ')$') OR ts_lexize('english_stem', v_word) = '{}' THEN
            CONTINUE;
        END IF;

        -- Not typed to its end.
        RETURN QUERY
        SELECT DISTINCT ON (k.lexeme) v_place, v_word, k.lexeme, 0.7::real, k.products, 'begun', w.word
        FROM (
            SELECT DISTINCT w.word, w.lexeme FROM search.words AS w
            WHERE w.word > v_word AND w.word < v_word || '~'
            ORDER BY w.word LIMIT 20
        ) AS w
        CROSS JOIN LATERAL (
            SELECT k.lexeme, k.products FROM search.lexemes AS k WHERE k.lexeme = w.lexeme AND k.products > 0 OFFSET 0
        ) AS k
        ORDER BY k.lexeme, w.word;
        CONTINUE WHEN FOUND;

        -- Two words written as one.
        RETURN QUERY
        SELECT DISTINCT v_place, v_word, k.lexeme, 0.7::real, k.products, 'divided', h.word
        FROM (
            SELECT a.word AS first, b.word AS second
            FROM generate_series(3, length(v_word) - 3) AS n
            JOIN search.words AS a ON a.word = left(v_word, n)
            JOIN search.words AS b ON b.word = substr(v_word, n + 1)
            ORDER BY n DESC
            LIMIT 1
        ) AS d
        CROSS JOIN LATERAL (VALUES (d.first), (d.second)) AS h (word)
        JOIN search.words AS w ON w.word = h.word
        CROSS JOIN LATERAL (
            SELECT k.lexeme, k.products FROM search.lexemes AS k WHERE k.lexeme = w.lexeme AND k.products > 0 OFFSET 0
        ) AS k;
        CONTINUE WHEN FOUND;

        -- Misspelt, unless the model knows it as a word: then it is one that the catalogue does not have.
        CONTINUE WHEN EXISTS (SELECT FROM embedding.tokens AS t WHERE t.piece = '▁' || v_word);
        v_tried := v_tried + 1;
        CONTINUE WHEN v_tried > 20;
        v_shorter := retail.shorter_words(v_word);
        v_limit := CASE WHEN length(v_word) <= 7 THEN 1 ELSE 2 END;
        RETURN QUERY
        SELECT v_place, v_word, c.lexeme, 0.7::real, c.products, 'corrected', c.word
        FROM (
            SELECT
                n.word, n.lexeme, n.distance, k.products,
                min(n.distance) OVER () AS nearest,
                row_number() OVER (ORDER BY n.distance, k.products DESC, n.word) AS turn,
                row_number() OVER (PARTITION BY n.lexeme ORDER BY n.distance, n.word) AS form
            FROM (
                SELECT DISTINCT w.word, w.lexeme, retail.edit_distance(v_word, w.word) AS distance
                FROM search.words AS w
                WHERE w.shorter && v_shorter
                  AND abs(length(w.word) - length(v_word)) <= v_limit
            ) AS n
            CROSS JOIN LATERAL (
                SELECT k.lexeme, k.products FROM search.lexemes AS k WHERE k.lexeme = n.lexeme AND k.products > 0 OFFSET 0
            ) AS k
            WHERE n.distance <= v_limit
        ) AS c
        WHERE c.distance = c.nearest AND c.turn <= 5 AND c.form = 1
        ORDER BY c.turn;
    END LOOP;
END
$function$;

COMMENT ON FUNCTION retail.search_terms IS $comment$
The words of a query as search.lexemes has them, those that are near to it where the catalogue does not have it
(begun: the beginning of a word; divided: two words in one, or letters and a number; corrected: one letter off, or two
in words of more than seven; joined: two words that the catalogue writes as one, beside both; synonym: by
search.synonyms), and how much each counts.
@title Terms of a query
@param query  What somebody looks for.
@return place     Of the word in the query.
@return word      As it was typed; measures as retail.plain_words has them: 0.5 inch, 2x4.
@return lexeme    What is looked for.
@return weight    1 for words as typed.
@return products  How many products have it.
@return kind      word, joined, synonym, begun, divided or corrected.
@return spelt     As the catalogue spells it, where it was typed otherwise.
@example SELECT * FROM retail.search_terms('cordles screwdirver');
$comment$;
REVOKE ALL ON FUNCTION retail.search_terms FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.search_terms TO store_managers, regional_managers, head_office;

-- end of objects
NOTIFY storekeeper_catalog;
