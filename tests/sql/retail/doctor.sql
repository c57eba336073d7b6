-- retail.doctor: healthy after the load, and each finding turns when its cause does.
BEGIN;
\ir ../tap.sql
SELECT plan(28);

CREATE FUNCTION pg_temp.after(statement text, subject text) RETURNS boolean LANGUAGE plpgsql AS $function$
DECLARE
    v_ok   boolean;
    v_rows bigint;
BEGIN
    EXECUTE statement;
    GET DIAGNOSTICS v_rows = ROW_COUNT;
    IF v_rows = 0 THEN
        RETURN NULL;
    END IF;
    -- As the DBA has it: through the gateway, within row security.
    SELECT d.ok INTO STRICT v_ok FROM gateway.doctor() AS d WHERE d.subject = after.subject;
    IF v_ok <> (SELECT d.ok FROM retail.doctor() AS d WHERE d.subject = after.subject) THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION USING ERRCODE = 'TAP00', MESSAGE = v_ok::text;
EXCEPTION WHEN SQLSTATE 'TAP00' THEN
    RETURN SQLERRM::boolean;
END
$function$;

-- Nobody, the manager, head office
SELECT be();
SELECT throws_ok('SELECT * FROM retail.doctor()', '42501', 'nobody');
SELECT be('seattle@zava.example');
SELECT throws_ok('SELECT * FROM retail.doctor()', '42501', 'not the manager');
SELECT be('analyst@zava.example');
SELECT throws_ok('SELECT * FROM retail.doctor()', '42501', 'nor head office');
SELECT be_dba();
SET LOCAL ROLE storekeeper_owner;
SELECT throws_ok('SELECT * FROM retail.doctor()', 'SK403', 'the owner sees nothing, and says so');
RESET ROLE;
SET LOCAL ROLE storekeeper_loader;
SELECT results_eq('SELECT subject, ok FROM retail.doctor()', $$VALUES ('rollups', true), ('stock', true), ('search', true), ('vector index', true)$$, 'the loader');
RESET ROLE;
SET LOCAL ROLE storekeeper_dba;
SELECT results_eq(
    $$SELECT subject, ok FROM gateway.doctor() WHERE subject IN ('rollups', 'stock')$$,
    $$VALUES ('rollups', true), ('stock', true)$$, 'the DBA''s role, through the gateway'
);
RESET ROLE;

-- Search
SELECT is(pg_temp.after('DELETE FROM search.documents WHERE product_id = 1', 'search'), false, 'words that are missing');
SELECT is(pg_temp.after('DELETE FROM retail.product_description_embeddings WHERE product_id = 1', 'search'), false, 'a vector that is missing');
-- Past the triggers, one goes and one comes: as many as before.
INSERT INTO retail.products (product_id, sku, type_id, name, description, unit, cost, base_price) VALUES
    (90001, 'ZZ00000001', 1, 'Goes', 'And leaves its words.', 'each', 1, 2);
SET LOCAL session_replication_role = replica;
DELETE FROM retail.products WHERE product_id = 90001;
SELECT is(pg_temp.after($$SELECT 1$$, 'search'), true, 'words of what is gone harm nobody');
SELECT is(pg_temp.after($$INSERT INTO retail.products (product_id, sku, type_id, name, description, unit, cost, base_price) VALUES
    (90002, 'ZZ00000002', 1, 'Comes', 'Without its words.', 'each', 1, 2)$$, 'search'), false, 'and do not stand for those that are missing');
SET LOCAL session_replication_role = origin;

UPDATE embedding.models SET is_active = false;
INSERT INTO embedding.models (name, provider, dimension, is_active) VALUES ('tap', 'openai', 256, true);
DELETE FROM retail.product_description_embeddings WHERE product_id <= 3;
SELECT results_eq(
    $$SELECT ok, finding LIKE '%; but 3 wait for their vectors' FROM retail.doctor() WHERE subject = 'search'$$, 'VALUES (true, true)',
    'vectors that a service has still to make'
);

-- Rollups
UPDATE retail.orders SET status = 'pending'
WHERE order_date >= (retail.today() - 10)::timestamp AT TIME ZONE retail.time_zone();
SELECT is(pg_temp.after('UPDATE retail.daily_sales SET units = units + 1 WHERE business_day > retail.today() - 10', 'rollups'),
    false, 'units that nobody bought');
SELECT is(pg_temp.after('UPDATE retail.daily_sales SET revenue = revenue + 0.01 WHERE business_day > retail.today() - 10', 'rollups'),
    false, 'a cent too much');
SELECT is(pg_temp.after('UPDATE retail.daily_sales SET discount = discount + 0.01 WHERE business_day > retail.today() - 10', 'rollups'),
    false, 'too much taken off');
SELECT is(pg_temp.after('UPDATE retail.daily_sales SET order_lines = order_lines + 1 WHERE business_day > retail.today() - 10', 'rollups'),
    false, 'a line too much');
SELECT is(pg_temp.after('DELETE FROM retail.daily_sales WHERE business_day > retail.today() - 10', 'rollups'),
    false, 'a row that is missing');
SELECT is(pg_temp.after('INSERT INTO retail.daily_sales SELECT store_id, retail.today() - 29, 1, 1000, 1, 1, 0 FROM retail.stores LIMIT 1
    ON CONFLICT (store_id, business_day, product_id) DO UPDATE SET units = -7', 'rollups'),
    false, 'a row too many, on the first of the days');
SELECT is(pg_temp.after('INSERT INTO retail.daily_sales SELECT store_id, retail.today(), 1, 0, 0, 0, 0 FROM retail.stores
    ON CONFLICT DO NOTHING', 'rollups'), true, 'a row of zeros is none');
SELECT is(pg_temp.after('UPDATE retail.daily_sales SET units = 0 WHERE business_day < retail.today() - 40', 'rollups'),
    true, 'what is older is not looked at');
SELECT is(pg_temp.after($$UPDATE retail.orders SET status = 'cancelled' WHERE status = 'pending'$$, 'rollups'),
    true, 'orders may change');
ALTER TABLE retail.orders DISABLE TRIGGER roll_up_updated;
SELECT is(pg_temp.after($$UPDATE retail.orders SET status = 'cancelled' WHERE status = 'pending'$$, 'rollups'),
    false, 'but not past the triggers');
ALTER TABLE retail.orders ENABLE TRIGGER roll_up_updated;

-- Stock
SELECT is(pg_temp.after('UPDATE retail.inventory SET stock_level = stock_level + 1 WHERE product_id = 1', 'stock'), false,
    'stock that came from nowhere');
SELECT is(pg_temp.after($$INSERT INTO retail.stock_movements (store_id, product_id, quantity, reason, made_by)
    SELECT store_id, 1, 1, 'count', NULL FROM retail.stores LIMIT 1$$, 'stock'), false, 'a movement that moved nothing');
SELECT is(pg_temp.after('DELETE FROM retail.inventory WHERE product_id IN (SELECT product_id FROM retail.stock_movements WHERE quantity > 0)', 'stock'), false,
    'a product that is gone');
SELECT is(pg_temp.after('DELETE FROM retail.stock_movements WHERE quantity > 0', 'stock'), false, 'a ledger that is gone');
SELECT is(pg_temp.after('DELETE FROM retail.inventory WHERE stock_level = 0', 'stock'), true, 'nothing is as good as no row');

-- The vector index
CREATE OR REPLACE FUNCTION retail.exact_search_limit(dimension integer) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 100;
DELETE FROM retail.product_description_embeddings;
SELECT is(pg_temp.after($$INSERT INTO retail.product_description_embeddings (product_id, description_embedding)
    SELECT product_id, '[1, 2]' FROM retail.products WHERE product_id <= 100$$, 'vector index'), true, 'few vectors need none');
SELECT is(pg_temp.after($$INSERT INTO retail.product_description_embeddings (product_id, description_embedding)
    SELECT product_id, '[1, 2]' FROM retail.products WHERE product_id <= 101$$, 'vector index'), false, 'many do');

SELECT * FROM finish();
ROLLBACK;
