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
