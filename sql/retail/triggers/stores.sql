-- A store that comes, goes or changes hands changes who may see what.
-- drop: DROP TRIGGER grant_managers ON retail.stores;
CREATE OR REPLACE TRIGGER grant_managers
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON retail.stores
    FOR EACH STATEMENT EXECUTE FUNCTION retail.grant_managers();
COMMENT ON TRIGGER grant_managers ON retail.stores IS 'Registers tenants, sets what managers see.';
