-- Changes the stock of one product in one store, and writes down why.
-- drop: DROP FUNCTION retail.move_stock;
CREATE OR REPLACE FUNCTION retail.move_stock(
    store_id    uuid,
    product     retail.products,
    change      integer,
    reason      text,
    note        text,
    transfer_id uuid DEFAULT NULL
)
RETURNS retail.stock_change
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_done retail.stock_change;
BEGIN
    IF move_stock.change > 0 THEN
        -- A product may be new in a store.
        INSERT INTO retail.inventory (store_id, product_id, stock_level)
        VALUES (move_stock.store_id, (move_stock.product).product_id, 0)
        ON CONFLICT DO NOTHING;
    END IF;

    SELECT i.stock_level, i.reorder_point INTO v_done.stock_before, v_done.reorder_point
    FROM retail.inventory AS i
    WHERE i.store_id = move_stock.store_id AND i.product_id = (move_stock.product).product_id
    FOR NO KEY UPDATE;
    SELECT s.name INTO v_done.store FROM retail.stores AS s WHERE s.store_id = move_stock.store_id;
    v_done.stock_before := coalesce(v_done.stock_before, 0);
    v_done.stock_level := v_done.stock_before + move_stock.change;
    v_done.sku := (move_stock.product).sku;
    v_done.product_name := (move_stock.product).name;
    IF v_done.stock_level < 0 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK409',
            MESSAGE = format(
                '%s has %s of %s (%s) in stock, which is %s too few.',
                v_done.store, v_done.stock_before, v_done.sku, v_done.product_name, -v_done.stock_level
            ),
            HINT = 'Nothing was written. Take fewer, or correct the stock first if more lie there.';
    END IF;

    UPDATE retail.inventory AS i
    SET stock_level = v_done.stock_level, updated_at = now()
    WHERE i.store_id = move_stock.store_id AND i.product_id = (move_stock.product).product_id;
    INSERT INTO retail.stock_movements (store_id, product_id, quantity, reason, transfer_id, note)
    VALUES (
        move_stock.store_id, (move_stock.product).product_id, move_stock.change, move_stock.reason,
        move_stock.transfer_id, move_stock.note
    );
    RETURN v_done;
END
$function$;

COMMENT ON FUNCTION retail.move_stock IS $comment$
For tools that write: locks the product's row of the inventory, changes it and adds the movement. SK409 when the
stock would fall below zero. Whoever moves several does so by rising store_id, then product_id: no two wait for
each other then.
@title Move stock
@param change       Units that come; negative for units that go.
@param reason       One that retail.stock_movements takes.
@param note         Free text, or NULL.
@param transfer_id  The same in both stores of a transfer.
@return What was in stock before and is now.
@example SELECT retail.move_stock(retail.get_current_user_store(), retail.find_product('HTHA000101'), -1, 'damage', NULL);
$comment$;
REVOKE ALL ON FUNCTION retail.move_stock FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.move_stock TO store_managers, regional_managers, head_office;
