-- gateway.put_embeddings: vectors for what was taken, handed to the business with its own rights.
BEGIN;
\ir ../tap.sql
SELECT plan(17);

DELETE FROM embedding.models WHERE provider <> 'built-in';
UPDATE embedding.models SET is_active = false;
INSERT INTO embedding.models (name, provider, dimension) VALUES ('tap', 'openai', 3);
CREATE SCHEMA tapshop AUTHORIZATION storekeeper_owner;
SET LOCAL ROLE storekeeper_owner;
GRANT USAGE ON SCHEMA tapshop TO storekeeper_definer;
CREATE TABLE tapshop.stored (subject text, model_id smallint, key text, vector json, as_whom name);
CREATE FUNCTION tapshop.store_embeddings(subject text, model_id smallint, rows json) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
    INSERT INTO tapshop.stored
    SELECT $1, $2, r.key, r.vector, current_user FROM json_to_recordset($3) AS r (key text, vector json)
$function$;
GRANT EXECUTE ON FUNCTION tapshop.store_embeddings TO storekeeper_definer;
RESET ROLE;
SELECT gateway.queue_texts('tapshop.things', '{a,b,c,d}', '{one,two,three,four}');
CREATE FUNCTION pg_temp.take() RETURNS void LANGUAGE sql SECURITY DEFINER AS $function$
    UPDATE embedding.queue SET not_before = now();
    SELECT count(*) FROM gateway.take_texts('tap', 9, '1 minute')
$function$;
-- A vector for each ticket that is out.
CREATE FUNCTION pg_temp.vectors(vector json DEFAULT '[1, 2, 3.5]') RETURNS json LANGUAGE sql SECURITY DEFINER
AS $function$
    SELECT coalesce(json_agg(json_build_object('ticket', q.ticket, 'vector', $1)), '[]')
    FROM embedding.queue AS q WHERE q.ticket IS NOT NULL
$function$;
CREATE FUNCTION pg_temp.waiting() RETURNS text LANGUAGE sql SECURITY DEFINER AS $function$
    SELECT coalesce(string_agg(key || ' ' || content, ', ' ORDER BY key), '') FROM embedding.queue
$function$;
CREATE FUNCTION pg_temp.puts(vectors text, code text, description text) RETURNS text LANGUAGE sql AS $function$
    SELECT throws_ok(format('SELECT gateway.put_embeddings(%L)', vectors), code, description)
$function$;

SELECT be('seattle@zava.example');
SELECT pg_temp.puts('[]', '42501', 'not the manager');
SELECT be('analyst@zava.example');
SELECT pg_temp.puts('[]', '42501', 'not head office');
SELECT be_dba();

SELECT pg_temp.take();
SELECT pg_temp.vectors() AS vectors \gset
-- Meanwhile: a newer text, one that is waited for no more, and one that another worker took over.
SELECT gateway.queue_texts('tapshop.things', '{b}', '{dos}');
DELETE FROM embedding.queue WHERE key = 'c';
UPDATE embedding.queue SET not_before = now() WHERE key = 'd';
SELECT count(*) AS over FROM gateway.take_texts('tap', 1, '1 minute') \gset

SET LOCAL SESSION AUTHORIZATION storekeeper_gateway;
SELECT is(gateway.put_embeddings(:'vectors') BETWEEN 1 AND 2, true, 'what is still waited for is stored');
SELECT is(gateway.put_embeddings(:'vectors'), 0, 'twice is once');
SELECT is(gateway.put_embeddings('[]'), 0, 'nothing');
SELECT is(gateway.put_embeddings('[{"ticket": -1, "vector": [1, 2, 3]}]'), 0, 'a ticket that nobody gave out');
SET LOCAL SESSION AUTHORIZATION DEFAULT;
SELECT results_eq(
    $$SELECT s.subject, s.model_id = m.model_id, s.key, s.vector::text, s.as_whom
        FROM tapshop.stored AS s CROSS JOIN embedding.models AS m WHERE m.name = 'tap' AND s.key = 'a'$$,
    $$VALUES ('tapshop.things', true, 'a', '[1, 2, 3.5]', 'storekeeper_owner'::name)$$,
    'as it came, with the rights of who owns the tables'
);
SELECT is_empty($$SELECT * FROM tapshop.stored WHERE key IN ('b', 'c')$$, 'an older text''s vector is left out');
SELECT ok(pg_temp.waiting() ~ 'b dos', 'the newer text waits still');

-- Vectors that are none
DELETE FROM embedding.queue;
SELECT gateway.queue_texts('tapshop.things', '{a}', '{one}');
SELECT pg_temp.take();
SELECT pg_temp.puts(pg_temp.vectors('[1, 2]')::text, 'SK400', 'of another dimension');
SELECT pg_temp.puts(pg_temp.vectors('{"a": 1}')::text, 'SK400', 'no array');
SELECT pg_temp.puts(pg_temp.vectors('null')::text, 'SK400', 'none');
SELECT is(pg_temp.waiting(), 'a one', 'and the text waits still');

-- Functions that are not trusted
CREATE FUNCTION pg_temp.refused(change text, description text) RETURNS text LANGUAGE plpgsql AS $function$
DECLARE
    v_told text;
BEGIN
    BEGIN
        EXECUTE change;
        PERFORM gateway.put_embeddings(pg_temp.vectors());
        RETURN ok(false, description);
    EXCEPTION WHEN SQLSTATE 'SK404' THEN
        RETURN ok(true, description);
    END;
END
$function$;
SELECT pg_temp.refused(
    'ALTER FUNCTION tapshop.store_embeddings SECURITY INVOKER', 'one that would run with the gateway''s rights'
);
SELECT pg_temp.refused(
    'ALTER FUNCTION tapshop.store_embeddings OWNER TO storekeeper_loader', 'one of somebody else'
);
SELECT pg_temp.refused('DROP FUNCTION tapshop.store_embeddings', 'none');
SELECT is(gateway.put_embeddings(NULL), 0, 'NULL is nothing');

SELECT * FROM finish();
ROLLBACK;
