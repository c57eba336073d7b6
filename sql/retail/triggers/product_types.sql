-- A type that changes changes what its products are found by.
-- drop: DROP TRIGGER refresh_updated ON retail.product_types;
CREATE OR REPLACE TRIGGER refresh_updated
    AFTER UPDATE ON retail.product_types
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION retail.refresh_products();
COMMENT ON TRIGGER refresh_updated ON retail.product_types IS 'Makes its products searchable as they are now.';
