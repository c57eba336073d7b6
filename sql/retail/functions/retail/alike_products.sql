-- Products like one: by their vectors or, where it has none, by the words of its name.
-- drop: DROP FUNCTION retail.alike_products;
CREATE OR REPLACE FUNCTION retail.alike_products(
    product      retail.products,
    how_many     integer DEFAULT 10,
    in_its_place boolean DEFAULT false,
    stocked_in   uuid[]  DEFAULT NULL
)
RETURNS TABLE (product_id integer, similarity double precision, why text, degraded boolean)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_vector      CONSTANT public.vector := (
        SELECT e.description_embedding FROM retail.product_description_embeddings AS e WHERE e.product_id = product.product_id
    );
    v_category_id CONSTANT smallint := (
        SELECT t.category_id FROM retail.product_types AS t WHERE t.type_id = product.type_id
    );
    -- What is to take its place is of its type, and not of quite another price.
    v_type_ids    CONSTANT smallint[] := CASE WHEN in_its_place THEN ARRAY[product.type_id] END;
    v_price_min   CONSTANT numeric := CASE WHEN in_its_place THEN product.base_price / 2 END;
    v_price_max   CONSTANT numeric := CASE WHEN in_its_place THEN product.base_price * 2 END;
    -- Sizes and pack counts say little of what it is.
    v_words       CONSTANT text := regexp_replace(product.name, '\S*\d\S*', ' ', 'g');
    v_ids         integer[];
    v_similar     double precision[];
BEGIN
    IF v_vector IS NOT NULL THEN
        SELECT array_agg(n.product_id ORDER BY n.place), array_agg(1 - n.distance ORDER BY n.place)
        INTO v_ids, v_similar
        FROM retail.nearest_products(
            v_vector, how_many + 1, v_type_ids, v_price_min, v_price_max, stocked_in, active_only => true
        ) WITH ORDINALITY AS n (product_id, distance, place)
        WHERE n.product_id <> product.product_id;
    ELSE
        SELECT array_agg(r.product_id ORDER BY r.place), array_agg(NULL::double precision)
        INTO v_ids, v_similar
        FROM retail.rank_products(
            CASE WHEN v_words ~ '[[:alnum:]]' THEN v_words ELSE product.name END, how_many => 3 * how_many + 1,
            category_id => v_category_id, price_min => v_price_min, price_max => v_price_max, stocked_in => stocked_in
        ) WITH ORDINALITY AS r (product_id, score, text_rank, vector_rank, similarity, matched, place)
        JOIN retail.products AS p USING (product_id)
        WHERE r.product_id <> product.product_id
          AND p.is_active
          AND (v_type_ids IS NULL OR p.type_id = ANY (v_type_ids));
    END IF;

    RETURN QUERY
    SELECT
        f.product_id, f.similarity,
        concat_ws(
            '; ',
            CASE
                WHEN p.type_id = product.type_id THEN 'also ' || t.name
                WHEN t.category_id = v_category_id THEN format('%s, same category', t.name)
                ELSE t.name
            END,
            'in both names: ' || (
                SELECT string_agg(w.word, ', ' ORDER BY w.place)
                FROM regexp_split_to_table(lower(p.name), '[^[:alnum:]]+') WITH ORDINALITY AS w (word, place)
                WHERE length(w.word) > 2
                  AND w.word = ANY (regexp_split_to_array(lower(product.name), '[^[:alnum:]]+'))
            )
        ),
        v_vector IS NULL
    FROM unnest(v_ids, v_similar) WITH ORDINALITY AS f (product_id, similarity, place)
    JOIN retail.products AS p USING (product_id)
    JOIN retail.product_types AS t USING (type_id)
    ORDER BY f.place
    LIMIT how_many;
END
$function$;

COMMENT ON FUNCTION retail.alike_products IS $comment$
The products most like one, without itself and without those that are no longer bought in, the most similar first.
@title Products alike
@param product       The row of retail.products.
@param how_many      At most so many.
@param in_its_place  Only of its type, at half to twice its price.
@param stocked_in    In stock in one of these stores, as far as the caller sees them; NULL: or not.
@return product_id  The product.
@return similarity  Cosine similarity; NULL when it was found by words.
@return why         What they have in common.
@return degraded    Whether the product has no vector yet, so that the words of its name were searched for in
its category.
@example SELECT * FROM retail.alike_products(retail.find_product('HTHA000101'));
$comment$;
REVOKE ALL ON FUNCTION retail.alike_products FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.alike_products TO store_managers, regional_managers, head_office;
