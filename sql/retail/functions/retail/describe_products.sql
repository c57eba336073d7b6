-- What search knows of products: the text that is embedded, and the words that are looked for.
-- drop: DROP FUNCTION retail.describe_products;
CREATE OR REPLACE FUNCTION retail.describe_products(product_ids integer[])
RETURNS TABLE (product_id integer, content text, document tsvector, words text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $function$
    WITH
    -- Many products are of one type.
    type AS MATERIALIZED (
        SELECT
            t.type_id, t.name, c.name AS category, t.description,
            retail.plain_words(t.name) AS name_words,
            retail.plain_words(c.name) AS category_words,
            retail.plain_words(left(t.description, 8000)) AS description_words
        FROM retail.product_types AS t
        JOIN retail.categories AS c USING (category_id)
        WHERE t.type_id IN (SELECT p.type_id FROM retail.products AS p WHERE p.product_id = ANY (describe_products.product_ids))
    ),
    product AS MATERIALIZED (
        SELECT
            p.product_id, p.type_id, p.name, p.description,
            retail.plain_words(p.name) AS name_words,
            retail.plain_words(left(p.description, 8000)) AS description_words
        FROM retail.products AS p
        WHERE p.product_id = ANY (describe_products.product_ids)
    )
    SELECT
        p.product_id,
        left(lower(concat_ws('. ', p.name, t.name, t.category, t.description) || ' ' || p.description), 8000),
        setweight(to_tsvector('english', p.name_words), 'A')
            || setweight(to_tsvector('english', t.name_words || ' ' || t.category_words), 'B')
            || setweight(to_tsvector(
                'english', concat_ws(' ', p.description_words, retail.joined_words(p.name_words), retail.joined_words(t.name_words))
            ), 'C')
            || setweight(to_tsvector('english', t.description_words), 'D'),
        concat_ws(' ', p.name_words, t.name_words, t.category_words, p.description_words, t.description_words)
    FROM product AS p
    JOIN type AS t USING (type_id)
$function$;

COMMENT ON FUNCTION retail.describe_products IS $comment$
For the triggers and for who makes vectors: of each product the text to embed (name, type, category, what the type is,
what the product is; in lower case, as models tell it from upper case and people do not), its document for
full-text search, and its words as they are spelt.
@title What search knows of products
@param product_ids  Which products.
@return product_id  The product.
@return content     What is embedded.
@return document    For search.documents.
@return words       For search.words.
@example SELECT content FROM retail.describe_products('{1, 2}');
$comment$;
REVOKE ALL ON FUNCTION retail.describe_products FROM PUBLIC;
