-- gateway.examine_business: whose doctors are asked, and as whom.
BEGIN;
\ir ../tap.sql
SELECT plan(9);

CREATE SCHEMA tap_shop AUTHORIZATION storekeeper_owner;
GRANT USAGE ON SCHEMA tap_shop TO storekeeper_definer;
SET LOCAL ROLE storekeeper_owner;
CREATE FUNCTION tap_shop.doctor() RETURNS TABLE (subject text, ok boolean, finding text, hint text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'shop', count(*) > 0, current_user || ' sees ' || count(DISTINCT o.store_id), NULL FROM retail.orders AS o
$$;
REVOKE ALL ON FUNCTION tap_shop.doctor FROM PUBLIC;
RESET ROLE;

SELECT is_empty($$SELECT FROM gateway.doctor() WHERE subject = 'shop'$$, 'one that the gateway may not execute is not asked');
GRANT EXECUTE ON FUNCTION tap_shop.doctor TO storekeeper_definer;
SELECT results_eq(
    $$SELECT ok, finding FROM gateway.doctor() WHERE subject = 'shop'$$,
    $$SELECT true, 'storekeeper_definer sees ' || count(*) FROM retail.stores$$, 'one that it may is, and sees every tenant'
);
SET LOCAL ROLE storekeeper_definer;
SELECT is_empty('SELECT store_id FROM retail.orders', 'outside of it that role sees none');
RESET ROLE;

-- It leaves no identity behind.
SELECT is(tap.setting('storekeeper.context', true), '', 'nobody before, nobody after');
SELECT tap.set('storekeeper.context', 'somebody', true) AS set \gset
SELECT lives_ok('SELECT * FROM gateway.doctor()', 'whoever it was');
SELECT is(tap.setting('storekeeper.context', true), 'somebody', 'is who it is');
SELECT be_dba();

-- Who may
SELECT be('analyst@zava.example');
SELECT throws_ok('SELECT * FROM gateway.examine_business()', '42501', 'not head office');
SELECT be_dba();
ALTER FUNCTION tap_shop.doctor OWNER TO storekeeper_gateway;
SELECT is_empty($$SELECT FROM gateway.doctor() WHERE subject = 'shop'$$, 'nor is one asked that is not storekeeper_owner''s');

-- Without a key
DELETE FROM gateway.keys WHERE name = 'context';
SELECT is_empty(
    $$SELECT FROM gateway.doctor() WHERE subject IN ('rollups', 'stock')$$, 'without a key nobody sees a row: nothing is said'
);

SELECT * FROM finish();
ROLLBACK;
