-- tool.performance_summary: for operators, and nobody's rows are in it.
BEGIN;
\ir ../tap.sql
SELECT plan(20);

-- Nobody, the manager, head office
SELECT be();
SELECT throws_ok('SELECT tool.performance_summary()', '42501', 'no persona alone');
SELECT be('seattle@zava.example');
SELECT throws_ok('SELECT tool.performance_summary()', '42501', 'not the manager');
SELECT be('analyst@zava.example');
SELECT throws_ok('SELECT tool.performance_summary()', '42501', 'not head office');
SELECT be_dba();

-- The operator
SELECT gateway.put_principal('00000000-0000-4000-8000-0000000000d9', 'tap-operator@zava.example', 'Operator', 'operators') AS put \gset
DELETE FROM gateway.calls;
SELECT gateway.record_calls(jsonb_agg(jsonb_build_object(
    'at', now() - h * interval '1 hour' - interval '1 second', 'tool', t.tool, 'outcome', 'ok', 'duration_ms', 5,
    'request_id', 'r', 'arguments', '{"secret": "s3cret"}'::jsonb, 'statement', t.tool || ' WHERE a = ''s3cret'''
))) FROM generate_series(0, 30) AS h, unnest('{tap_a,tap_b}'::text[]) AS t (tool);
SELECT be('tap-operator@zava.example');
SELECT lives_ok('SELECT tool.performance_summary()', 'the operator');
SELECT is(tool.performance_summary()::jsonb #> '{totals,calls}', '48', 'a day, unless it is said otherwise');
SELECT is(tool.performance_summary(hours => 1)::jsonb #> '{totals,calls}', '2', 'an hour');
SELECT is(tool.performance_summary(hours => 744)::jsonb #> '{totals,calls}', '62', 'the most');
SELECT throws_ok('SELECT tool.performance_summary(hours => 745)', '23514', 'no more');
SELECT throws_ok('SELECT tool.performance_summary(hours => 0)', '23514', 'nor less than one');
SELECT is(tool.performance_summary(tool_name => 'tap_b')::jsonb #> '{totals,calls}', '24', 'one tool');
SELECT is(jsonb_array_length(tool.performance_summary(max_slow => 1)::jsonb -> 'slow_queries'), 1, 'queries');
SELECT throws_ok('SELECT tool.performance_summary(max_slow => 101)', '23514', 'a hundred are the most');
SELECT throws_ok('SELECT tool.performance_summary(max_slow => -1)', '23514', 'and none the least');
SELECT ok(tool.performance_summary()::text !~ 's3cret', 'no arguments, no literals');

-- and nothing else
SELECT is(
    (SELECT array_agg(f ->> 'name') FROM jsonb_array_elements(gateway.catalog()::jsonb -> 'functions') AS f),
    '{performance_summary}', 'it is all that is published to them'
);
SELECT is(gateway.tenant_ids(), '{}', 'they have no tenant');
SELECT throws_ok('SELECT 1 FROM retail.orders', '42501', 'they read no table');
SELECT throws_ok('SELECT 1 FROM gateway.calls', '42501', 'not the record either');
SELECT is(
    (SELECT f -> 'writes' FROM jsonb_array_elements(gateway.catalog()::jsonb -> 'functions') AS f), 'false', 'it reads'
);
SELECT be_dba();
SET LOCAL ROLE storekeeper_dba;
SELECT lives_ok('SELECT tool.performance_summary()', 'the DBA''s role may, too');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
