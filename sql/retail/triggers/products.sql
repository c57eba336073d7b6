-- A product can be searched for in the very transaction that writes it.
-- drop: DROP TRIGGER refresh_inserted ON retail.products;
-- drop: DROP TRIGGER refresh_truncated ON retail.products;
-- drop: DROP TRIGGER refresh_updated ON retail.products;
CREATE OR REPLACE TRIGGER refresh_inserted
    AFTER INSERT ON retail.products
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION retail.refresh_products();
COMMENT ON TRIGGER refresh_inserted ON retail.products IS 'Makes new products searchable.';

CREATE OR REPLACE TRIGGER refresh_truncated
    AFTER TRUNCATE ON retail.products
    FOR EACH STATEMENT EXECUTE FUNCTION retail.refresh_products();
COMMENT ON TRIGGER refresh_truncated ON retail.products IS 'Forgets the words of the products.';

CREATE OR REPLACE TRIGGER refresh_updated
    AFTER UPDATE ON retail.products
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION retail.refresh_products();
COMMENT ON TRIGGER refresh_updated ON retail.products IS 'Makes changed products searchable as they are now.';
