-- Keeps search fresh as products, their types and categories change.
-- drop: DROP FUNCTION retail.refresh_products;
CREATE OR REPLACE FUNCTION retail.refresh_products()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_ids integer[] := '{}';
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        -- What refers to the products is truncated with them.
        TRUNCATE search.lexeme_counts, search.words;
    ELSIF TG_OP = 'INSERT' THEN
        v_ids := ARRAY(SELECT n.product_id FROM new_rows AS n);
    ELSIF TG_TABLE_NAME = 'products' THEN
        v_ids := ARRAY(
            SELECT n.product_id FROM new_rows AS n
            EXCEPT
            SELECT o.product_id
            FROM old_rows AS o
            JOIN new_rows AS n USING (product_id)
            WHERE (n.name, n.description, n.type_id) = (o.name, o.description, o.type_id)
        );
    ELSIF TG_TABLE_NAME = 'product_types' THEN
        v_ids := ARRAY(
            SELECT p.product_id
            FROM new_rows AS n
            JOIN old_rows AS o USING (type_id)
            JOIN retail.products AS p USING (type_id)
            WHERE (n.name, n.description, n.category_id) <> (o.name, o.description, o.category_id)
        );
    ELSE
        v_ids := ARRAY(
            SELECT p.product_id
            FROM new_rows AS n
            JOIN old_rows AS o USING (category_id)
            JOIN retail.product_types AS t USING (category_id)
            JOIN retail.products AS p USING (type_id)
            WHERE n.name <> o.name
        );
    END IF;
    -- Who may write prices alone needs no rights on search.
    IF v_ids <> '{}' THEN
        PERFORM retail.refresh_search(v_ids);
    END IF;
    RETURN NULL;
END
$function$;

COMMENT ON FUNCTION retail.refresh_products IS $comment$
Trigger, once a statement: what changed in old_rows and new_rows is searchable in the same transaction. Rows that say
the same as before cost nothing more. A type or a category that is new has no products, and one that goes takes none.
$comment$;
REVOKE ALL ON FUNCTION retail.refresh_products FROM PUBLIC;
