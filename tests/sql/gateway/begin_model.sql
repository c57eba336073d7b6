-- gateway.begin_model, with gateway.activate_model: to another model, while the one before is searched.
BEGIN;
\ir ../tap.sql
SELECT plan(29);

DELETE FROM embedding.models WHERE provider <> 'built-in';
UPDATE embedding.models SET is_active = false;
DELETE FROM retail.product_description_embeddings;
SELECT count(*) AS products, min(product_id) AS one FROM retail.products \gset
CREATE FUNCTION pg_temp.models() RETURNS text LANGUAGE sql SECURITY DEFINER AS $function$
    SELECT coalesce(string_agg(name || CASE WHEN is_active THEN ' active' ELSE '' END, ', ' ORDER BY name), '')
    FROM embedding.models WHERE provider <> 'built-in'
$function$;
CREATE FUNCTION pg_temp.begins(name text, dimension integer, code text, description text)
RETURNS text LANGUAGE sql AS $function$
    SELECT throws_ok(format('SELECT gateway.begin_model(%L, %L)', name, dimension), code, description)
$function$;
CREATE FUNCTION pg_temp.activates(name text, code text, description text) RETURNS text LANGUAGE sql AS $function$
    SELECT throws_ok(format('SELECT gateway.activate_model(%L)', name), code, description)
$function$;
-- As the worker does.
CREATE FUNCTION pg_temp.embed(name text, how_many integer, vector text) RETURNS integer LANGUAGE sql AS $function$
    SELECT gateway.put_embeddings(coalesce(
        json_agg(json_build_object('ticket', t.ticket, 'vector', $3::json)), '[]'
    ))
    FROM gateway.take_texts($1, $2, '1 minute') AS t
$function$;
-- What a search finds in the vectors that are used.
CREATE FUNCTION pg_temp.found() RETURNS text LANGUAGE sql SECURITY DEFINER AS $function$
    SELECT coalesce(string_agg(DISTINCT e.description_embedding::text || ' ' || m.name, ', '), 'nothing')
    FROM retail.product_description_embeddings AS e
    CROSS JOIN search.description_model AS d
    JOIN embedding.models AS m ON m.model_id = d.model_id
$function$;

SELECT be('analyst@zava.example');
SELECT pg_temp.begins('tap', 3, '42501', 'no persona begins a model');
SELECT pg_temp.activates('tap', '42501', 'or switches to one');
SELECT be_dba();
SET LOCAL SESSION AUTHORIZATION storekeeper_gateway;
SELECT pg_temp.begins('tap', 3, '42501', 'nor does the server');
SELECT pg_temp.activates('tap', '42501', 'or switches');
SET LOCAL SESSION AUTHORIZATION DEFAULT;
SELECT pg_temp.begins(NULL, 3, 'SK400', 'a model has a name');
SELECT pg_temp.begins('  ', 3, 'SK400', 'of some letters');
SELECT pg_temp.begins('tap', NULL, 'SK400', 'and a dimension');
SELECT pg_temp.activates('tap', 'SK404', 'an unknown one is not activated');

-- The first model
SELECT is(gateway.begin_model('tap one', 3), :products::bigint, 'every product waits');
SELECT is(gateway.begin_model('tap one', 3), :products::bigint, 'still the same, asked again');
SELECT is((SELECT count(*) FROM embedding.queue), :products::bigint, 'each once');
SELECT pg_temp.begins('tap one', 4, 'SK409', 'one name has one dimension');
SELECT pg_temp.activates('tap one', 'SK409', 'it is not used before it is filled');
SELECT is(pg_temp.embed('tap one', 1000000, '[1, 0, 0]'), :products::integer, 'each product gets its vector');
SELECT is(pg_temp.found(), 'nothing', 'which is not searched yet');
SET LOCAL ROLE storekeeper_owner;
CREATE TRIGGER watch AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON retail.product_description_embeddings
    FOR EACH STATEMENT EXECUTE FUNCTION gateway.note_change();
CREATE TRIGGER idle AFTER INSERT ON retail.product_description_embeddings
    FOR EACH STATEMENT EXECUTE FUNCTION gateway.note_change();
ALTER TABLE retail.product_description_embeddings DISABLE TRIGGER idle;
RESET ROLE;
CREATE FUNCTION pg_temp.triggers() RETURNS text LANGUAGE sql AS $function$
    SELECT string_agg(concat_ws(' ', tgrelid::regclass, tgname, tgenabled), ', ' ORDER BY tgname)
    FROM pg_trigger
    WHERE tgname IN ('watch', 'idle')
$function$;
SELECT lives_ok($$SELECT gateway.activate_model('tap one')$$, 'the switch');
SELECT is(
    pg_temp.triggers(),
    'retail.product_description_embeddings idle D, retail.product_description_embeddings watch O',
    'triggers of the vectors go to those that are searched now'
);
SELECT is(pg_temp.found(), '[1,0,0] tap one', 'now it is');
SELECT is(pg_temp.models(), 'tap one active', 'the model is used');
SELECT is(gateway.begin_model('tap one', 3), 0::bigint, 'nothing is missing');

-- The next
SELECT count(*) AS left FROM (SELECT gateway.begin_model('tap two', 2)) AS b \gset
SELECT pg_temp.embed('tap two', 10, '[1, 1]') AS some \gset
-- A product changes while the next model is being filled.
SET LOCAL ROLE storekeeper_owner;
SELECT gateway.queue_texts('retail.products', ARRAY[:'one'], '{new}');
RESET ROLE;
SELECT is(pg_temp.embed('tap one', 1000000, '[0, 1, 0]'), 1, 'for the model that is used');
SELECT is(pg_temp.found(), '[0,1,0] tap one, [1,0,0] tap one', 'which search sees at once');
SELECT is(pg_temp.embed('tap two', 1000000, '[1, 1]') + :some >= :products, true, 'and for the next');
SELECT gateway.activate_model('tap two');
SELECT is(pg_temp.found(), '[1,1] tap two', 'after the switch only vectors of the next model are found');
SELECT is(
    pg_temp.triggers(),
    'retail.product_description_embeddings idle D, retail.product_description_embeddings watch O',
    'and stay there'
);
SELECT is(pg_temp.models(), 'tap two active', 'the one before is forgotten');
SELECT be('seattle@zava.example');
SELECT is(
    (SELECT count(description_embedding) FROM retail.product_description_embeddings), :products::bigint,
    'who could read the vectors before can read the new ones'
);
SELECT throws_ok(
    'SELECT product_id FROM retail.next_product_description_embeddings', '42501', 'and not the next'
);
SELECT be_dba();

-- Incomplete
SELECT count(*) AS begun FROM (SELECT gateway.begin_model('tap three', 2)) AS b \gset
SELECT pg_temp.embed('tap three', 7, '[1, 2]') AS some \gset
SELECT gateway.activate_model('tap three', incomplete => true);
SELECT is((SELECT count(*) FROM retail.product_description_embeddings), 7::bigint, 'or earlier, when that is said');

SELECT * FROM finish();
ROLLBACK;
