-- The product of an article number.
-- drop: DROP FUNCTION retail.find_product;
CREATE OR REPLACE FUNCTION retail.find_product(sku text)
RETURNS retail.products
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_product retail.products;
BEGIN
    -- Of the column's type: text would not find the index.
    SELECT
        p.product_id, p.sku, p.type_id, p.name, p.description, p.unit, p.cost, p.base_price, p.is_active
    INTO v_product
    FROM retail.products AS p
    WHERE p.sku = upper(trim(find_product.sku))::varchar;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK404',
            MESSAGE = format('There is no product %s.', coalesce(quote_literal(left(find_product.sku, 100)), 'without a sku')),
            HINT = coalesce(
                'Near to it: ' || retail.near_products(find_product.sku) || '.',
                'semantic_search_products finds products, with their sku, by words.'
            );
    END IF;
    RETURN v_product;
END
$function$;

COMMENT ON FUNCTION retail.find_product IS $comment$
The product with this article number, in any letter case; SK404, with near ones in the hint, when there is none.
@title Find a product
@param sku  Article number, for example HTHA000101.
@return The row of retail.products.
@example SELECT (retail.find_product('HTHA000101')).name;
$comment$;
REVOKE ALL ON FUNCTION retail.find_product FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.find_product TO store_managers, regional_managers, head_office;
