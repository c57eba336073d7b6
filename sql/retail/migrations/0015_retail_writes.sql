-- writes: written by storekeeper ship from the object files named below.
-- depends: 0014_writes_for_personas 0012_retail_stock_and_rollups

SET LOCAL ROLE storekeeper_owner;
SET LOCAL check_function_bodies = off;

-- object: functions/retail/find_one_store.sql
-- The id of the one store that a write is about.
-- drop: DROP FUNCTION retail.find_one_store;
CREATE OR REPLACE FUNCTION retail.find_one_store(store_name text)
RETURNS uuid
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_store_ids CONSTANT uuid[] := retail.find_stores(find_one_store.store_name);
BEGIN
    IF cardinality(v_store_ids) = 0 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK404',
            MESSAGE = 'There is no store that you may write to.',
            HINT = 'Sign in as somebody who has one.';
    ELSIF cardinality(v_store_ids) > 1 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = format('You have %s stores; store_name says which one is meant.', cardinality(v_store_ids)),
            HINT = (
                SELECT 'Choose one of ' || string_agg(s.name, ', ' ORDER BY s.name) || '.'
                FROM retail.stores AS s
            );
    END IF;
    RETURN v_store_ids[1];
END
$function$;

COMMENT ON FUNCTION retail.find_one_store IS $comment$
The store of this name as retail.find_stores has it; for NULL the caller's only store. SK400, with the choice in
the hint, when they have several.
@title Find one store
@param store_name  Zava Retail Seattle, or Seattle, or NULL.
@return The store id.
@example SELECT retail.find_one_store('Seattle');
$comment$;
REVOKE ALL ON FUNCTION retail.find_one_store FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.find_one_store TO store_managers, regional_managers, head_office;

-- object: functions/retail/find_product.sql
-- The product of an article number.
-- drop: DROP FUNCTION retail.find_product;
CREATE OR REPLACE FUNCTION retail.find_product(sku text)
RETURNS retail.products
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_product retail.products;
BEGIN
    -- Of the column's type: text would not find the index.
    SELECT
        p.product_id, p.sku, p.type_id, p.name, p.description, p.unit, p.cost, p.base_price, p.is_active
    INTO v_product
    FROM retail.products AS p
    WHERE p.sku = upper(trim(find_product.sku))::varchar;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK404',
            MESSAGE = format('There is no product %s.', coalesce(quote_literal(find_product.sku), 'without a sku')),
            HINT = 'top_products lists products with their sku, such as HTHA000101.';
    END IF;
    RETURN v_product;
END
$function$;

COMMENT ON FUNCTION retail.find_product IS $comment$
The product with this article number, in any letter case; SK404 when there is none.
@title Find a product
@param sku  Article number, for example HTHA000101.
@return The row of retail.products.
@example SELECT (retail.find_product('HTHA000101')).name;
$comment$;
REVOKE ALL ON FUNCTION retail.find_product FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.find_product TO store_managers, regional_managers, head_office;

-- object: functions/retail/move_stock.sql
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

-- object: functions/tool/adjust_inventory.sql
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
Changes the stock of one product in one store: a delivery came, a count found more or less, something broke or
went missing. Give the difference, not the new level. Not for sales (record_order) nor for units that go to
another store (transfer_stock).
@title Adjust inventory
@param sku         Article number, for example HTHA000101.
@param change      Units that came; negative for units that went.
@param reason      delivery adds; damage, loss and return_to_supplier take away; count and other do either.
@param store_name  For example Seattle; may be left out by who has one store.
@param note        What to remember of it, up to 500 characters.
@return stock_before   Units in stock until now.
@return stock_level    Units in stock now.
@return reorder_point  Order more when stock_level is at or below this.
@example adjust_inventory(sku => 'HTHA000101', change => -2, reason => 'damage')
$comment$;
REVOKE ALL ON FUNCTION tool.adjust_inventory FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tool.adjust_inventory TO store_managers, regional_managers, head_office;

-- object: functions/tool/record_order.sql
-- Records an order: the order, its lines, and the units that leave the stock.
-- drop: DROP FUNCTION tool.record_order;
CREATE OR REPLACE FUNCTION tool.record_order(
    customer_id     uuid,
    items           retail.order_line[],
    store_name      text DEFAULT NULL,
    idempotency_key text DEFAULT NULL
)
RETURNS jsonb
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_told CONSTANT jsonb := gateway.once('record_order', idempotency_key, jsonb_build_object(
        'customer_id', customer_id, 'items', to_jsonb(items), 'store_name', store_name
    ));
    -- Named in the query, they let the planner use the index below row security.
    v_store_ids CONSTANT uuid[] := retail.find_stores(store_name);
    v_order_id  CONSTANT uuid := gen_random_uuid();
    v_customer  record;
    v_faults    text;
    v_products  integer[];
    v_lines     jsonb;
    v_stock     jsonb;
    v_total     numeric;
BEGIN
    IF v_told IS NOT NULL THEN
        RETURN v_told;
    END IF;

    IF coalesce(cardinality(items), 0) NOT BETWEEN 1 AND 100 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = format('items has %s lines; an order has 1 to 100.', coalesce(cardinality(items), 0)),
            HINT = 'Give items as [{"sku": "HTHA000101", "quantity": 2}].';
    END IF;
    SELECT string_agg(DISTINCT coalesce(upper(trim(l.sku)), '(no sku)'), ', ') INTO v_faults
    FROM unnest(items) AS l
    WHERE l.sku IS NULL OR l.quantity IS NULL;
    IF v_faults IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = format('items lacks a sku or a quantity: %s.', v_faults),
            HINT = 'Each line needs sku and quantity, for example {"sku": "HTHA000101", "quantity": 2}.';
    END IF;
    SELECT string_agg(t.sku, ', ' ORDER BY t.sku) INTO v_faults
    FROM (SELECT upper(trim(l.sku)) FROM unnest(items) AS l GROUP BY 1 HAVING count(*) > 1) AS t (sku);
    IF v_faults IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = format('items has more than one line for %s.', v_faults),
            HINT = 'Give a product once, with all its units.';
    END IF;

    -- A customer belongs to one store, which is therefore the order's.
    SELECT c.store_id, s.name, concat_ws(' ', c.first_name, c.last_name) AS customer INTO v_customer
    FROM retail.customers AS c
    JOIN retail.stores AS s USING (store_id)
    WHERE c.store_id = ANY (v_store_ids) AND c.customer_id = record_order.customer_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK404',
            MESSAGE = format(
                'There is no customer %s in %s.', coalesce(customer_id::text, '(no customer_id)'),
                coalesce('store ' || quote_literal(store_name), 'your stores')
            ),
            HINT = 'Look for the customer_id in retail.customers, and leave store_name out: the customer decides the store.';
    END IF;

    -- Whole lines, in the order given: prices fixed, products known.
    SELECT
        string_agg(l.sku, ', ' ORDER BY l.line) FILTER (WHERE p.product_id IS NULL),
        array_agg(p.product_id ORDER BY p.product_id),
        jsonb_agg(jsonb_build_object(
            'line_number', l.line,
            'product_id', p.product_id,
            'sku', p.sku,
            'product_name', p.name,
            'quantity', l.quantity,
            'unit_price', coalesce(l.unit_price, p.base_price),
            'discount_percent', coalesce(l.discount_percent, 0),
            'line_total', round(
                l.quantity * coalesce(l.unit_price, p.base_price) * (100 - coalesce(l.discount_percent, 0)) / 100, 2
            )
        ) ORDER BY l.line)
    INTO v_faults, v_products, v_lines
    FROM (
        SELECT upper(trim(u.sku)) AS sku, u.quantity, u.unit_price, u.discount_percent, u.line
        FROM unnest(items) WITH ORDINALITY AS u (sku, quantity, discount_percent, unit_price, line)
    ) AS l
    LEFT JOIN retail.products AS p ON p.sku = l.sku::varchar;
    IF v_faults IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK404',
            MESSAGE = format('There is no product %s.', v_faults),
            HINT = 'Nothing was written. top_products lists products with their sku.';
    END IF;
    SELECT string_agg(format('%s (%s)', p.sku, p.name), ', ' ORDER BY p.sku) INTO v_faults
    FROM retail.products AS p
    WHERE p.product_id = ANY (v_products) AND NOT p.is_active;
    IF v_faults IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK409',
            MESSAGE = format('No longer in the range: %s.', v_faults),
            HINT = 'Nothing was written. Leave them out of the order.';
    END IF;

    -- By product_id, as every writer does, so that no two wait for each other. What the locks waited
    -- for is seen by the statements that follow.
    PERFORM
    FROM retail.inventory AS i
    WHERE i.store_id = v_customer.store_id AND i.product_id = ANY (v_products)
    ORDER BY i.product_id
    FOR NO KEY UPDATE;
    SELECT
        string_agg(
            format('%s: %s wanted, %s in stock', l.sku, l.quantity, coalesce(i.stock_level, 0)), '; '
            ORDER BY l.line_number
        ) FILTER (WHERE coalesce(i.stock_level, 0) < l.quantity),
        jsonb_agg(jsonb_build_object(
            'sku', l.sku, 'stock_level', i.stock_level - l.quantity, 'reorder_point', i.reorder_point
        ) ORDER BY l.line_number),
        sum(l.line_total)
    INTO v_faults, v_stock, v_total
    FROM jsonb_to_recordset(v_lines) AS l (
        line_number integer, product_id integer, sku text, quantity integer, line_total numeric
    )
    LEFT JOIN retail.inventory AS i ON i.store_id = v_customer.store_id AND i.product_id = l.product_id;
    IF v_faults IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK409',
            MESSAGE = format('%s has too few. %s.', v_customer.name, v_faults),
            HINT = 'Nothing was written. Take fewer, leave the line out, or have stock brought in first.';
    END IF;

    UPDATE retail.inventory AS i
    SET stock_level = i.stock_level - l.quantity, updated_at = now()
    FROM jsonb_to_recordset(v_lines) AS l (product_id integer, quantity integer)
    WHERE i.store_id = v_customer.store_id AND i.product_id = l.product_id;
    INSERT INTO retail.orders (store_id, order_id, customer_id, total_amount)
    VALUES (v_customer.store_id, v_order_id, customer_id, v_total);
    INSERT INTO retail.order_items (
        store_id, order_id, line_number, product_id, quantity, unit_price, discount_percent, line_total
    )
    SELECT
        v_customer.store_id, v_order_id, l.line_number, l.product_id, l.quantity, l.unit_price,
        l.discount_percent, l.line_total
    FROM jsonb_to_recordset(v_lines) AS l (
        line_number smallint, product_id integer, quantity integer, unit_price numeric,
        discount_percent smallint, line_total numeric
    );
    INSERT INTO retail.stock_movements (store_id, product_id, quantity, reason, order_id)
    SELECT v_customer.store_id, l.product_id, -l.quantity, 'sale', v_order_id
    FROM jsonb_to_recordset(v_lines) AS l (product_id integer, quantity integer);

    RETURN gateway.answered('record_order', idempotency_key, jsonb_build_object(
        'order_id', v_order_id,
        'order_date', now(),
        'status', 'pending',
        'store', v_customer.name,
        'customer', v_customer.customer,
        'total_amount', v_total,
        'items', (SELECT jsonb_agg(l - 'product_id') FROM jsonb_array_elements(v_lines) AS l),
        'stock_left', v_stock
    ));
END
$function$;

COMMENT ON FUNCTION tool.record_order IS $comment$
Records an order of one customer and takes its units from the stock, all or nothing. Use it when somebody says
that a customer buys something; ask back rather than guess a customer, a product or a quantity. Amounts are in
US dollars.
@title Record an order
@param customer_id  From retail.customers. It decides the store: a customer orders where they belong.
@param items        1 to 100 lines, each product once: sku and quantity; discount_percent and unit_price where they differ from 0 and the list price.
@param store_name   Refuses the order unless the customer belongs to this store; mostly left out.
@return {order_id, order_date, status, store, customer, total_amount, items, stock_left}; stock_left has stock_level and reorder_point of each product.
@example record_order(customer_id => '8a6c1d0e-5b7f-4c21-9d3e-2f40b1c6a795', items => [{"sku": "HTHA000101", "quantity": 2}])
$comment$;
REVOKE ALL ON FUNCTION tool.record_order FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tool.record_order TO store_managers, regional_managers, head_office;

-- object: functions/tool/transfer_stock.sql
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

-- object: policies/daily_sales.sql
-- Who sees whose daily sales.
-- drop: DROP POLICY store_manager_daily_sales ON retail.daily_sales;
-- drop: DROP POLICY regional_manager_daily_sales ON retail.daily_sales;
-- drop: DROP POLICY head_office_daily_sales ON retail.daily_sales;
-- drop: DROP POLICY tenant_guard ON retail.daily_sales;
DROP POLICY IF EXISTS store_manager_daily_sales ON retail.daily_sales;
CREATE POLICY store_manager_daily_sales ON retail.daily_sales FOR ALL TO store_managers
    USING (store_id = (SELECT retail.get_current_user_store()))
    WITH CHECK (store_id = (SELECT retail.get_current_user_store()));

DROP POLICY IF EXISTS regional_manager_daily_sales ON retail.daily_sales;
CREATE POLICY regional_manager_daily_sales ON retail.daily_sales FOR ALL TO regional_managers
    USING (store_id = ANY ((SELECT retail.get_user_store_list())::uuid[]))
    WITH CHECK (store_id = ANY ((SELECT retail.get_user_store_list())::uuid[]));

-- Head office has every store: the guard alone decides, and is tested once a row, not twice.
DROP POLICY IF EXISTS head_office_daily_sales ON retail.daily_sales;
CREATE POLICY head_office_daily_sales ON retail.daily_sales FOR ALL TO head_office
    USING (true)
    WITH CHECK (true);

-- AND-ed to whatever policies come later: no mistake in one of them opens another tenant's rows.
DROP POLICY IF EXISTS tenant_guard ON retail.daily_sales;
CREATE POLICY tenant_guard ON retail.daily_sales AS RESTRICTIVE FOR ALL TO PUBLIC
    USING (store_id = ANY ((SELECT gateway.tenant_ids())::uuid[]))
    WITH CHECK (store_id = ANY ((SELECT gateway.tenant_ids())::uuid[]));

-- object: policies/stock_movements.sql
-- Who sees which movements of stock.
-- drop: DROP POLICY store_manager_stock_movements ON retail.stock_movements;
-- drop: DROP POLICY regional_manager_stock_movements ON retail.stock_movements;
-- drop: DROP POLICY head_office_stock_movements ON retail.stock_movements;
-- drop: DROP POLICY tenant_guard ON retail.stock_movements;
DROP POLICY IF EXISTS store_manager_stock_movements ON retail.stock_movements;
CREATE POLICY store_manager_stock_movements ON retail.stock_movements FOR ALL TO store_managers
    USING (store_id = (SELECT retail.get_current_user_store()))
    WITH CHECK (store_id = (SELECT retail.get_current_user_store()));

DROP POLICY IF EXISTS regional_manager_stock_movements ON retail.stock_movements;
CREATE POLICY regional_manager_stock_movements ON retail.stock_movements FOR ALL TO regional_managers
    USING (store_id = ANY ((SELECT retail.get_user_store_list())::uuid[]))
    WITH CHECK (store_id = ANY ((SELECT retail.get_user_store_list())::uuid[]));

-- Head office has every store: the guard alone decides, and is tested once a row, not twice.
DROP POLICY IF EXISTS head_office_stock_movements ON retail.stock_movements;
CREATE POLICY head_office_stock_movements ON retail.stock_movements FOR ALL TO head_office
    USING (true)
    WITH CHECK (true);

-- AND-ed to whatever policies come later: no mistake in one of them opens another tenant's rows.
DROP POLICY IF EXISTS tenant_guard ON retail.stock_movements;
CREATE POLICY tenant_guard ON retail.stock_movements AS RESTRICTIVE FOR ALL TO PUBLIC
    USING (store_id = ANY ((SELECT gateway.tenant_ids())::uuid[]))
    WITH CHECK (store_id = ANY ((SELECT gateway.tenant_ids())::uuid[]));

-- end of objects
NOTIFY storekeeper_catalog;
