-- record and writes: written by storekeeper ship from the object files named below.

SET LOCAL ROLE storekeeper_owner;
SET LOCAL check_function_bodies = off;

-- object: policies/stock_movements.sql
DROP POLICY store_manager_stock_movements ON retail.stock_movements;
DROP POLICY regional_manager_stock_movements ON retail.stock_movements;
DROP POLICY head_office_stock_movements ON retail.stock_movements;
DROP POLICY doctor_stock_movements ON retail.stock_movements;
DROP POLICY tenant_guard ON retail.stock_movements;

-- object: policies/orders.sql
DROP POLICY store_manager_orders ON retail.orders;
DROP POLICY regional_manager_orders ON retail.orders;
DROP POLICY head_office_orders ON retail.orders;
DROP POLICY doctor_orders ON retail.orders;
DROP POLICY tenant_guard ON retail.orders;
-- object: policies/orders.sql
-- Who sees which orders.
-- drop: DROP POLICY store_manager_orders ON retail.orders;
-- drop: DROP POLICY regional_manager_orders ON retail.orders;
-- drop: DROP POLICY head_office_orders ON retail.orders;
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

-- AND-ed to whatever policies come later: no mistake in one of them opens another tenant's rows.
DROP POLICY IF EXISTS tenant_guard ON retail.orders;
CREATE POLICY tenant_guard ON retail.orders AS RESTRICTIVE FOR ALL TO PUBLIC
    USING (store_id = ANY ((SELECT gateway.tenant_ids())::uuid[]))
    WITH CHECK (store_id = ANY ((SELECT gateway.tenant_ids())::uuid[]));

-- object: policies/order_items.sql
DROP POLICY store_manager_order_items ON retail.order_items;
DROP POLICY regional_manager_order_items ON retail.order_items;
DROP POLICY head_office_order_items ON retail.order_items;
DROP POLICY doctor_order_items ON retail.order_items;
DROP POLICY tenant_guard ON retail.order_items;
-- object: policies/order_items.sql
-- Who sees which order lines.
-- drop: DROP POLICY store_manager_order_items ON retail.order_items;
-- drop: DROP POLICY regional_manager_order_items ON retail.order_items;
-- drop: DROP POLICY head_office_order_items ON retail.order_items;
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

-- AND-ed to whatever policies come later: no mistake in one of them opens another tenant's rows.
-- Lines are mostly reached from their orders. IS TRUE keeps the guard out of that index look-up: with
-- it the planner reckons with ten look-ups in place of one, and reads all the store's lines instead.
DROP POLICY IF EXISTS tenant_guard ON retail.order_items;
CREATE POLICY tenant_guard ON retail.order_items AS RESTRICTIVE FOR ALL TO PUBLIC
    USING ((store_id = ANY ((SELECT gateway.tenant_ids())::uuid[])) IS TRUE)
    WITH CHECK (store_id = ANY ((SELECT gateway.tenant_ids())::uuid[]));

-- object: policies/inventory.sql
DROP POLICY store_manager_inventory ON retail.inventory;
DROP POLICY regional_manager_inventory ON retail.inventory;
DROP POLICY head_office_inventory ON retail.inventory;
DROP POLICY doctor_inventory ON retail.inventory;
DROP POLICY tenant_guard ON retail.inventory;
-- object: policies/inventory.sql
-- Who sees whose stock.
-- drop: DROP POLICY store_manager_inventory ON retail.inventory;
-- drop: DROP POLICY regional_manager_inventory ON retail.inventory;
-- drop: DROP POLICY head_office_inventory ON retail.inventory;
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

-- AND-ed to whatever policies come later: no mistake in one of them opens another tenant's rows.
DROP POLICY IF EXISTS tenant_guard ON retail.inventory;
CREATE POLICY tenant_guard ON retail.inventory AS RESTRICTIVE FOR ALL TO PUBLIC
    USING (store_id = ANY ((SELECT gateway.tenant_ids())::uuid[]))
    WITH CHECK (store_id = ANY ((SELECT gateway.tenant_ids())::uuid[]));

-- object: policies/daily_sales.sql
DROP POLICY store_manager_daily_sales ON retail.daily_sales;
DROP POLICY regional_manager_daily_sales ON retail.daily_sales;
DROP POLICY head_office_daily_sales ON retail.daily_sales;
DROP POLICY doctor_daily_sales ON retail.daily_sales;
DROP POLICY tenant_guard ON retail.daily_sales;

-- object: triggers/orders.sql
DROP TRIGGER roll_up_deleted ON retail.orders;
DROP TRIGGER roll_up_updated ON retail.orders;

-- object: triggers/order_items.sql
DROP TRIGGER roll_up_deleted ON retail.order_items;
DROP TRIGGER roll_up_inserted ON retail.order_items;
DROP TRIGGER roll_up_truncated ON retail.order_items;
DROP TRIGGER roll_up_updated_from ON retail.order_items;
DROP TRIGGER roll_up_updated_to ON retail.order_items;

-- object: functions/tool/transfer_stock.sql
DROP FUNCTION tool.transfer_stock;

-- object: functions/tool/record_order.sql
DROP FUNCTION tool.record_order;

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
                ' orders.status IN (''pending'', ''shipped'', ''completed''). US dollars.',
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
@param table_names  For example ["orders", "order_items"]; left out or empty: every table (9 KB).
@return tables (table, description, columns, primary_key, foreign_keys, referenced_by) and hints
@example get_multiple_table_schemas(table_names => ARRAY['orders', 'order_items'])
$comment$;
REVOKE ALL ON FUNCTION tool.get_multiple_table_schemas FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tool.get_multiple_table_schemas
    TO store_managers, regional_managers, head_office;

-- object: functions/tool/adjust_inventory.sql
DROP FUNCTION tool.adjust_inventory;

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
    )
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
    FROM shelf AS s;
$function$;

COMMENT ON FUNCTION sample.load_inventory IS $comment$
Fills the inventory, from the orders that are there and sample.*: 3 % is sold out, another 9 % is at
or below its reorder point; dead stock lies there.
$comment$;
REVOKE ALL ON FUNCTION sample.load_inventory FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sample.load_inventory TO storekeeper_loader;

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

    LOCK TABLE retail.customers, retail.orders, retail.order_items IN ACCESS EXCLUSIVE MODE;
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
    FROM sample.bulk_load_ddl('{retail.customers, retail.orders, retail.order_items}') AS d;
    v_total := 1 + v_quarters + cardinality(v_creates) + 1;

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

    FOR i IN 1 .. cardinality(v_creates) LOOP
        v_done := v_done + 1;
        PERFORM gateway.progress(v_done, v_total, v_objects[i]);
        EXECUTE v_creates[i];
    END LOOP;

    ANALYZE retail.regions, retail.stores, retail.categories, retail.product_types, retail.products,
        retail.inventory;
    FOREACH v_table IN ARRAY '{
        retail.regions, retail.stores, retail.categories, retail.product_types, retail.products,
        retail.customers, retail.orders, retail.order_items, retail.inventory
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

-- object: functions/sample/bulk_load_ddl.sql
-- The statements that take indexes and constraints off a few tables, and those that put them back.
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
    ORDER BY 1, 2
$function$;

COMMENT ON FUNCTION sample.bulk_load_ddl IS $comment$
The indexes (phase 1), keys (2), statistics (3) and foreign keys (4) of tables, those that point to
them included. Drop by falling phase, create by rising phase.
$comment$;
REVOKE ALL ON FUNCTION sample.bulk_load_ddl FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sample.bulk_load_ddl TO storekeeper_loader;

-- object: functions/retail/roll_up_orders.sql
DROP FUNCTION retail.roll_up_orders;

-- object: functions/retail/roll_up_items.sql
DROP FUNCTION retail.roll_up_items;

-- object: functions/retail/rebuild_daily_sales.sql
DROP FUNCTION retail.rebuild_daily_sales;

-- object: functions/retail/move_stock.sql
DROP FUNCTION retail.move_stock;

-- object: functions/retail/find_product.sql
DROP FUNCTION retail.find_product;

-- object: functions/retail/find_one_store.sql
DROP FUNCTION retail.find_one_store;

-- object: functions/retail/doctor.sql
DROP FUNCTION retail.doctor;

-- end of objects
NOTIFY storekeeper_catalog;
