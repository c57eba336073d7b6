-- Moves units of a product from one store to another.
-- drop: DROP FUNCTION tool.transfer_stock;
CREATE OR REPLACE FUNCTION tool.transfer_stock(
    sku             text,
    quantity        retail.units,
    from_store      text,
    to_store        text,
    note            text DEFAULT NULL,
    idempotency_key text DEFAULT NULL
)
RETURNS retail.stock_transfer
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_told    CONSTANT jsonb := gateway.once('transfer_stock', idempotency_key, jsonb_build_object(
        'sku', sku, 'quantity', quantity, 'from_store', from_store, 'to_store', to_store, 'note', note
    ));
    v_product retail.products;
    v_from_id uuid;
    v_to_id   uuid;
    v_from    retail.stock_change;
    v_to      retail.stock_change;
    v_done    retail.stock_transfer;
BEGIN
    IF v_told IS NOT NULL THEN
        RETURN jsonb_populate_record(v_done, v_told);
    END IF;
    IF quantity IS NULL OR from_store IS NULL OR to_store IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = 'quantity, from_store or to_store is missing.',
            HINT = 'Name both stores; list_stores has their names.';
    END IF;
    v_product := retail.find_product(sku);
    v_from_id := retail.find_one_store(from_store);
    v_to_id := retail.find_one_store(to_store);
    IF v_from_id = v_to_id THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = format('from_store %L and to_store %L are the same store.', from_store, to_store),
            HINT = 'Name two stores; list_stores has their names.';
    END IF;

    v_done.transfer_id := gen_random_uuid();
    -- By store_id, as every writer does: two transfers in opposite directions don't wait for each other.
    IF v_from_id < v_to_id THEN
        v_from := retail.move_stock(v_from_id, v_product, -quantity, 'transfer', note, v_done.transfer_id);
    END IF;
    v_to := retail.move_stock(v_to_id, v_product, quantity, 'transfer', note, v_done.transfer_id);
    IF v_from_id > v_to_id THEN
        v_from := retail.move_stock(v_from_id, v_product, -quantity, 'transfer', note, v_done.transfer_id);
    END IF;

    v_done.sku := v_from.sku;
    v_done.product_name := v_from.product_name;
    v_done.quantity := quantity;
    v_done.from_store := v_from.store;
    v_done.from_stock_level := v_from.stock_level;
    v_done.from_reorder_point := v_from.reorder_point;
    v_done.to_store := v_to.store;
    v_done.to_stock_level := v_to.stock_level;
    v_done.to_reorder_point := v_to.reorder_point;
    PERFORM gateway.answered('transfer_stock', idempotency_key, to_jsonb(v_done));
    RETURN v_done;
END
$function$;

COMMENT ON FUNCTION tool.transfer_stock IS $comment$
Moves units of one product from one of your stores to another, at once: they leave the one and are in stock in
the other. Refused when the first store has too few.
@title Transfer stock
@param sku         Article number, for example HTHA000101.
@param quantity    Units to move.
@param from_store  Store that gives them, for example Seattle.
@param to_store    Store that gets them, for example Tacoma.
@param note        What to remember of it, up to 500 characters.
@return transfer_id         The same in both stores' stock_movements.
@return from_stock_level    Units left in the first store.
@return from_reorder_point  It should order more when its stock is at or below this.
@return to_stock_level      Units now in the second store.
@return to_reorder_point    The same of the second store.
@example transfer_stock(sku => 'HTHA000101', quantity => 5, from_store => 'Seattle', to_store => 'Tacoma')
$comment$;
REVOKE ALL ON FUNCTION tool.transfer_stock FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tool.transfer_stock TO regional_managers, head_office;
