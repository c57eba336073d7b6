-- The catalogue: categories, product types, products.
-- drop: DROP FUNCTION sample.load_catalogue;
CREATE OR REPLACE FUNCTION sample.load_catalogue()
RETURNS void
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
    INSERT INTO retail.categories (category_id, name, description)
    SELECT c.category_id, c.category_name, c.description
    FROM sample.categories AS c;

    INSERT INTO retail.product_types (type_id, category_id, name, description)
    SELECT t.type_id, t.category_id, t.type_name, t.description
    FROM sample.product_types AS t;

    -- A third of what lies dead is no longer bought in; the rest nobody has struck off yet.
    INSERT INTO retail.products (
        product_id, sku, type_id, name, description, unit, cost, base_price, is_active
    )
    SELECT
        p.product_id, p.sku, p.type_id, p.product_name, p.description, p.unit, p.cost, p.base_price,
        NOT (p.lifecycle = 'dead_stock' AND p.product_id % 3 = 0)
    FROM sample.products AS p;
$function$;

COMMENT ON FUNCTION sample.load_catalogue IS $comment$
Fills the categories, product types and products from sample.*.
$comment$;
REVOKE ALL ON FUNCTION sample.load_catalogue FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sample.load_catalogue TO storekeeper_loader;
