-- retail.grant_managers: who manages what is who sees what, from the next call on.
BEGIN;
\ir ../tap.sql
SELECT plan(27);

-- The stores of a person, by city, as they would see them.
CREATE FUNCTION pg_temp.sees(principal text) RETURNS text LANGUAGE plpgsql AS $function$
DECLARE
    v_cities text;
BEGIN
    PERFORM be(principal);
    SELECT string_agg(replace(s.name, 'Zava Retail ', ''), ' ' ORDER BY s.name) INTO v_cities
    FROM retail.stores AS s;
    PERFORM be_dba();
    RETURN coalesce(v_cities, 'nothing');
END
$function$;

-- As it is
SELECT is(pg_temp.sees('seattle@zava.example'), 'Seattle', 'the manager sees their store');
SELECT is(pg_temp.sees('bellevue@zava.example'), 'Bellevue', 'a colleague theirs');
SELECT is(
    pg_temp.sees('puget-sound@zava.example'), 'Everett Seattle Tacoma', 'the regional manager three'
);
SELECT is(
    pg_temp.sees('analyst@zava.example'),
    'Bellevue Everett Kirkland Online Redmond Seattle Spokane Tacoma', 'head office all'
);

-- A store changes hands.
SET LOCAL ROLE storekeeper_loader;
UPDATE retail.stores SET manager_id = '00000000-0000-4000-8000-000000000102'
WHERE store_id = '00000000-0000-4000-8000-000000000001';
RESET ROLE;
SELECT is(pg_temp.sees('seattle@zava.example'), 'nothing', 'who gave up a store sees it no more');
SELECT is(
    (SELECT count(*) FROM gateway.principal_tenants
        WHERE principal_id = '00000000-0000-4000-8000-000000000102'), 2::bigint,
    'the colleague has two stores'
);
SET LOCAL ROLE storekeeper_loader;
UPDATE retail.stores SET manager_id = '00000000-0000-4000-8000-000000000101'
WHERE store_id = '00000000-0000-4000-8000-000000000001';
RESET ROLE;
SELECT is(pg_temp.sees('seattle@zava.example'), 'Seattle', 'it is given back');
SELECT is(pg_temp.sees('bellevue@zava.example'), 'Bellevue', 'and the colleague has one again');

-- A store changes region.
SET LOCAL ROLE storekeeper_loader;
UPDATE retail.stores SET region_id = 2 WHERE store_id = '00000000-0000-4000-8000-000000000001';
RESET ROLE;
SELECT is(pg_temp.sees('puget-sound@zava.example'), 'Everett Tacoma', 'the region lost a store');
SELECT is(
    pg_temp.sees('eastside@zava.example'), 'Bellevue Kirkland Redmond Seattle', 'another has it'
);
SELECT is(pg_temp.sees('seattle@zava.example'), 'Seattle', 'its manager keeps it');

-- A region changes hands.
SET LOCAL ROLE storekeeper_loader;
UPDATE retail.regions SET manager_id = '00000000-0000-4000-8000-0000000000a1' WHERE region_id = 2;
RESET ROLE;
SELECT is(
    pg_temp.sees('puget-sound@zava.example'),
    'Bellevue Everett Kirkland Redmond Seattle Tacoma', 'one manager has two regions'
);
SELECT is(pg_temp.sees('eastside@zava.example'), 'nothing', 'the other has none');
SET LOCAL ROLE storekeeper_loader;
UPDATE retail.regions SET manager_id = NULL WHERE region_id IN (1, 2);
RESET ROLE;
SELECT is(pg_temp.sees('puget-sound@zava.example'), 'nothing', 'nobody''s region is nobody''s');

-- A store opens, and closes.
SET LOCAL ROLE storekeeper_loader;
INSERT INTO retail.stores (store_id, name, location, region_id, manager_id)
VALUES ('00000000-0000-4000-8000-0000000000ee', 'Zava Retail Yakima', 'Yakima, WA', 3,
    '00000000-0000-4000-8000-000000000101');
RESET ROLE;
SELECT is(
    (SELECT name FROM gateway.tenants WHERE tenant_id = '00000000-0000-4000-8000-0000000000ee'),
    'Zava Retail Yakima', 'a new store is a tenant'
);
SELECT is(pg_temp.sees('inland@zava.example'), 'Spokane Yakima', 'its region''s manager sees it');
SELECT ok(pg_temp.sees('analyst@zava.example') LIKE '% Yakima', 'so does head office');
SELECT is(pg_temp.sees('bellevue@zava.example'), 'Bellevue', 'a colleague does not');
SET LOCAL ROLE storekeeper_loader;
UPDATE retail.stores SET name = 'Zava Retail Union Gap'
WHERE store_id = '00000000-0000-4000-8000-0000000000ee';
RESET ROLE;
SELECT is(
    (SELECT name FROM gateway.tenants WHERE tenant_id = '00000000-0000-4000-8000-0000000000ee'),
    'Zava Retail Union Gap', 'the tenant is renamed with it'
);
SET LOCAL ROLE storekeeper_loader;
DELETE FROM retail.stores WHERE store_id = '00000000-0000-4000-8000-0000000000ee';
RESET ROLE;
SELECT is(pg_temp.sees('inland@zava.example'), 'Spokane', 'a store that closes is seen no more');
SELECT is(pg_temp.sees('seattle@zava.example'), 'Seattle', 'its manager has the other');

-- People of other personas, and those shut out, have what they were given.
SELECT gateway.add_persona('tap_readers', 'They read.');
SELECT gateway.put_principal(
    '00000000-0000-4000-8000-0000000000ed', 'ada@tap.example', 'Ada', 'tap_readers'
);
SELECT gateway.put_tenants(
    '00000000-0000-4000-8000-0000000000ed', '{00000000-0000-4000-8000-000000000003}'
);
SET LOCAL ROLE storekeeper_loader;
UPDATE retail.stores SET manager_id = manager_id;
RESET ROLE;
SELECT is(
    (SELECT array_agg(tenant_id) FROM gateway.principal_tenants
        WHERE principal_id = '00000000-0000-4000-8000-0000000000ed'),
    '{00000000-0000-4000-8000-000000000003}'::uuid[], 'whose persona is no shop''s keeps theirs'
);

-- Who sees only some stores may change none: the others would be taken from their managers.
GRANT UPDATE ON retail.stores, retail.regions TO store_managers;
GRANT SELECT ON retail.regions TO store_managers;
SELECT be('seattle@zava.example');
SELECT throws_ok('UPDATE retail.stores SET name = name', 'SK403', 'not the manager');
SELECT be_dba();
SET LOCAL ROLE storekeeper_owner;
SELECT throws_ok('UPDATE retail.stores SET name = name', 'SK403', 'not the owner');
SELECT throws_ok('UPDATE retail.regions SET name = name', 'SK403', 'nor a region''s name');
RESET ROLE;
SELECT is(pg_temp.sees('seattle@zava.example'), 'Seattle', 'nothing came of it');

-- The triggers
SELECT results_eq(
    $$SELECT tgrelid::regclass::text, tgenabled FROM pg_trigger
        WHERE tgfoid = 'retail.grant_managers'::regproc ORDER BY 1$$,
    $$VALUES ('retail.regions', 'O'::"char"), ('retail.stores', 'O')$$,
    'stores and regions have the trigger'
);

SELECT * FROM finish();
ROLLBACK;
