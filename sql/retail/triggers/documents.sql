-- Documents make the counts of words. One transition table a trigger, so that one statement serves all.
-- drop: DROP TRIGGER count_deleted ON search.documents;
-- drop: DROP TRIGGER count_inserted ON search.documents;
-- drop: DROP TRIGGER count_truncated ON search.documents;
-- drop: DROP TRIGGER count_updated_from ON search.documents;
-- drop: DROP TRIGGER count_updated_to ON search.documents;
CREATE OR REPLACE TRIGGER count_deleted
    AFTER DELETE ON search.documents
    REFERENCING OLD TABLE AS changed_rows
    FOR EACH STATEMENT EXECUTE FUNCTION retail.count_lexemes('gone');
COMMENT ON TRIGGER count_deleted ON search.documents IS 'Takes deleted documents from the counts.';

CREATE OR REPLACE TRIGGER count_inserted
    AFTER INSERT ON search.documents
    REFERENCING NEW TABLE AS changed_rows
    FOR EACH STATEMENT EXECUTE FUNCTION retail.count_lexemes('there');
COMMENT ON TRIGGER count_inserted ON search.documents IS 'Adds new documents to the counts.';

CREATE OR REPLACE TRIGGER count_truncated
    AFTER TRUNCATE ON search.documents
    FOR EACH STATEMENT EXECUTE FUNCTION retail.count_lexemes();
COMMENT ON TRIGGER count_truncated ON search.documents IS 'Empties the counts.';

CREATE OR REPLACE TRIGGER count_updated_from
    AFTER UPDATE ON search.documents
    REFERENCING OLD TABLE AS changed_rows
    FOR EACH STATEMENT EXECUTE FUNCTION retail.count_lexemes('gone');
COMMENT ON TRIGGER count_updated_from ON search.documents IS 'Takes documents as they were from the counts.';

CREATE OR REPLACE TRIGGER count_updated_to
    AFTER UPDATE ON search.documents
    REFERENCING NEW TABLE AS changed_rows
    FOR EACH STATEMENT EXECUTE FUNCTION retail.count_lexemes('there');
COMMENT ON TRIGGER count_updated_to ON search.documents IS 'Adds documents as they are to the counts.';
