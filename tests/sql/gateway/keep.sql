-- gateway.keep: how long, by the DBA.
BEGIN;
\ir ../tap.sql
SELECT plan(10);

SELECT be();
SELECT throws_ok($$SELECT gateway.keep('calls', '2 years')$$, '42501', 'no persona');
SELECT be_dba();
SET LOCAL ROLE storekeeper_gateway;
SELECT throws_ok($$SELECT gateway.keep('calls', '2 years')$$, '42501', 'not the server''s login');
SET LOCAL ROLE storekeeper_auditor;
SELECT throws_ok($$SELECT gateway.keep('calls', '2 years')$$, '42501', 'nor an auditor');
RESET ROLE;
SELECT results_eq(
    'SELECT what, keep FROM gateway.retention ORDER BY what',
    $$VALUES ('answers', interval '7 days'), ('calls', '13 months'), ('changes', '2 hours')$$, 'as it is at first'
);
SET LOCAL ROLE storekeeper_dba;
SELECT lives_ok($$SELECT gateway.keep('calls', '2 years')$$, 'the DBA');
SELECT throws_ok($$SELECT gateway.keep('call', '2 years')$$, 'SK404', 'nothing else is kept');
SELECT throws_ok($$SELECT gateway.keep('calls', '59 minutes')$$, 'SK400', 'an hour is the least');
SELECT throws_ok($$SELECT gateway.keep('calls', NULL)$$, 'SK400', 'for ever is no span');
SELECT throws_ok($$SELECT gateway.keep(NULL, '1 day')$$, 'SK404', 'nor is everything one thing');
RESET ROLE;
SELECT is((SELECT keep FROM gateway.retention WHERE what = 'calls'), interval '2 years', 'it is written down');

SELECT * FROM finish();
ROLLBACK;
