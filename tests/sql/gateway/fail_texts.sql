-- gateway.fail_texts: texts wait again, the longer the more often they failed.
BEGIN;
\ir ../tap.sql
SELECT plan(6);

DELETE FROM embedding.models WHERE provider <> 'built-in';
INSERT INTO embedding.models (name, provider, dimension) VALUES ('tap', 'openai', 3);
SELECT gateway.queue_texts('tap.things', '{a,b,c}', '{one,two,three}');
SELECT array_agg(ticket) AS tickets FROM gateway.take_texts('tap', 9, '1 minute') \gset
UPDATE embedding.queue SET attempts = 100 WHERE key = 'b';
CREATE FUNCTION pg_temp.waits(a_key text) RETURNS numeric LANGUAGE sql SECURITY DEFINER AS $function$
    SELECT extract(epoch FROM not_before - clock_timestamp()) FROM embedding.queue WHERE key = a_key
$function$;

SELECT be('analyst@zava.example');
SELECT throws_ok($$SELECT gateway.fail_texts('{1}', 'no')$$, '42501', 'no persona');
SELECT be_dba();
-- A newer text while it was taken: that ticket is worth nothing any more.
SELECT gateway.queue_texts('tap.things', '{c}', '{tres}');

SET LOCAL SESSION AUTHORIZATION storekeeper_gateway;
SELECT gateway.fail_texts(:'tickets', repeat('x', 1000));
SET LOCAL SESSION AUTHORIZATION DEFAULT;
SELECT results_eq(
    'SELECT key, ticket, length(last_error) FROM embedding.queue ORDER BY key',
    $$VALUES ('a', NULL::bigint, 500), ('b', NULL, 500), ('c', NULL, NULL)$$, 'the reason is kept; a newer text has none'
);
SELECT ok(pg_temp.waits('a') BETWEEN 4 AND 10, 'up to 10 s after the first try');
SELECT ok(pg_temp.waits('b') BETWEEN 3 * 3600 - 1 AND 6 * 3600, 'up to six hours after many');
SELECT ok(pg_temp.waits('c') <= 0, 'a newer text does not wait');
SELECT array_agg(ticket) AS tickets FROM gateway.take_texts('tap', 9, '1 minute') \gset
SELECT gateway.fail_texts(:'tickets', NULL, '0 s');
SELECT results_eq(
    'SELECT ticket, last_error, not_before <= clock_timestamp() FROM embedding.queue WHERE key = ''c''',
    'VALUES (NULL::bigint, NULL::text, true)', 'or as long as is said'
);

SELECT * FROM finish();
ROLLBACK;
