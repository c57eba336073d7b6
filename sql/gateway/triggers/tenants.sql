-- Whose rows a person may see decides their answers.
-- drop: DROP TRIGGER note_change ON gateway.tenants;
CREATE OR REPLACE TRIGGER note_change
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON gateway.tenants
    FOR EACH STATEMENT EXECUTE FUNCTION gateway.note_change();
COMMENT ON TRIGGER note_change ON gateway.tenants IS 'Answers that servers keep from before no longer hold.';
