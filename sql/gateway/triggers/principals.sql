-- Who may call, and as what, decides each answer.
-- drop: DROP TRIGGER note_change ON gateway.principals;
CREATE OR REPLACE TRIGGER note_change
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON gateway.principals
    FOR EACH STATEMENT EXECUTE FUNCTION gateway.note_change();
COMMENT ON TRIGGER note_change ON gateway.principals IS 'Answers that servers keep from before no longer hold.';
