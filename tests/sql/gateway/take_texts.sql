-- gateway.take_texts: each text to one worker, for a while.
BEGIN;
\ir ../tap.sql
SELECT plan(10);

DELETE FROM embedding.models WHERE provider <> 'built-in';
INSERT INTO embedding.models (name, provider, dimension) VALUES ('tap', 'openai', 3), ('tap other', 'openai', 3);
SELECT gateway.queue_texts('tap.things', '{a,b,c}', '{one,two,three}');
UPDATE embedding.queue SET not_before = not_before - interval '1 hour' WHERE key = 'b';
UPDATE embedding.queue SET not_before = clock_timestamp() + interval '1 hour' WHERE key = 'c';
CREATE FUNCTION pg_temp.takes(description text, code text) RETURNS text LANGUAGE sql AS $function$
    SELECT throws_ok($$SELECT * FROM gateway.take_texts('tap', 1, '1 minute')$$, code, description)
$function$;

SELECT be();
SELECT pg_temp.takes('no persona', '42501');
SELECT be('seattle@zava.example');
SELECT pg_temp.takes('not the manager', '42501');
SELECT be('analyst@zava.example');
SELECT pg_temp.takes('not head office', '42501');
SELECT be_dba();

SET LOCAL SESSION AUTHORIZATION storekeeper_gateway;
SELECT throws_ok('SELECT * FROM embedding.queue', '42501', 'the server does not see the queue');
SELECT results_eq(
    $$SELECT content FROM gateway.take_texts('tap', 1, '1 minute')$$, $$VALUES ('two')$$, 'the longest waiting first'
);
SELECT results_eq(
    $$SELECT content FROM gateway.take_texts('tap', 9, '1 second')$$, $$VALUES ('one')$$,
    'nobody gets what somebody has, nor what is to wait'
);
SELECT is_empty($$SELECT * FROM gateway.take_texts('tap', 9, '1 minute')$$, 'and nothing is left');
SELECT is_empty($$SELECT * FROM gateway.take_texts('unknown', 9, '1 minute')$$, 'nothing waits for an unknown model');
SET LOCAL SESSION AUTHORIZATION DEFAULT;

SELECT ticket AS before FROM embedding.queue WHERE key = 'a' AND ticket IS NOT NULL \gset
UPDATE embedding.queue SET not_before = clock_timestamp() WHERE key = 'a';
SELECT results_eq(
    $$SELECT content FROM gateway.take_texts('tap', 9, '1 minute')$$, $$VALUES ('one')$$,
    'when the lease is over, the text is to be had again'
);
SELECT results_eq(
    format('SELECT ticket > %s, attempts FROM embedding.queue WHERE key = ''a'' AND ticket IS NOT NULL', :before),
    'VALUES (true, 2)', 'by another ticket'
);

SELECT * FROM finish();
ROLLBACK;
