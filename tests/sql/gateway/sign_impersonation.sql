-- gateway.sign_impersonation: a context for a DBA, never without a note of it.
BEGIN;
\ir ../tap.sql
SELECT plan(12);

-- Nobody may, but the DBA's role.
SELECT be();
SELECT throws_ok(
    $$SELECT gateway.sign_impersonation('analyst@zava.example')$$, '42501', 'no persona'
);
SELECT be_dba();
SET LOCAL ROLE storekeeper_gateway;
SELECT throws_ok(
    $$SELECT gateway.sign_impersonation('seattle@zava.example')$$, '42501',
    'not the server''s login'
);
RESET ROLE;

-- The manager
CREATE ROLE tap_dba LOGIN IN ROLE storekeeper_dba;
SELECT s.context AS seattle FROM gateway.sign_context('seattle@zava.example') AS s \gset
SET LOCAL SESSION AUTHORIZATION tap_dba;
SELECT is(
    (SELECT s FROM gateway.sign_impersonation('seattle@zava.example') AS s)::text,
    format('(store_managers,%s)', :'seattle'), 'the manager''s persona and signed context'
);
SELECT is(current_user::text, 'tap_dba', 'it takes no role');
SELECT is(coalesce(tap.setting('storekeeper.context', true), ''), '', 'and wears no context');

-- A stranger
SELECT throws_ok(
    $$SELECT gateway.sign_impersonation('unknown@zava.example')$$, 'SK401', 'an unknown person'
);
SELECT throws_ok(
    $$SELECT gateway.sign_impersonation('former@zava.example')$$, 'SK401', 'an inactive one'
);
SELECT throws_ok('SELECT gateway.sign_impersonation(NULL)', 'SK401', 'none');
SET LOCAL SESSION AUTHORIZATION DEFAULT;

-- What is written down: the login, not the role that it has taken.
SELECT results_eq(
    $$SELECT dba, principal_id, at BETWEEN now() AND clock_timestamp()
        FROM gateway.impersonations WHERE dba = 'tap_dba'$$,
    $$SELECT 'tap_dba'::name, '00000000-0000-4000-8000-000000000101'::uuid, true$$,
    'who was whom, and when'
);
SET LOCAL SESSION AUTHORIZATION tap_dba;
SET LOCAL ROLE storekeeper_dba;
SELECT lives_ok(
    $$SELECT gateway.sign_impersonation('analyst@zava.example')$$, 'from within the DBA''s role'
);
SET LOCAL SESSION AUTHORIZATION DEFAULT;
SELECT results_eq(
    $$SELECT count(*) FROM gateway.impersonations WHERE dba = 'tap_dba'$$, 'VALUES (2::bigint)',
    'it is the login''s all the same'
);

-- Where nothing may be written, the server log alone has it.
SET LOCAL transaction_read_only = on;
SELECT lives_ok(
    $$SELECT gateway.sign_impersonation('seattle@zava.example')$$, 'reading goes on all the same'
);

SELECT * FROM finish();
ROLLBACK;
