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
            HINT = 'Nothing was written. semantic_search_products finds products, with their sku, by words.';
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
Records an order of one customer and takes its units from the stock, all or nothing. Ask back rather than
guess a customer, a product or a quantity. Amounts are in US dollars.
@title Record an order
@param customer_id  From retail.customers. It decides the store: a customer orders where they belong.
@param items        1 to 100 lines, each product once: sku and quantity; discount_percent and unit_price where they differ from 0 and the list price.
@param store_name   Refuses the order unless the customer belongs to this store; mostly left out.
@return {order_id, order_date, status, store, customer, total_amount, items, stock_left}; stock_left has stock_level and reorder_point of each product.
@example record_order(customer_id => '8a6c1d0e-5b7f-4c21-9d3e-2f40b1c6a795', items => [{"sku": "HTHA000101", "quantity": 2}])
$comment$;
REVOKE ALL ON FUNCTION tool.record_order FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tool.record_order TO store_managers, regional_managers, head_office;
