-- A region that changes hands changes who may see what.
-- drop: DROP TRIGGER grant_managers ON retail.regions;
CREATE OR REPLACE TRIGGER grant_managers
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON retail.regions
    FOR EACH STATEMENT EXECUTE FUNCTION retail.grant_managers();
COMMENT ON TRIGGER grant_managers ON retail.regions IS 'Sets what managers see.';
