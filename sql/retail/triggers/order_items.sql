-- Order lines make the daily sales. One transition table a trigger, so that one statement serves all.
-- drop: DROP TRIGGER roll_up_deleted ON retail.order_items;
-- drop: DROP TRIGGER roll_up_inserted ON retail.order_items;
-- drop: DROP TRIGGER roll_up_truncated ON retail.order_items;
-- drop: DROP TRIGGER roll_up_updated_from ON retail.order_items;
-- drop: DROP TRIGGER roll_up_updated_to ON retail.order_items;
CREATE OR REPLACE TRIGGER roll_up_deleted
    AFTER DELETE ON retail.order_items
    REFERENCING OLD TABLE AS changed_items
    FOR EACH STATEMENT EXECUTE FUNCTION retail.roll_up_items('gone');
COMMENT ON TRIGGER roll_up_deleted ON retail.order_items IS 'Takes deleted lines from the daily sales.';

CREATE OR REPLACE TRIGGER roll_up_inserted
    AFTER INSERT ON retail.order_items
    REFERENCING NEW TABLE AS changed_items
    FOR EACH STATEMENT EXECUTE FUNCTION retail.roll_up_items('there');
COMMENT ON TRIGGER roll_up_inserted ON retail.order_items IS 'Adds new lines to the daily sales.';

CREATE OR REPLACE TRIGGER roll_up_truncated
    AFTER TRUNCATE ON retail.order_items
    FOR EACH STATEMENT EXECUTE FUNCTION retail.roll_up_items();
COMMENT ON TRIGGER roll_up_truncated ON retail.order_items IS 'Empties the daily sales.';

CREATE OR REPLACE TRIGGER roll_up_updated_from
    AFTER UPDATE ON retail.order_items
    REFERENCING OLD TABLE AS changed_items
    FOR EACH STATEMENT EXECUTE FUNCTION retail.roll_up_items('gone');
COMMENT ON TRIGGER roll_up_updated_from ON retail.order_items IS 'Takes lines as they were from the daily sales.';

CREATE OR REPLACE TRIGGER roll_up_updated_to
    AFTER UPDATE ON retail.order_items
    REFERENCING NEW TABLE AS changed_items
    FOR EACH STATEMENT EXECUTE FUNCTION retail.roll_up_items('there');
COMMENT ON TRIGGER roll_up_updated_to ON retail.order_items IS 'Adds lines as they are to the daily sales.';
