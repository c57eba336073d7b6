-- gateway.embedding_state: models, and what waits for them.
BEGIN;
\ir ../tap.sql
SELECT plan(3);

DELETE FROM embedding.models WHERE provider <> 'built-in';
UPDATE embedding.models SET is_active = false;
INSERT INTO embedding.models (name, provider, dimension, is_active) VALUES ('tap', 'openai', 3, true);
SELECT gateway.queue_texts('tap.things', '{a,b,c}', '{one,two,three}');
SELECT count(*) AS taken FROM gateway.take_texts('tap', 1, '1 minute') \gset
UPDATE embedding.queue SET last_error = 'it broke', queued_at = '2026-01-02 03:04:05+00' WHERE key = 'a';

SELECT be('analyst@zava.example');
SELECT throws_ok('SELECT gateway.embedding_state()', '42501', 'no persona');
SELECT be_dba();
SET LOCAL SESSION AUTHORIZATION storekeeper_gateway;
SELECT results_eq(
    $$SELECT s.v FROM jsonb_array_elements(gateway.embedding_state()::jsonb) AS s (v) WHERE s.v ->> 'model' = 'tap'$$,
    $$VALUES ('{"model": "tap", "provider": "openai", "dimension": 3, "active": true, "waiting": 3, "taken": 1, "failing": 1,
        "oldest": "2026-01-02T03:04:05Z", "last_error": "it broke"}'::jsonb)$$, 'a model and its queue'
);
SET LOCAL SESSION AUTHORIZATION DEFAULT;
DELETE FROM embedding.models;
SELECT is(gateway.embedding_state()::text, '[]', 'none');

SELECT * FROM finish();
ROLLBACK;
