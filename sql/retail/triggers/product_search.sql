-- Documents make the counts of words. One transition table a trigger, so that one statement serves all.
-- drop: DROP TRIGGER count_deleted ON retail.product_search;
-- drop: DROP TRIGGER count_inserted ON retail.product_search;
-- drop: DROP TRIGGER count_truncated ON retail.product_search;
-- drop: DROP TRIGGER count_updated_from ON retail.product_search;
-- drop: DROP TRIGGER count_updated_to ON retail.product_search;
CREATE OR REPLACE TRIGGER count_deleted
    AFTER DELETE ON retail.product_search
    REFERENCING OLD TABLE AS changed_rows
    FOR EACH STATEMENT EXECUTE FUNCTION retail.count_lexemes('gone');
COMMENT ON TRIGGER count_deleted ON retail.product_search IS 'Takes deleted documents from the counts.';

CREATE OR REPLACE TRIGGER count_inserted
    AFTER INSERT ON retail.product_search
    REFERENCING NEW TABLE AS changed_rows
    FOR EACH STATEMENT EXECUTE FUNCTION retail.count_lexemes('there');
COMMENT ON TRIGGER count_inserted ON retail.product_search IS 'Adds new documents to the counts.';

CREATE OR REPLACE TRIGGER count_truncated
    AFTER TRUNCATE ON retail.product_search
    FOR EACH STATEMENT EXECUTE FUNCTION retail.count_lexemes();
COMMENT ON TRIGGER count_truncated ON retail.product_search IS 'Empties the counts.';

CREATE OR REPLACE TRIGGER count_updated_from
    AFTER UPDATE ON retail.product_search
    REFERENCING OLD TABLE AS changed_rows
    FOR EACH STATEMENT EXECUTE FUNCTION retail.count_lexemes('gone');
COMMENT ON TRIGGER count_updated_from ON retail.product_search IS 'Takes documents as they were from the counts.';

CREATE OR REPLACE TRIGGER count_updated_to
    AFTER UPDATE ON retail.product_search
    REFERENCING NEW TABLE AS changed_rows
    FOR EACH STATEMENT EXECUTE FUNCTION retail.count_lexemes('there');
COMMENT ON TRIGGER count_updated_to ON retail.product_search IS 'Adds documents as they are to the counts.';
