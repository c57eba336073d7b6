-- gateway.tenant_ids: whose rows the caller may see, as every policy asks.
BEGIN;
\ir ../tap.sql
SELECT plan(16);

-- Nobody
SELECT be();
SELECT is(gateway.tenant_ids(), '{}'::uuid[], 'nobody has no tenants');

-- The manager
SELECT be('seattle@zava.example');
SELECT is(
    gateway.tenant_ids(), '{00000000-0000-4000-8000-000000000001}'::uuid[],
    'the manager has their store'
);
SELECT tap.setting('storekeeper.context') AS seattle \gset
SELECT tap.set('storekeeper.context', replace(:'seattle', '000000000001', '000000000002'), true)
    AS forged \gset
SELECT throws_ok('SELECT gateway.tenant_ids()', '42501', 'a forged tenant is refused');
SELECT tap.set('storekeeper.context', 'f' || :'seattle', true) AS forged \gset
SELECT throws_ok('SELECT gateway.tenant_ids()', '42501', 'so is a forged MAC');
SELECT tap.set('storekeeper.context', :'seattle', true) AS unforged \gset
SELECT is(
    gateway.tenant_ids(), '{00000000-0000-4000-8000-000000000001}'::uuid[],
    'what was signed for this transaction stays good'
);

-- A colleague
SELECT be('bellevue@zava.example');
SELECT is(
    gateway.tenant_ids(), '{00000000-0000-4000-8000-000000000002}'::uuid[], 'a colleague theirs'
);

-- A stranger
SELECT be_dba();
SELECT gateway.put_principal(
    '00000000-0000-4000-8000-0000000000ee', 'stranger@zava.example', 'Stranger', 'store_managers'
);
SELECT be('stranger@zava.example');
SELECT is(gateway.tenant_ids(), '{}'::uuid[], 'who was given no store has none');
SELECT is_empty('SELECT 1 FROM retail.orders', 'and sees none');

-- The regional manager
SELECT be('puget-sound@zava.example');
SELECT is(
    gateway.tenant_ids(),
    ARRAY[
        '00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000003',
        '00000000-0000-4000-8000-000000000005'
    ]::uuid[],
    'the regional manager has those of the region'
);

-- Head office
SELECT be('analyst@zava.example');
SELECT is(
    gateway.tenant_ids(), ARRAY(SELECT store_id FROM retail.stores ORDER BY store_id),
    'head office has all'
);
SELECT is(cardinality(gateway.tenant_ids()), 8, 'which are eight');

-- A context of another backend or transaction, rightly signed
SELECT be_dba();
CREATE FUNCTION pg_temp.wear_signed(pid integer, began timestamptz)
RETURNS void LANGUAGE sql AS $function$
    SELECT
    FROM concat_ws(
            '|', pid, extract(epoch FROM began), 'store_managers',
            '00000000-0000-4000-8000-000000000101', '00000000-0000-4000-8000-000000000001'
        ) AS b (body),
        concat(encode(gateway.mac('context', b.body), 'hex'), '|', b.body) AS s (context),
        tap.set('storekeeper.context', s.context, true)
$function$;
SELECT pg_temp.wear_signed(pg_backend_pid(), now());
SELECT lives_ok('SELECT gateway.tenant_ids()', 'a context signed like this is good');
SELECT pg_temp.wear_signed(pg_backend_pid() + 1, now());
SELECT throws_ok('SELECT gateway.tenant_ids()', '42501', 'but not from another backend');
SELECT pg_temp.wear_signed(pg_backend_pid(), now() - interval '1 microsecond');
SELECT throws_ok('SELECT gateway.tenant_ids()', '42501', 'nor from another transaction');
SELECT be_dba();

-- Who else may ask
SET LOCAL ROLE storekeeper_gateway;
SELECT throws_ok('SELECT gateway.tenant_ids()', '42501', 'not the server''s login');
RESET ROLE;
SET LOCAL ROLE sandbox_store_managers;
SELECT is(gateway.tenant_ids(), '{}'::uuid[], 'free SQL may, since its policies do');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
