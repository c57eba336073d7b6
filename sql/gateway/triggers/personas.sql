-- What a persona may do decides its answers.
-- drop: DROP TRIGGER note_change ON gateway.personas;
CREATE OR REPLACE TRIGGER note_change
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON gateway.personas
    FOR EACH STATEMENT EXECUTE FUNCTION gateway.note_change();
COMMENT ON TRIGGER note_change ON gateway.personas IS 'Answers that servers keep from before no longer hold.';
