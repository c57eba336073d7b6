-- Corrects the stock of a product in a store.
-- drop: DROP FUNCTION tool.adjust_inventory;
CREATE OR REPLACE FUNCTION tool.adjust_inventory(
    sku             text,
    change          retail.unit_change,
    reason          retail.stock_reason,
    store_name      text DEFAULT NULL,
    note            text DEFAULT NULL,
    idempotency_key text DEFAULT NULL
)
RETURNS retail.stock_change
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_told CONSTANT jsonb := gateway.once('adjust_inventory', idempotency_key, jsonb_build_object(
        'sku', sku, 'change', change, 'reason', reason, 'store_name', store_name, 'note', note
    ));
    v_done retail.stock_change;
BEGIN
    IF v_told IS NOT NULL THEN
        RETURN jsonb_populate_record(v_done, v_told);
    END IF;
    IF change IS NULL OR change = 0 OR reason IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = 'change or reason is missing: nothing to write.',
            HINT = 'Give change as the units that came (positive) or went (negative), and a reason.';
    ELSIF (reason = 'delivery' AND change < 0) OR (reason IN ('damage', 'loss', 'return_to_supplier') AND change > 0) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = format('change %s does not go with reason %s.', change, reason),
            HINT = 'A delivery adds units; damage, loss and return_to_supplier take units away. count and other do either.';
    END IF;
    v_done := retail.move_stock(
        retail.find_one_store(store_name), retail.find_product(sku), change, reason, note
    );
    PERFORM gateway.answered('adjust_inventory', idempotency_key, to_jsonb(v_done));
    RETURN v_done;
END
$function$;

COMMENT ON FUNCTION tool.adjust_inventory IS $comment$
Changes the stock of one product in one store, by a delivery, a count, damage or a loss. Give the difference,
not the new level. Not for sales (record_order).
@title Adjust inventory
@param sku         Article number, for example HTHA000101.
@param change      Units that came; negative for units that went.
@param reason      delivery adds; damage, loss and return_to_supplier take away; count and other do either.
@param store_name  For example Seattle; may be left out by who has one store.
@param note        What to remember of it, up to 500 characters.
@return stock_level    Units in stock now.
@example adjust_inventory(sku => 'HTHA000101', change => -2, reason => 'damage')
$comment$;
REVOKE ALL ON FUNCTION tool.adjust_inventory FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tool.adjust_inventory TO store_managers, regional_managers, head_office;
