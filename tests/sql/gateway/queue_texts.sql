-- gateway.queue_texts: texts wait for the models outside.
BEGIN;
\ir ../tap.sql
SELECT plan(13);

DELETE FROM embedding.models WHERE provider <> 'built-in';
CREATE FUNCTION pg_temp.queued() RETURNS TABLE (model text, key text, content text, attempts integer, taken boolean)
LANGUAGE sql SECURITY DEFINER AS $function$
    SELECT m.name, q.key, q.content, q.attempts, q.ticket IS NOT NULL
    FROM embedding.queue AS q JOIN embedding.models AS m USING (model_id)
    WHERE q.subject = 'tap.things' ORDER BY m.name, q.key
$function$;
CREATE FUNCTION pg_temp.queues(description text, code text) RETURNS text LANGUAGE sql AS $function$
    SELECT throws_ok($$SELECT gateway.queue_texts('tap.things', '{1}', '{one}')$$, code, description)
$function$;

-- Nobody may, but who owns and loads the tables.
SELECT be();
SELECT pg_temp.queues('no persona', '42501');
SELECT be('seattle@zava.example');
SELECT pg_temp.queues('not the manager', '42501');
SELECT be('bellevue@zava.example');
SELECT pg_temp.queues('not a colleague', '42501');
SELECT be('analyst@zava.example');
SELECT pg_temp.queues('not head office', '42501');
SELECT be_dba();
SET LOCAL SESSION AUTHORIZATION storekeeper_gateway;
SELECT pg_temp.queues('nor the server', '42501');
SET LOCAL SESSION AUTHORIZATION DEFAULT;

SET LOCAL ROLE storekeeper_loader;
SELECT gateway.queue_texts('tap.things', '{1}', '{one}');
SELECT is_empty('SELECT * FROM pg_temp.queued()', 'without a model outside nothing waits');
RESET ROLE;
INSERT INTO embedding.models (name, provider, dimension) VALUES ('tap one', 'openai', 3), ('tap two', 'openai', 2);
SET LOCAL ROLE storekeeper_owner;
SELECT gateway.queue_texts('tap.things', '{2,1}', '{two,one}');
RESET ROLE;
SELECT results_eq(
    'SELECT * FROM pg_temp.queued()',
    $$VALUES ('tap one', '1', 'one', 0, false), ('tap one', '2', 'two', 0, false),
        ('tap two', '1', 'one', 0, false), ('tap two', '2', 'two', 0, false)$$,
    'each text waits for each model outside'
);

-- Newer texts
SELECT count(*) AS taken FROM gateway.take_texts('tap one', 2, '1 minute') \gset
SELECT gateway.queue_texts('tap.things', '{1,2}', '{uno,two}');
SELECT results_eq(
    'SELECT * FROM pg_temp.queued() WHERE model = ''tap one''',
    $$VALUES ('tap one', '1', 'uno', 0, false), ('tap one', '2', 'two', 1, true)$$,
    'a newer text takes the place of one that somebody has taken; the same again changes nothing'
);
SELECT gateway.queue_texts(
    'tap.things', '{1,3}', '{eins,drei}', (SELECT model_id FROM embedding.models WHERE name = 'tap two')
);
SELECT results_eq(
    'SELECT model, key, content FROM pg_temp.queued() WHERE key <> ''2''',
    $$VALUES ('tap one', '1', 'uno'), ('tap two', '1', 'uno'), ('tap two', '3', 'drei')$$,
    'for one model alone, only what does not wait yet'
);

-- What is none
SELECT lives_ok($$SELECT gateway.queue_texts('tap.things', '{}', '{}')$$, 'no texts');
SELECT throws_ok($$SELECT gateway.queue_texts('things', '{1}', '{one}')$$, '23514', 'a subject is schema.what');
SELECT throws_ok(
    $$SELECT gateway.queue_texts('x; DROP TABLE y; .z', '{1}', '{one}')$$, '23514', 'and nothing else'
);
DELETE FROM embedding.models WHERE name = 'tap two';
SELECT is_empty(
    'SELECT * FROM pg_temp.queued() WHERE model <> ''tap one''', 'what waits for a model goes with it'
);

SELECT * FROM finish();
ROLLBACK;
