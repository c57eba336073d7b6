-- An order that is cancelled, comes back or changes its day changes the daily sales.
-- drop: DROP TRIGGER roll_up_deleted ON retail.orders;
-- drop: DROP TRIGGER roll_up_updated ON retail.orders;
CREATE OR REPLACE TRIGGER roll_up_deleted
    BEFORE DELETE ON retail.orders
    FOR EACH ROW EXECUTE FUNCTION retail.roll_up_orders();
COMMENT ON TRIGGER roll_up_deleted ON retail.orders IS 'Deletes the lines first, while the order can still be asked.';

CREATE OR REPLACE TRIGGER roll_up_updated
    AFTER UPDATE ON retail.orders
    REFERENCING OLD TABLE AS old_orders NEW TABLE AS new_orders
    FOR EACH STATEMENT EXECUTE FUNCTION retail.roll_up_orders();
COMMENT ON TRIGGER roll_up_updated ON retail.orders IS 'Moves sales between days, in and out.';
