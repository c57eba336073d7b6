-- gateway.notify_catalog: runs by event trigger at each change of what may be published.
-- A notice is sent at COMMIT, so that it arrives is for tests/test_protocol.py.
BEGIN;
\ir ../tap.sql
SELECT plan(14);

-- The trigger
SELECT results_eq(
    $$SELECT evtevent, evtfoid::regproc::text, evtenabled FROM pg_event_trigger
        WHERE evtname = 'storekeeper_catalog'$$,
    $$SELECT 'ddl_command_end'::name, 'gateway.notify_catalog', 'O'::"char"$$,
    'the superuser who migrates makes it an event trigger'
);
SELECT ok(
    evttags @> ARRAY[
        'CREATE FUNCTION', 'ALTER FUNCTION', 'DROP FUNCTION', 'COMMENT', 'GRANT', 'REVOKE'
    ],
    'it watches functions, their comments and their grants'
)
FROM pg_event_trigger
WHERE evtname = 'storekeeper_catalog';

-- It lets every such change through,
SELECT lives_ok(statement, statement)
FROM unnest(ARRAY[
    'CREATE FUNCTION tool.tap_tool() RETURNS integer LANGUAGE sql AS ''SELECT 1''',
    'COMMENT ON FUNCTION tool.tap_tool IS ''A tool.''',
    'GRANT EXECUTE ON FUNCTION tool.tap_tool TO store_managers',
    'ALTER FUNCTION tool.tap_tool STABLE',
    'DROP FUNCTION tool.tap_tool'
]) AS statement;

-- whoever makes it: the event's function needs no grant.
SET LOCAL ROLE storekeeper_owner;
SELECT lives_ok(
    'CREATE FUNCTION tool.tap_tool() RETURNS integer LANGUAGE sql AS ''SELECT 1''',
    'the owner''s changes, too'
);
RESET ROLE;

-- and notes it, once a transaction, for answers that servers keep.
SELECT is(
    (SELECT count(*) FROM gateway.changes WHERE table_name = 'ddl' AND xid = pg_current_xact_id()), 1::bigint,
    'one row for all that this transaction did'
);
DELETE FROM gateway.changes;
DROP POLICY tenant_guard ON retail.orders;
SELECT is((SELECT count(*) FROM gateway.changes), 1::bigint, 'policies are watched');
DELETE FROM gateway.changes;
CREATE TEMP TABLE tap_nothing ();
SELECT is((SELECT count(*) FROM gateway.changes), 0::bigint, 'new tables are not');

-- Nobody calls it.
SELECT throws_ok('SELECT gateway.notify_catalog()', '0A000', 'it is no function to call');
SELECT be();
SELECT throws_ok('SELECT gateway.notify_catalog()', '42501', 'not for a persona');
SELECT be_dba();
SET LOCAL ROLE storekeeper_dba;
SELECT throws_ok('SELECT gateway.notify_catalog()', '42501', 'not for the DBA');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
