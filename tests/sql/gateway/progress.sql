-- gateway.progress: a notice; SK001 itself reaches only clients (see tests/test_protocol.py).
BEGIN;
\ir ../tap.sql
SELECT plan(13);

-- It may be called from a tool that reads, so it is STABLE.
SELECT is(p.provolatile::text, 's', 'it is stable')
FROM pg_proc AS p
WHERE p.oid = 'gateway.progress'::regproc;

-- Nobody, the manager, head office: each persona's tools may.
SELECT be();
SELECT lives_ok($$SELECT gateway.progress(1, 2, 'half')$$, 'nobody');
SELECT be('seattle@zava.example');
SELECT lives_ok($$SELECT gateway.progress(1, 2, 'half')$$, 'the manager');
SELECT lives_ok('SELECT gateway.progress(1, 2)', 'a message is not needed');
SELECT lives_ok('SELECT gateway.progress(0, 0, NULL)', 'nor any sense');
SELECT is(
    (SELECT count(gateway.progress(n, 10)) FROM generate_series(1, 10) AS n), 10::bigint,
    'a query may tell it row by row'
);
SELECT throws_ok('SELECT gateway.progress(NULL, 2)', '22004', 'how far is needed');
SELECT throws_ok('SELECT gateway.progress(1, NULL)', '22004', 'and of how much');
SELECT throws_ok(
    $$SELECT gateway.free_query('SELECT gateway.progress(1, 2)')$$, '42501', 'free SQL may not'
);
SELECT be('analyst@zava.example');
SELECT lives_ok('SELECT gateway.progress(1, 2)', 'head office');
SELECT be_dba();

-- The loader tells it too; the server's login has nothing to tell.
SET LOCAL ROLE storekeeper_loader;
SELECT lives_ok('SELECT gateway.progress(1, 2)', 'the loader');
SET LOCAL ROLE storekeeper_dba;
SELECT lives_ok('SELECT gateway.progress(1, 2)', 'the DBA');
SET LOCAL ROLE storekeeper_gateway;
SELECT throws_ok('SELECT gateway.progress(1, 2)', '42501', 'not the server''s login');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
