-- gateway.acting_functions: whatever of PostgreSQL's own acts on more than an answer.
BEGIN;
\ir ../tap.sql
SELECT plan(31);

-- Nobody asks: the gateway does.
SELECT be('analyst@zava.example');
SELECT throws_ok('SELECT * FROM gateway.acting_functions()', '42501', 'no persona');
SELECT be_dba();
SET LOCAL ROLE storekeeper_gateway;
SELECT throws_ok('SELECT * FROM gateway.acting_functions()', '42501', 'not the server''s login');
RESET ROLE;

SELECT is(
    (SELECT array_agg(DISTINCT family ORDER BY family) FROM gateway.acting_functions()),
    '{SQL text,large objects,locks,notifications,replication,settings,signals,transactions}'::text[],
    'the families'
);
SELECT is_empty(
    'SELECT function_oid FROM gateway.acting_functions() GROUP BY function_oid HAVING count(*) > 1',
    'a function is in one'
);
SELECT is(
    (SELECT string_agg(function_oid::regprocedure::text, ' ' ORDER BY function_oid::regprocedure::text)
        FROM gateway.acting_functions()
        WHERE family IN ('settings', 'notifications', 'signals', 'transactions')),
    'pg_cancel_backend(integer) pg_current_xact_id() pg_export_snapshot() pg_notify(text,text) '
    'pg_terminate_backend(integer,bigint) set_config(text,text,boolean) setseed(double precision) '
    'txid_current()',
    'the short ones'
);

-- By their names, so that what a newer PostgreSQL brings is found here.
SELECT is_empty(
    $$SELECT p.oid::regprocedure
        FROM pg_proc AS p
        WHERE p.pronamespace = 'pg_catalog'::regnamespace
          AND p.proname ~ ('advisory|notify|^lo_|^lo(read|write)$|_to_xml|^ts_(stat|rewrite)|'
            '_(cancel|terminate)_|export_snapshot|current_xact|txid_current|logical|replication_|'
            'set_config|setseed|_slot')
          AND p.oid <> 'ts_rewrite(tsquery, tsquery, tsquery)'::regprocedure
          AND p.oid NOT IN (
            SELECT function_oid FROM gateway.acting_functions()
            UNION ALL SELECT function_oid FROM gateway.telling_functions())$$,
    'what is called like them is among them, or among those that tell'
);
SELECT is_empty(
    $$SELECT p.oid::regprocedure
        FROM pg_proc AS p
        WHERE p.pronamespace = 'pg_catalog'::regnamespace
          AND pg_get_function_arguments(p.oid) ~ '\mquery text|cursor refcursor|tbl regclass'
          AND p.oid NOT IN (
            SELECT function_oid FROM gateway.acting_functions()
            UNION ALL SELECT function_oid FROM gateway.telling_functions())$$,
    'so is what takes a query, a cursor or a table'
);
SELECT is_empty(
    $$SELECT f.function_oid::regprocedure
        FROM gateway.acting_functions() AS f
        WHERE EXISTS (SELECT FROM pg_operator AS o WHERE f.function_oid IN (o.oprcode, o.oprrest, o.oprjoin))
           OR EXISTS (SELECT FROM pg_cast AS c WHERE c.castfunc = f.function_oid)
           OR EXISTS (SELECT FROM pg_aggregate AS a WHERE f.function_oid IN (a.aggtransfn, a.aggfinalfn))
           OR EXISTS (SELECT FROM pg_amproc AS a WHERE a.amproc = f.function_oid)$$,
    'none is behind an operator, a cast, an aggregate or an index'
);

-- Hardened, no call has them.
SELECT gateway.harden('own');
SELECT is_empty(
    $$SELECT r.role, f.function_oid::regprocedure
        FROM gateway.personas AS n, unnest(ARRAY[n.role, 'sandbox_' || n.role]) AS r (role),
            gateway.acting_functions() AS f
        WHERE has_function_privilege(r.role, f.function_oid, 'EXECUTE')$$,
    'no persona and no sandbox may execute one'
);
SELECT be('seattle@zava.example');
SELECT throws_ok(call, '42501', call)
FROM unnest(ARRAY[
    'SELECT set_config(''work_mem'', ''1GB'', true)', 'SELECT setseed(0.5)',
    'SELECT pg_notify(''a'', ''b'')', 'SELECT pg_advisory_lock(1)', 'SELECT pg_advisory_unlock_all()',
    'SELECT pg_cancel_backend(0)', 'SELECT pg_export_snapshot()', 'SELECT txid_current()',
    'SELECT lo_creat(-1)', 'SELECT query_to_xml(''SELECT 1'', true, true, '''')'
]) AS call;
SELECT throws_ok(format('SELECT gateway.free_query(%L)', query), '42501', 'free SQL: ' || query)
FROM unnest(ARRAY[
    'SELECT set_config(''work_mem'', ''1GB'', true)', 'SELECT setseed(0.5)',
    'SELECT pg_notify(''a'', ''b'')', 'SELECT pg_try_advisory_xact_lock(1)',
    'SELECT pg_terminate_backend(0)', 'SELECT pg_current_xact_id()', 'SELECT lo_get(1)',
    'SELECT pg_logical_emit_message(false, ''a'', ''b'')',
    'SELECT pg_create_physical_replication_slot(''tap'')', 'SELECT * FROM ts_stat(''SELECT NULL::tsvector'')',
    'SELECT ts_rewrite(''a''::tsquery, ''SELECT ''''a''''::tsquery, ''''b''''::tsquery'')'
]) AS query;
SELECT is(
    gateway.free_query('SELECT ts_rewrite(''a''::tsquery, ''a'', ''b'')::text AS q') ->> 'rows',
    '[{"q":"''b''"}]', 'the ts_rewrite that runs no SQL stays'
);

SELECT * FROM finish();
ROLLBACK;
