-- gateway.assume: takes a context and a role, once a transaction; it can't make either.
BEGIN;
\ir ../tap.sql
SELECT plan(23);

SELECT s.context AS seattle FROM gateway.sign_context('seattle@zava.example') AS s \gset
SELECT s.context AS bellevue FROM gateway.sign_context('bellevue@zava.example') AS s \gset
SELECT min(r.rolname) AS superuser FROM pg_roles AS r WHERE r.rolsuper \gset

-- Nobody: the role alone shows nothing.
SET LOCAL SESSION AUTHORIZATION storekeeper_gateway;
SELECT lives_ok($$SELECT gateway.assume('store_managers', NULL)$$, 'the login may take a role');
SELECT is(current_user::text, 'store_managers', 'and has it');
SELECT is_empty('SELECT 1 FROM retail.orders', 'without a context it sees nothing');
RESET ROLE;
SELECT lives_ok($$SELECT gateway.assume('head_office', '')$$, 'with an empty one');
SELECT is_empty('SELECT 1 FROM retail.orders', 'nothing either');
RESET ROLE;
SELECT lives_ok(
    $$SELECT gateway.assume('head_office', repeat('0', 64) || '|1|2|head_office|3|4')$$,
    'with one that nobody signed'
);
SELECT throws_ok('SELECT 1 FROM retail.orders', '42501', 'reading fails');
SET LOCAL SESSION AUTHORIZATION DEFAULT;
SELECT be_dba();

-- The manager
SET LOCAL SESSION AUTHORIZATION storekeeper_gateway;
SELECT gateway.assume('store_managers', :'seattle');
SELECT is(current_user::text, 'store_managers', 'the manager has their role');
SELECT results_eq(
    'SELECT DISTINCT store_id FROM retail.orders',
    $$VALUES ('00000000-0000-4000-8000-000000000001'::uuid)$$, 'and sees their store'
);
SELECT throws_ok(
    format($$SELECT gateway.assume('store_managers', %L)$$, :'seattle'), '42501',
    'no persona assumes anything'
);

-- Once in force, a context stays.
RESET ROLE;
SELECT throws_ok(
    format($$SELECT gateway.assume('store_managers', %L)$$, :'bellevue'), 'SK403',
    'a colleague''s context can''t take its place'
);
SELECT throws_ok(
    $$SELECT gateway.assume('store_managers', NULL)$$, 'SK403', 'nor can none'
);
SELECT throws_ok($$SELECT gateway.assume('store_managers', '')$$, 'SK403', 'nor an empty one');
SELECT is(tap.setting('storekeeper.context'), :'seattle', 'it still is the manager''s');
SELECT lives_ok(
    format($$SELECT gateway.assume('store_managers', %L)$$, :'seattle'),
    'the same again does no harm'
);

-- Another persona than the context's gives no tenant more.
RESET ROLE;
SELECT lives_ok(
    format($$SELECT gateway.assume('head_office', %L)$$, :'seattle'),
    'as head office, with the manager''s context'
);
SELECT results_eq(
    'SELECT DISTINCT store_id FROM retail.orders',
    $$VALUES ('00000000-0000-4000-8000-000000000001'::uuid)$$, 'there is the manager''s store only'
);
SET LOCAL SESSION AUTHORIZATION DEFAULT;
SELECT be_dba();

-- Roles that are no persona
SET LOCAL SESSION AUTHORIZATION storekeeper_gateway;
SELECT throws_ok(
    format('SELECT gateway.assume(%L, NULL)', role), '42501', 'the login can''t become ' || role
)
FROM unnest('{storekeeper_owner,storekeeper_loader,storekeeper_definer,storekeeper_dba}'::text[])
    AS role;
SELECT throws_ok(
    format('SELECT gateway.assume(%L, NULL)', :'superuser'), '42501', 'nor a superuser'
);
SELECT throws_ok($$SELECT gateway.assume('tap_nobody', NULL)$$, '22023', 'nor who is not there');
SET LOCAL SESSION AUTHORIZATION DEFAULT;

SELECT * FROM finish();
ROLLBACK;
