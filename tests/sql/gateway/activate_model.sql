-- gateway.activate_model: who may, and what must be there. begin_model.sql has models from the first to the last.
BEGIN;
\ir ../tap.sql
SELECT plan(6);

DELETE FROM embedding.models WHERE provider <> 'built-in';
UPDATE embedding.models SET is_active = false;
CREATE FUNCTION pg_temp.activates(name text, code text, description text) RETURNS text LANGUAGE sql AS $function$
    SELECT throws_ok(format('SELECT gateway.activate_model(%L)', name), code, description)
$function$;
SELECT be('analyst@zava.example');
SELECT pg_temp.activates('tap', '42501', 'no persona');
SELECT be_dba();
SET LOCAL SESSION AUTHORIZATION storekeeper_gateway;
SELECT pg_temp.activates('tap', '42501', 'nor the server');
SET LOCAL SESSION AUTHORIZATION DEFAULT;
SELECT pg_temp.activates('tap', 'SK404', 'an unknown model');
SELECT pg_temp.activates(NULL, 'SK404', 'none');
INSERT INTO embedding.models (name, provider, dimension, is_active) VALUES ('tap', 'openai', 3, true);
SELECT gateway.queue_texts('tap.things', '{1}', '{one}');
SELECT lives_ok($$SELECT gateway.activate_model('tap')$$, 'one that is used already stays so, whatever waits');
SELECT is((SELECT count(*) FROM embedding.queue), 1::bigint, 'and nothing else happens');

SELECT * FROM finish();
ROLLBACK;
