-- Products that somebody may have meant who gave a wrong number.
-- drop: DROP FUNCTION retail.near_products;
CREATE OR REPLACE FUNCTION retail.near_products(wrong text)
RETURNS text
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_wrong CONSTANT text := upper(trim(left(near_products.wrong, 100)));
    v_type  CONSTANT text := substring(v_wrong FROM '^([A-Z]{4})[0-9]+$');
    v_names text;
BEGIN
    IF v_type IS NOT NULL THEN
        SELECT string_agg(n.named, ', ' ORDER BY n.apart, n.sku) INTO v_names
        FROM (
            SELECT p.sku, format('%s (%s)', p.sku, p.name) AS named, abs(substr(p.sku, 5)::numeric - substr(v_wrong, 5)::numeric) AS apart
            FROM retail.products AS p
            WHERE p.sku >= v_type::varchar
              AND p.sku <= (v_type || '999999')::varchar
              AND p.sku ~ '^[A-Z]{4}[0-9]+$'
            ORDER BY 3, 1
            LIMIT 3
        ) AS n;
    END IF;
    IF v_names IS NULL AND v_wrong ~ '[[:alnum:]]' THEN
        SELECT string_agg(format('%s (%s)', p.sku, p.name), ', ' ORDER BY r.place) INTO v_names
        FROM retail.rank_products(v_wrong, how_many => 3) WITH ORDINALITY
            AS r (product_id, score, text_rank, vector_rank, similarity, matched, place)
        JOIN retail.products AS p USING (product_id)
        -- Anything is near to a vector.
        WHERE r.matched <> 'meaning';
    END IF;
    RETURN v_names;
END
$function$;

COMMENT ON FUNCTION retail.near_products IS $comment$
For the hint of an unknown product: up to three of the same type with the next numbers or, where a name was given,
those with such words.
@title Near products
@param wrong  What was taken for an article number.
@return For example HTHA000101 (…), HTHA000102 (…); NULL when nothing is near.
@example SELECT retail.near_products('claw hammer');
$comment$;
REVOKE ALL ON FUNCTION retail.near_products FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.near_products TO store_managers, regional_managers, head_office;
