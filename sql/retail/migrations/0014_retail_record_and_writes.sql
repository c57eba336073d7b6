-- record and writes: written by storekeeper ship from the object files named below.
-- depends: 0013_gateway_record_and_writes 0012_retail_stock_and_rollups

SET LOCAL ROLE storekeeper_owner;
SET LOCAL check_function_bodies = off;

-- object: functions/retail/doctor.sql
-- Do the figures that are kept agree with what they are kept of?
-- drop: DROP FUNCTION retail.doctor;
CREATE OR REPLACE FUNCTION retail.doctor()
RETURNS TABLE (subject text, ok boolean, finding text, hint text)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    -- Of the column's type: only then can the comparison reach an index below row security.
    v_first_day CONSTANT date := retail.today() - 29;
    v_starts    CONSTANT timestamptz := v_first_day::timestamp AT TIME ZONE retail.time_zone();
BEGIN
    IF row_security_active('retail.orders') AND current_user <> 'storekeeper_definer' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK403',
            MESSAGE = format('%I does not see every store.', current_user),
            HINT = 'SELECT * FROM gateway.doctor(), or SET ROLE storekeeper_loader first.';
    END IF;

    RETURN QUERY
    WITH want AS (
        SELECT
            i.store_id,
            (o.order_date AT TIME ZONE retail.time_zone())::date AS business_day,
            i.product_id,
            count(*) AS order_lines,
            sum(i.quantity) AS units,
            sum(i.line_total) AS revenue,
            sum(i.quantity * i.unit_price - i.line_total) AS discount
        FROM retail.orders AS o
        JOIN retail.order_items AS i USING (store_id, order_id)
        WHERE o.order_date >= v_starts
          AND retail.counts_as_revenue(o.status)
        GROUP BY 1, 2, 3
    ),
    have AS (
        SELECT d.store_id, d.business_day, d.product_id, d.order_lines, d.units, d.revenue, d.discount
        FROM retail.daily_sales AS d
        WHERE d.business_day >= v_first_day
    ),
    difference AS (
        SELECT business_day
        FROM want AS w
        FULL JOIN have AS h USING (store_id, business_day, product_id)
        WHERE (
            coalesce(w.order_lines, 0), coalesce(w.units, 0), coalesce(w.revenue, 0), coalesce(w.discount, 0)
        ) IS DISTINCT FROM (
            coalesce(h.order_lines, 0), coalesce(h.units, 0), coalesce(h.revenue, 0), coalesce(h.discount, 0)
        )
    )
    SELECT
        'rollups',
        count(*) = 0,
        CASE WHEN count(*) = 0
            THEN 'retail.daily_sales is what the orders of the last 30 days say'
            ELSE format('retail.daily_sales differs from the orders in %s rows, first on %s', count(*), min(f.business_day))
        END,
        'As storekeeper_loader: SELECT retail.rebuild_daily_sales();'
    FROM difference AS f;

    RETURN QUERY
    WITH moved AS (
        SELECT m.store_id, m.product_id, sum(m.quantity) AS quantity
        FROM retail.stock_movements AS m
        GROUP BY m.store_id, m.product_id
    )
    SELECT
        'stock',
        count(*) = 0,
        CASE WHEN count(*) = 0
            THEN 'retail.inventory is the sum of its movements'
            ELSE format('%s rows of retail.inventory are not the sum of their movements', count(*))
        END,
        'Something changed stock_level past the tools: write the missing rows of retail.stock_movements.'
    FROM retail.inventory AS i
    FULL JOIN moved AS m USING (store_id, product_id)
    WHERE coalesce(i.stock_level, 0) <> coalesce(m.quantity, 0);
END
$function$;

COMMENT ON FUNCTION retail.doctor IS $comment$
What gateway.doctor shows of the business: rollups (the last 30 days of daily_sales equal the orders) and stock
(movements add up to the inventory). It must see every row. gateway.examine_business calls it as
storekeeper_definer, with a context signed for every tenant; the policies doctor_… let that role read, and without
such a context tenant_guard leaves it nothing. storekeeper_loader and superusers may call it directly.
@title Examine the business
@return subject  rollups or stock.
@return ok       Whether it is as it should be.
@return finding  What was found.
@return hint     How to mend it.
@example SELECT * FROM retail.doctor();
$comment$;
REVOKE ALL ON FUNCTION retail.doctor FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.doctor TO storekeeper_definer, storekeeper_loader;

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

-- object: functions/retail/rebuild_daily_sales.sql
-- Makes the daily sales anew from the orders.
-- drop: DROP FUNCTION retail.rebuild_daily_sales;
CREATE OR REPLACE FUNCTION retail.rebuild_daily_sales()
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_rows bigint;
BEGIN
    IF row_security_active('retail.orders') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK403',
            MESSAGE = format('%I does not see every order.', current_user),
            HINT = 'SET ROLE storekeeper_loader, then SELECT retail.rebuild_daily_sales().';
    END IF;
    -- Readers go on; writers wait.
    LOCK TABLE retail.orders, retail.order_items, retail.daily_sales IN SHARE ROW EXCLUSIVE MODE;
    DELETE FROM retail.daily_sales;
    INSERT INTO retail.daily_sales (
        store_id, business_day, product_id, order_lines, units, revenue, discount
    )
    SELECT
        i.store_id,
        (o.order_date AT TIME ZONE retail.time_zone())::date,
        i.product_id,
        count(*),
        sum(i.quantity),
        sum(i.line_total),
        sum(i.quantity * i.unit_price - i.line_total)
    FROM retail.orders AS o
    JOIN retail.order_items AS i USING (store_id, order_id)
    WHERE retail.counts_as_revenue(o.status)
    GROUP BY 1, 2, 3;
    GET DIAGNOSTICS v_rows = ROW_COUNT;
    RETURN v_rows;
END
$function$;

COMMENT ON FUNCTION retail.rebuild_daily_sales IS $comment$
For the loader, after a load with the triggers disabled or where retail.doctor finds a difference: fills
retail.daily_sales from the orders. Orders can be read meanwhile, not written. SK403 for who sees only some.
@title Rebuild the daily sales
@return How many rows there are.
@example SELECT retail.rebuild_daily_sales();
$comment$;
REVOKE ALL ON FUNCTION retail.rebuild_daily_sales FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.rebuild_daily_sales TO storekeeper_loader;

-- object: functions/retail/roll_up_items.sql
-- Keeps the daily sales as the order lines are.
-- drop: DROP FUNCTION retail.roll_up_items;
CREATE OR REPLACE FUNCTION retail.roll_up_items()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_sign CONSTANT integer := CASE TG_ARGV[0] WHEN 'gone' THEN -1 ELSE 1 END;
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        -- Not again where the same statement did already. Row security does not hide rows from TRUNCATE.
        IF row_security_active('retail.daily_sales') OR EXISTS (SELECT FROM retail.daily_sales) THEN
            TRUNCATE retail.daily_sales;
        END IF;
        RETURN NULL;
    ELSIF TG_OP <> 'INSERT' THEN
        -- Whether the order counts, and on which day, must not change meanwhile. For an insert the
        -- foreign key's lock on the order is enough: roll_up_orders waits for it.
        PERFORM
        FROM retail.orders AS o
        WHERE (o.store_id, o.order_id) IN (SELECT c.store_id, c.order_id FROM changed_items AS c)
        ORDER BY o.store_id, o.order_id
        FOR SHARE;
    END IF;

    -- Sorted, so that no two writers wait for each other.
    INSERT INTO retail.daily_sales AS d (
        store_id, business_day, product_id, order_lines, units, revenue, discount
    )
    SELECT
        c.store_id,
        (o.order_date AT TIME ZONE retail.time_zone())::date,
        c.product_id,
        v_sign * count(*),
        v_sign * sum(c.quantity),
        v_sign * sum(c.line_total),
        v_sign * sum(c.quantity * c.unit_price - c.line_total)
    FROM changed_items AS c
    JOIN retail.orders AS o USING (store_id, order_id)
    WHERE retail.counts_as_revenue(o.status)
    GROUP BY 1, 2, 3
    ORDER BY 1, 2, 3
    ON CONFLICT (store_id, business_day, product_id) DO UPDATE SET
        order_lines = d.order_lines + excluded.order_lines,
        units = d.units + excluded.units,
        revenue = d.revenue + excluded.revenue,
        discount = d.discount + excluded.discount;
    RETURN NULL;
END
$function$;

COMMENT ON FUNCTION retail.roll_up_items IS $comment$
Trigger, once a statement: adds the lines in changed_items to retail.daily_sales, or with the argument gone takes
them away. Runs as whoever writes, within their row security. Who changes or deletes lines needs the right to
UPDATE orders, for the lock. Exact at READ COMMITTED, which is what calls run at.
$comment$;
REVOKE ALL ON FUNCTION retail.roll_up_items FROM PUBLIC;

-- object: functions/retail/roll_up_orders.sql
-- Keeps the daily sales as the orders are: whether they count, and on which day.
-- drop: DROP FUNCTION retail.roll_up_orders;
CREATE OR REPLACE FUNCTION retail.roll_up_orders()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_store_ids uuid[];
    v_order_ids uuid[];
BEGIN
    IF TG_OP = 'DELETE' THEN
        -- Before the foreign key does, which would leave the lines' trigger no order to ask.
        DELETE FROM retail.order_items AS i WHERE i.store_id = OLD.store_id AND i.order_id = OLD.order_id;
        RETURN OLD;
    END IF;

    SELECT array_agg(n.store_id ORDER BY n.store_id, n.order_id), array_agg(n.order_id ORDER BY n.store_id, n.order_id)
    INTO v_store_ids, v_order_ids
    FROM old_orders AS o
    JOIN new_orders AS n USING (store_id, order_id)
    WHERE retail.counts_as_revenue(o.status) <> retail.counts_as_revenue(n.status)
       OR (
            retail.counts_as_revenue(n.status)
            AND (o.order_date AT TIME ZONE retail.time_zone())::date
                <> (n.order_date AT TIME ZONE retail.time_zone())::date
        );
    IF v_order_ids IS NULL THEN
        RETURN NULL;
    END IF;

    -- Whoever is adding lines holds the foreign key's lock on the order; the next statement sees them.
    PERFORM
    FROM retail.orders AS o
    WHERE (o.store_id, o.order_id) IN (SELECT u.* FROM unnest(v_store_ids, v_order_ids) AS u)
    ORDER BY o.store_id, o.order_id
    FOR UPDATE;

    INSERT INTO retail.daily_sales AS d (
        store_id, business_day, product_id, order_lines, units, revenue, discount
    )
    SELECT
        i.store_id,
        (v.order_date AT TIME ZONE retail.time_zone())::date,
        i.product_id,
        sum(v.sign),
        sum(v.sign * i.quantity),
        sum(v.sign * i.line_total),
        sum(v.sign * (i.quantity * i.unit_price - i.line_total))
    FROM unnest(v_store_ids, v_order_ids) AS u (store_id, order_id)
    JOIN old_orders AS o USING (store_id, order_id)
    JOIN new_orders AS n USING (store_id, order_id)
    CROSS JOIN LATERAL (
        VALUES (-1, o.order_date, o.status), (1, n.order_date, n.status)
    ) AS v (sign, order_date, status)
    JOIN retail.order_items AS i USING (store_id, order_id)
    WHERE retail.counts_as_revenue(v.status)
    GROUP BY 1, 2, 3
    ORDER BY 1, 2, 3
    ON CONFLICT (store_id, business_day, product_id) DO UPDATE SET
        order_lines = d.order_lines + excluded.order_lines,
        units = d.units + excluded.units,
        revenue = d.revenue + excluded.revenue,
        discount = d.discount + excluded.discount;
    RETURN NULL;
END
$function$;

COMMENT ON FUNCTION retail.roll_up_orders IS $comment$
Trigger: moves the sales of orders that begin or cease to count as revenue, or change their day, within
retail.daily_sales, once a statement; before an order is deleted, deletes its lines. Runs as whoever writes,
within their row security; who deletes orders needs the right to delete lines. Exact at READ COMMITTED, which is
what calls run at.
$comment$;
REVOKE ALL ON FUNCTION retail.roll_up_orders FROM PUBLIC;

-- object: functions/sample/bulk_load_ddl.sql
-- The statements that take indexes, constraints and triggers off a few tables, and those that put them back.
-- drop: DROP FUNCTION sample.bulk_load_ddl;
-- The definitions are the catalog's own, so that the migrations stay the only place that has them.
CREATE OR REPLACE FUNCTION sample.bulk_load_ddl(tables regclass[])
RETURNS TABLE (phase integer, object text, drop_statement text, create_statement text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    WITH needed AS (
        -- A view may rest on a primary key, by its GROUP BY; such keys stay.
        SELECT d.refobjid AS constraint_oid
        FROM pg_depend AS d
        WHERE d.refclassid = 'pg_constraint'::regclass
          AND d.classid IN ('pg_rewrite'::regclass, 'pg_proc'::regclass)
    )
    SELECT
        1,
        format('index %s', i.indexrelid::regclass),
        format('DROP INDEX %s', i.indexrelid::regclass),
        pg_get_indexdef(i.indexrelid)
    FROM pg_index AS i
    WHERE i.indrelid = ANY (bulk_load_ddl.tables)
      AND NOT EXISTS (
            SELECT FROM pg_constraint AS c WHERE c.conindid = i.indexrelid AND c.contype <> 'f'
      )
    UNION ALL
    SELECT
        CASE WHEN c.contype = 'f' THEN 4 ELSE 2 END,
        format('constraint %I on %s', c.conname, c.conrelid::regclass),
        format('ALTER TABLE %s DROP CONSTRAINT %I', c.conrelid::regclass, c.conname),
        format(
            'ALTER TABLE %s ADD CONSTRAINT %I %s',
            c.conrelid::regclass, c.conname, pg_get_constraintdef(c.oid)
        )
    FROM pg_constraint AS c
    WHERE c.contype IN ('p', 'u', 'f')
      AND (c.conrelid = ANY (bulk_load_ddl.tables) OR c.confrelid = ANY (bulk_load_ddl.tables))
      AND c.oid NOT IN (SELECT n.constraint_oid FROM needed AS n)
    UNION ALL
    -- Foreign keys are checked by a join, which wants a plan.
    SELECT 3, format('statistics of %s', t.name), NULL, format('ANALYZE %s', t.name)
    FROM unnest(bulk_load_ddl.tables) AS t (name)
    UNION ALL
    SELECT
        5,
        format('trigger %I on %s', t.tgname, t.tgrelid::regclass),
        format('ALTER TABLE %s DISABLE TRIGGER %I', t.tgrelid::regclass, t.tgname),
        format('ALTER TABLE %s ENABLE TRIGGER %I', t.tgrelid::regclass, t.tgname)
    FROM pg_trigger AS t
    WHERE t.tgrelid = ANY (bulk_load_ddl.tables) AND NOT t.tgisinternal AND t.tgenabled = 'O'
    ORDER BY 1, 2
$function$;

COMMENT ON FUNCTION sample.bulk_load_ddl IS $comment$
The indexes (phase 1), keys (2), statistics (3), foreign keys (4) and enabled triggers (5) of tables, foreign
keys that point to them included. Drop by falling phase, create by rising phase.
$comment$;
REVOKE ALL ON FUNCTION sample.bulk_load_ddl FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sample.bulk_load_ddl TO storekeeper_loader;

-- object: functions/sample/load.sql
-- Zava Retail's sample data: six years of eight stores, the same for the same arguments.
-- drop: DROP FUNCTION sample.load;
CREATE OR REPLACE FUNCTION sample.load(
    scale double precision DEFAULT 1,
    seed  bigint           DEFAULT 42,
    today date             DEFAULT current_date
)
RETURNS TABLE (table_name text, row_count bigint)
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET work_mem = '64MB'
SET maintenance_work_mem = '256MB'
SET jit = off
SET plan_cache_mode = force_custom_plan  -- folds the hashed names of streams into constants
AS $function$
DECLARE
    v_quarters       CONSTANT integer := 6 * 4;
    v_early_quarters CONSTANT integer := 3 * 4;  -- those in which people still bought dead stock
    -- The stores' day. current_date may be one ahead, and the day before it not over yet.
    v_today   CONSTANT date := least(load.today, retail.today());
    v_drops   text[];
    v_creates text[];
    v_objects text[];
    v_done    integer := 0;
    v_total   integer;
    v_from    date := v_today - interval '6 years';
    v_until   date;
    v_table   text;
BEGIN
    IF load.scale IS NULL OR load.scale <= 0 OR load.scale > 1000 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = format('scale %s is not in (0, 1000].', coalesce(load.scale::text, 'NULL')),
            HINT = '1 makes 50,000 customers and 200,000 orders; 0.02 is enough for tests.';
    END IF;
    IF load.seed IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = 'seed is NULL.',
            HINT = 'Any whole number will do; the same one makes the same data.';
    END IF;
    IF load.today IS NULL OR load.today < date '2000-01-01' OR load.today > retail.today() + 1 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = 'today ' || coalesce(load.today::text, 'NULL') || ' is out of range.',
            HINT = 'The data ends the day before it: from 2000-01-01 on, and not in the future.';
    END IF;

    LOCK TABLE retail.customers, retail.orders, retail.order_items, retail.daily_sales IN ACCESS EXCLUSIVE MODE;
    IF EXISTS (SELECT FROM retail.orders) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK409',
            MESSAGE = 'retail.orders already holds orders.',
            HINT = 'Sample data needs empty tables: use a new database, or empty those of retail.';
    END IF;

    SELECT
        array_agg(d.drop_statement ORDER BY d.phase DESC, d.object)
            FILTER (WHERE d.drop_statement IS NOT NULL),
        array_agg(d.create_statement ORDER BY d.phase, d.object),
        array_agg(d.object ORDER BY d.phase, d.object)
    INTO v_drops, v_creates, v_objects
    FROM sample.bulk_load_ddl(
        '{retail.customers, retail.orders, retail.order_items, retail.daily_sales}'
    ) AS d;
    v_total := 1 + v_quarters + cardinality(v_creates) + 2;

    PERFORM gateway.progress(v_done, v_total, 'people, stores and catalogue');
    PERFORM sample.load_people(v_from);
    PERFORM sample.load_catalogue();
    PERFORM sample.plan_days(load.scale::numeric, load.seed, v_from, v_today - 1);
    PERFORM sample.plan_baskets();

    FOR i IN 1 .. cardinality(v_drops) LOOP
        EXECUTE v_drops[i];
    END LOOP;
    FOR q IN 1 .. v_quarters LOOP
        v_done := v_done + 1;
        PERFORM gateway.progress(v_done, v_total, 'orders from ' || v_from);
        v_until := v_today - (v_quarters - q) * interval '3 months';
        PERFORM sample.load_orders(load.seed, v_today, v_from, v_until - 1, q <= v_early_quarters);
        v_from := v_until;
    END LOOP;
    DROP TABLE sample.planned_days, sample.shelves, sample.priced_products;

    v_done := v_done + 1;
    PERFORM gateway.progress(v_done, v_total, 'inventory');
    PERFORM sample.load_inventory(load.seed, v_today);

    v_done := v_done + 1;
    PERFORM gateway.progress(v_done, v_total, 'daily sales');
    PERFORM retail.rebuild_daily_sales();

    FOR i IN 1 .. cardinality(v_creates) LOOP
        v_done := v_done + 1;
        PERFORM gateway.progress(v_done, v_total, v_objects[i]);
        EXECUTE v_creates[i];
    END LOOP;

    ANALYZE retail.regions, retail.stores, retail.categories, retail.product_types, retail.products,
        retail.inventory, retail.stock_movements;
    FOREACH v_table IN ARRAY '{
        retail.regions, retail.stores, retail.categories, retail.product_types, retail.products,
        retail.customers, retail.orders, retail.order_items, retail.inventory, retail.stock_movements,
        retail.daily_sales
    }'::text[] LOOP
        RETURN QUERY EXECUTE format('SELECT %L, count(*) FROM %s', v_table, v_table);
    END LOOP;
    PERFORM gateway.progress(v_total, v_total, 'done');
END
$function$;

COMMENT ON FUNCTION sample.load IS $comment$
Fills the empty retail tables from sample.* with six years that end the day before today, and says
how many rows each has. The same arguments make the same rows.
@param scale  1 is 50,000 customers, about 200,000 orders and 420,000 items; up to 1000.
@param seed   Another seed, other chances.
@param today  The first day without data; at the latest the day that it is where the stores are.
$comment$;
REVOKE ALL ON FUNCTION sample.load FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sample.load TO storekeeper_loader;

-- object: functions/sample/load_inventory.sql
-- What is in stock: by what sold in the last ninety days, with some of it running out.
-- drop: DROP FUNCTION sample.load_inventory;
CREATE OR REPLACE FUNCTION sample.load_inventory(seed bigint, today date)
RETURNS void
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
    WITH sold AS (
        SELECT i.store_id, i.product_id, sum(i.quantity) AS units
        FROM retail.orders AS o
        JOIN retail.order_items AS i USING (store_id, order_id)
        WHERE o.order_date >= (load_inventory.today - 90)::timestamp AT TIME ZONE retail.time_zone()
          AND retail.counts_as_revenue(o.status)
        GROUP BY i.store_id, i.product_id
    ),
    shelf AS (
        SELECT
            s.store_id,
            p.product_id,
            p.lifecycle,
            -- Two weeks' sales, which is how long a delivery takes.
            greatest(2, ceil(coalesce(sold.units, 0) * 14 / 90.0))::integer AS reorder_point,
            sample.uniform(seed, 'shortage in ' || s.store_id, p.product_id) AS shortage,
            sample.uniform(seed, 'stock of ' || s.store_id, p.product_id) AS fullness,
            sample.uniform(seed, 'counted in ' || s.store_id, p.product_id) AS counted
        FROM sample.stores AS s
        CROSS JOIN sample.products AS p
        LEFT JOIN sold USING (store_id, product_id)
    ),
    stocked AS (
        INSERT INTO retail.inventory (store_id, product_id, stock_level, reorder_point, updated_at)
        SELECT
            s.store_id,
            s.product_id,
            CASE
                WHEN s.lifecycle = 'dead_stock' THEN 8 + floor(40 * s.fullness)
                WHEN s.shortage < 0.03 THEN 0
                WHEN s.shortage < 0.12 THEN floor(s.fullness * (s.reorder_point + 1))
                ELSE ceil(s.reorder_point * (1.2 + 4 * s.fullness))
            END,
            s.reorder_point,
            (load_inventory.today - 1 - floor(30 * s.counted)::integer + time '06:30')
                AT TIME ZONE retail.time_zone()
        FROM shelf AS s
        RETURNING store_id, product_id, stock_level, updated_at
    )
    INSERT INTO retail.stock_movements (
        store_id, movement_id, product_id, quantity, reason, made_by, made_at
    )
    SELECT
        t.store_id,
        sample.make_uuid(seed, 'opening of ' || t.store_id, t.product_id),
        t.product_id,
        t.stock_level,
        'opening',
        NULL,
        t.updated_at
    FROM stocked AS t;
$function$;

COMMENT ON FUNCTION sample.load_inventory IS $comment$
Fills the inventory, and the ledger with what lay there when counting began, from the orders that are there and
sample.*: 3 % is sold out, another 9 % is at or below its reorder point; dead stock lies there.
$comment$;
REVOKE ALL ON FUNCTION sample.load_inventory FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sample.load_inventory TO storekeeper_loader;

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

-- object: functions/tool/get_multiple_table_schemas.sql
-- The tables as whoever writes SQL needs to know them.
-- drop: DROP FUNCTION tool.get_multiple_table_schemas;
CREATE OR REPLACE FUNCTION tool.get_multiple_table_schemas(table_names text[] DEFAULT NULL)
RETURNS json
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    -- Names as people write them: in any letter case, with the schema or without.
    v_names   CONSTANT text[] := ARRAY(
        SELECT regexp_replace(lower(trim(n.name)), '^retail\.', '')
        FROM unnest(get_multiple_table_schemas.table_names) AS n (name)
    );
    v_visible CONSTANT text[] := ARRAY(SELECT v.table_name FROM gateway.visible_tables('retail') AS v);
    v_unknown CONSTANT text[] := ARRAY(
        SELECT DISTINCT n FROM unnest(v_names) AS n WHERE (n = ANY (v_visible)) IS NOT TRUE ORDER BY n
    );
BEGIN
    IF v_unknown <> '{}' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK404',
            MESSAGE = format('There is no table %s.', array_to_string(v_unknown, ', ', 'NULL')),
            HINT = 'The tables: ' || array_to_string(v_visible, ', ') || '.';
    END IF;
    RETURN json_build_object(
        'tables', (
            SELECT json_agg(
                gateway.describe_table(v.table_oid, retail.short_names(v.table_name)) ORDER BY v.table_name
            )
            FROM gateway.visible_tables('retail') AS v
            WHERE v_names = '{}' OR v.table_name = ANY (v_names)
        ),
        'hints', ARRAY[
            'Name tables without a schema. Only rows of the stores you may see exist for you:'
                ' no filter by person is needed.',
            'Keys begin with store_id: join orders to order_items and customers on store_id too.',
            'Revenue: sum(orders.total_amount), or sum(order_items.line_total) by product, where'
                ' orders.status IN (''pending'', ''shipped'', ''completed''). US dollars.'
                ' By day and product daily_sales has it summed up already.',
            format(
                'The session''s time zone is %s: order_date::date is the business day. Filter with'
                ' order_date >= timestamptz ''2026-01-01'', which can use an index.',
                retail.time_zone()
            ),
            'Example: SELECT c.name, sum(i.line_total) AS revenue FROM orders o'
                ' JOIN order_items i USING (store_id, order_id) JOIN products p USING (product_id)'
                ' JOIN product_types t USING (type_id) JOIN categories c USING (category_id)'
                ' WHERE o.status IN (''pending'', ''shipped'', ''completed'')'
                ' AND o.order_date >= timestamptz ''2026-01-01'''
                ' GROUP BY c.name ORDER BY revenue DESC'
        ]
    );
END
$function$;

COMMENT ON FUNCTION tool.get_multiple_table_schemas IS $comment$
Columns, types, keys, joins and valid values of the tables that execute_sales_query can read, with
hints for good SQL. Call it once before writing SQL, and never guess names or values.
@title Table schemas
@param table_names  For example ["orders", "order_items"]; left out or empty: every table (12 KB).
@return tables (table, description, columns, primary_key, foreign_keys, referenced_by) and hints
@example get_multiple_table_schemas(table_names => ARRAY['orders', 'order_items'])
$comment$;
REVOKE ALL ON FUNCTION tool.get_multiple_table_schemas FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tool.get_multiple_table_schemas
    TO store_managers, regional_managers, head_office;

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

-- object: triggers/order_items.sql
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

-- object: triggers/orders.sql
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

-- object: policies/daily_sales.sql
-- Who sees whose daily sales.
-- drop: DROP POLICY store_manager_daily_sales ON retail.daily_sales;
-- drop: DROP POLICY regional_manager_daily_sales ON retail.daily_sales;
-- drop: DROP POLICY head_office_daily_sales ON retail.daily_sales;
-- drop: DROP POLICY doctor_daily_sales ON retail.daily_sales;
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

-- The doctor's context names every tenant; without one the guard leaves nothing here either.
DROP POLICY IF EXISTS doctor_daily_sales ON retail.daily_sales;
CREATE POLICY doctor_daily_sales ON retail.daily_sales FOR SELECT TO storekeeper_definer
    USING (true);

-- AND-ed to whatever policies come later: no mistake in one of them opens another tenant's rows.
DROP POLICY IF EXISTS tenant_guard ON retail.daily_sales;
CREATE POLICY tenant_guard ON retail.daily_sales AS RESTRICTIVE FOR ALL TO PUBLIC
    USING (store_id = ANY ((SELECT gateway.tenant_ids())::uuid[]))
    WITH CHECK (store_id = ANY ((SELECT gateway.tenant_ids())::uuid[]));

-- object: policies/inventory.sql
DROP POLICY store_manager_inventory ON retail.inventory;
DROP POLICY regional_manager_inventory ON retail.inventory;
DROP POLICY head_office_inventory ON retail.inventory;
DROP POLICY tenant_guard ON retail.inventory;
-- object: policies/inventory.sql
-- Who sees whose stock.
-- drop: DROP POLICY store_manager_inventory ON retail.inventory;
-- drop: DROP POLICY regional_manager_inventory ON retail.inventory;
-- drop: DROP POLICY head_office_inventory ON retail.inventory;
-- drop: DROP POLICY doctor_inventory ON retail.inventory;
-- drop: DROP POLICY tenant_guard ON retail.inventory;
DROP POLICY IF EXISTS store_manager_inventory ON retail.inventory;
CREATE POLICY store_manager_inventory ON retail.inventory FOR ALL TO store_managers
    USING (store_id = (SELECT retail.get_current_user_store()))
    WITH CHECK (store_id = (SELECT retail.get_current_user_store()));

DROP POLICY IF EXISTS regional_manager_inventory ON retail.inventory;
CREATE POLICY regional_manager_inventory ON retail.inventory FOR ALL TO regional_managers
    USING (store_id = ANY ((SELECT retail.get_user_store_list())::uuid[]))
    WITH CHECK (store_id = ANY ((SELECT retail.get_user_store_list())::uuid[]));

-- Head office has every store: the guard alone decides, and is tested once a row, not twice.
DROP POLICY IF EXISTS head_office_inventory ON retail.inventory;
CREATE POLICY head_office_inventory ON retail.inventory FOR ALL TO head_office
    USING (true)
    WITH CHECK (true);

-- The doctor's context names every tenant; without one the guard leaves nothing here either.
DROP POLICY IF EXISTS doctor_inventory ON retail.inventory;
CREATE POLICY doctor_inventory ON retail.inventory FOR SELECT TO storekeeper_definer
    USING (true);

-- AND-ed to whatever policies come later: no mistake in one of them opens another tenant's rows.
DROP POLICY IF EXISTS tenant_guard ON retail.inventory;
CREATE POLICY tenant_guard ON retail.inventory AS RESTRICTIVE FOR ALL TO PUBLIC
    USING (store_id = ANY ((SELECT gateway.tenant_ids())::uuid[]))
    WITH CHECK (store_id = ANY ((SELECT gateway.tenant_ids())::uuid[]));

-- object: policies/order_items.sql
DROP POLICY store_manager_order_items ON retail.order_items;
DROP POLICY regional_manager_order_items ON retail.order_items;
DROP POLICY head_office_order_items ON retail.order_items;
DROP POLICY tenant_guard ON retail.order_items;
-- object: policies/order_items.sql
-- Who sees which order lines.
-- drop: DROP POLICY store_manager_order_items ON retail.order_items;
-- drop: DROP POLICY regional_manager_order_items ON retail.order_items;
-- drop: DROP POLICY head_office_order_items ON retail.order_items;
-- drop: DROP POLICY doctor_order_items ON retail.order_items;
-- drop: DROP POLICY tenant_guard ON retail.order_items;
DROP POLICY IF EXISTS store_manager_order_items ON retail.order_items;
CREATE POLICY store_manager_order_items ON retail.order_items FOR ALL TO store_managers
    USING (store_id = (SELECT retail.get_current_user_store()))
    WITH CHECK (store_id = (SELECT retail.get_current_user_store()));

DROP POLICY IF EXISTS regional_manager_order_items ON retail.order_items;
CREATE POLICY regional_manager_order_items ON retail.order_items FOR ALL TO regional_managers
    USING (store_id = ANY ((SELECT retail.get_user_store_list())::uuid[]))
    WITH CHECK (store_id = ANY ((SELECT retail.get_user_store_list())::uuid[]));

-- Head office has every store: the guard alone decides, and is tested once a row, not twice.
DROP POLICY IF EXISTS head_office_order_items ON retail.order_items;
CREATE POLICY head_office_order_items ON retail.order_items FOR ALL TO head_office
    USING (true)
    WITH CHECK (true);

-- The doctor's context names every tenant; without one the guard leaves nothing here either.
DROP POLICY IF EXISTS doctor_order_items ON retail.order_items;
CREATE POLICY doctor_order_items ON retail.order_items FOR SELECT TO storekeeper_definer
    USING (true);

-- AND-ed to whatever policies come later: no mistake in one of them opens another tenant's rows.
-- Lines are mostly reached from their orders. IS TRUE keeps the guard out of that index look-up: with
-- it the planner reckons with ten look-ups in place of one, and reads all the store's lines instead.
DROP POLICY IF EXISTS tenant_guard ON retail.order_items;
CREATE POLICY tenant_guard ON retail.order_items AS RESTRICTIVE FOR ALL TO PUBLIC
    USING ((store_id = ANY ((SELECT gateway.tenant_ids())::uuid[])) IS TRUE)
    WITH CHECK (store_id = ANY ((SELECT gateway.tenant_ids())::uuid[]));

-- object: policies/orders.sql
DROP POLICY store_manager_orders ON retail.orders;
DROP POLICY regional_manager_orders ON retail.orders;
DROP POLICY head_office_orders ON retail.orders;
DROP POLICY tenant_guard ON retail.orders;
-- object: policies/orders.sql
-- Who sees which orders.
-- drop: DROP POLICY store_manager_orders ON retail.orders;
-- drop: DROP POLICY regional_manager_orders ON retail.orders;
-- drop: DROP POLICY head_office_orders ON retail.orders;
-- drop: DROP POLICY doctor_orders ON retail.orders;
-- drop: DROP POLICY tenant_guard ON retail.orders;
DROP POLICY IF EXISTS store_manager_orders ON retail.orders;
CREATE POLICY store_manager_orders ON retail.orders FOR ALL TO store_managers
    USING (store_id = (SELECT retail.get_current_user_store()))
    WITH CHECK (store_id = (SELECT retail.get_current_user_store()));

DROP POLICY IF EXISTS regional_manager_orders ON retail.orders;
CREATE POLICY regional_manager_orders ON retail.orders FOR ALL TO regional_managers
    USING (store_id = ANY ((SELECT retail.get_user_store_list())::uuid[]))
    WITH CHECK (store_id = ANY ((SELECT retail.get_user_store_list())::uuid[]));

-- Head office has every store: the guard alone decides, and is tested once a row, not twice.
DROP POLICY IF EXISTS head_office_orders ON retail.orders;
CREATE POLICY head_office_orders ON retail.orders FOR ALL TO head_office
    USING (true)
    WITH CHECK (true);

-- The doctor's context names every tenant; without one the guard leaves nothing here either.
DROP POLICY IF EXISTS doctor_orders ON retail.orders;
CREATE POLICY doctor_orders ON retail.orders FOR SELECT TO storekeeper_definer
    USING (true);

-- AND-ed to whatever policies come later: no mistake in one of them opens another tenant's rows.
DROP POLICY IF EXISTS tenant_guard ON retail.orders;
CREATE POLICY tenant_guard ON retail.orders AS RESTRICTIVE FOR ALL TO PUBLIC
    USING (store_id = ANY ((SELECT gateway.tenant_ids())::uuid[]))
    WITH CHECK (store_id = ANY ((SELECT gateway.tenant_ids())::uuid[]));

-- object: policies/stock_movements.sql
-- Who sees which movements of stock.
-- drop: DROP POLICY store_manager_stock_movements ON retail.stock_movements;
-- drop: DROP POLICY regional_manager_stock_movements ON retail.stock_movements;
-- drop: DROP POLICY head_office_stock_movements ON retail.stock_movements;
-- drop: DROP POLICY doctor_stock_movements ON retail.stock_movements;
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

-- The doctor's context names every tenant; without one the guard leaves nothing here either.
DROP POLICY IF EXISTS doctor_stock_movements ON retail.stock_movements;
CREATE POLICY doctor_stock_movements ON retail.stock_movements FOR SELECT TO storekeeper_definer
    USING (true);

-- AND-ed to whatever policies come later: no mistake in one of them opens another tenant's rows.
DROP POLICY IF EXISTS tenant_guard ON retail.stock_movements;
CREATE POLICY tenant_guard ON retail.stock_movements AS RESTRICTIVE FOR ALL TO PUBLIC
    USING (store_id = ANY ((SELECT gateway.tenant_ids())::uuid[]))
    WITH CHECK (store_id = ANY ((SELECT gateway.tenant_ids())::uuid[]));

-- end of objects
NOTIFY storekeeper_catalog;
