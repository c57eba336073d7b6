-- gateway.catalog: what is published to whoever asks, and the facts of its types.
BEGIN;
\ir ../tap.sql
SELECT plan(43);

-- Tools of our own, with types of our own; nobody runs them.
SET LOCAL check_function_bodies = off;
CREATE TYPE tap.size AS ENUM ('small', 'large');
ALTER TYPE tap.size ADD VALUE 'medium' BEFORE 'large';
COMMENT ON TYPE tap.size IS 'How big.';
CREATE DOMAIN tap.percent AS numeric CHECK (VALUE >= 0) CONSTRAINT most CHECK (VALUE <= 100);
COMMENT ON DOMAIN tap.percent IS 'Of a hundred.';
CREATE TYPE tap.box AS (size tap.size, gone integer, fill tap.percent, labels text[]);
ALTER TYPE tap.box DROP ATTRIBUTE gone;
CREATE FUNCTION tool.tap_pack(boxes tap.box[], lot integer DEFAULT 5, note text DEFAULT NULL)
RETURNS TABLE (box tap.box, weight double precision)
LANGUAGE sql STABLE SET statement_timeout = '7s' AS 'SELECT NULL, NULL WHERE false';
COMMENT ON FUNCTION tool.tap_pack IS 'Packs boxes.';
CREATE FUNCTION tool.tap_write(INOUT n integer) LANGUAGE sql VOLATILE AS 'SELECT n';
CREATE FUNCTION tool.tap_list() RETURNS SETOF uuid LANGUAGE sql IMMUTABLE AS 'SELECT NULL';
CREATE FUNCTION resource.tap_note(id integer) RETURNS text LANGUAGE sql STABLE AS 'SELECT NULL';
CREATE FUNCTION prompt.tap_ask() RETURNS text LANGUAGE sql STABLE AS 'SELECT NULL';
CREATE FUNCTION completion.tap_id(value text) RETURNS SETOF text LANGUAGE sql STABLE
    AS 'SELECT NULL';
CREATE FUNCTION retail.tap_helper() RETURNS text LANGUAGE sql STABLE AS 'SELECT NULL';
-- and what can't be published
CREATE FUNCTION tool.tap_no_name(integer) RETURNS text LANGUAGE sql AS 'SELECT NULL';
CREATE FUNCTION tool.tap_any(a anyelement) RETURNS text LANGUAGE sql AS 'SELECT NULL';
CREATE FUNCTION tool.tap_trigger() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE FUNCTION tool.tap_list(newer integer) RETURNS text LANGUAGE sql AS 'SELECT NULL';
CREATE FUNCTION tool."tap tool"() RETURNS text LANGUAGE sql AS 'SELECT NULL';
CREATE PROCEDURE tool.tap_procedure() LANGUAGE sql AS 'SELECT NULL';
DO $do$
DECLARE
    v_function regprocedure;
BEGIN
    FOR v_function IN SELECT p.oid FROM pg_proc AS p WHERE p.proname ~ '^tap' LOOP
        EXECUTE format('REVOKE ALL ON ROUTINE %s FROM PUBLIC', v_function);
        EXECUTE format('GRANT EXECUTE ON ROUTINE %s TO store_managers', v_function);
    END LOOP;
END
$do$;
GRANT EXECUTE ON FUNCTION tool.tap_list() TO head_office;

CREATE FUNCTION pg_temp.source() RETURNS text LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $function$
    SELECT md5(pg_get_functiondef('tool.tap_pack'::regproc))
$function$;
CREATE FUNCTION pg_temp.names() RETURNS text LANGUAGE sql AS $function$
    SELECT string_agg(concat_ws('.', f ->> 'schema', f ->> 'name'), ' ' ORDER BY n)
    FROM json_array_elements(gateway.catalog() -> 'functions') WITH ORDINALITY AS j (f, n)
    WHERE f ->> 'name' ~ '^tap'
$function$;
CREATE FUNCTION pg_temp.fact(name text, fact text) RETURNS jsonb LANGUAGE sql AS $function$
    SELECT f -> fact
    FROM jsonb_array_elements(gateway.catalog()::jsonb -> 'functions') AS f
    WHERE f ->> 'name' = fact.name
$function$;
CREATE FUNCTION pg_temp.type_fact(type regtype) RETURNS jsonb LANGUAGE sql AS $function$
    SELECT jsonb_strip_nulls(gateway.catalog()::jsonb -> 'types' -> type::oid::text)
$function$;

SELECT obj_description('tool'::regnamespace, 'pg_namespace') AS instructions,
    count(*) AS allowed
FROM pg_proc AS p
WHERE p.pronamespace::regnamespace::text IN ('tool', 'resource', 'prompt', 'completion')
  AND has_function_privilege('store_managers', p.oid, 'EXECUTE') AND gateway.publishable(p.oid) \gset

-- Nobody: a role alone is not told what those are told who have it
SET LOCAL SESSION AUTHORIZATION storekeeper_gateway;
SET LOCAL ROLE store_managers;
SELECT is(gateway.catalog() ->> 'functions', '[]', 'a role without identity is told nothing');
SELECT is(
    (gateway.catalog() -> 'who')::jsonb,
    '{"principal_id": null, "display_name": null, "email": null, "persona": null, "tenants": null}',
    'of nobody'
);
SET LOCAL SESSION AUTHORIZATION DEFAULT;

-- The manager
SELECT be('seattle@zava.example');
SELECT is(
    pg_temp.names(),
    'completion.tap_id prompt.tap_ask resource.tap_note tool.tap_list tool.tap_pack tool.tap_write',
    'the manager is told their functions: those that can be published'
);
SELECT is(gateway.catalog() #>> '{who, email}', 'seattle@zava.example', 'and who they are');
SELECT is(
    gateway.catalog() #>> '{who, tenants, 0}', 'Zava Retail Seattle', 'and of which store'
);
SELECT is(
    gateway.catalog() ->> 'instructions', :'instructions',
    'the instructions are the schema''s comment'
);
SELECT is(
    (SELECT count(*) FROM json_array_elements(gateway.catalog() -> 'functions')),
    :'allowed'::bigint,
    'it is every function that they may execute and that can be published'
);

-- A function
SELECT is(pg_temp.fact('tap_pack', 'schema'), '"tool"', 'its schema');
SELECT is(pg_temp.fact('tap_pack', 'comment'), '"Packs boxes."', 'its comment');
SELECT is(pg_temp.fact('tap_pack', 'source') #>> '{}', pg_temp.source(), 'its source, as a digest');
SELECT is(
    gateway.catalog()::jsonb -> 'watched',
    '["gateway.personas", "gateway.principal_tenants", "gateway.principals", "gateway.tenants"]',
    'and the tables of which changes are noted'
);
SELECT is(pg_temp.fact('tap_list', 'comment'), '""', 'or an empty one');
SELECT is(pg_temp.fact('tap_pack', 'timeout'), '"7s"', 'its timeout');
SELECT is(pg_temp.fact('tap_list', 'timeout'), 'null', 'if it has one');
SELECT is(pg_temp.fact('tap_pack', 'writes'), 'false', 'STABLE reads');
SELECT is(pg_temp.fact('tap_list', 'writes'), 'false', 'so does IMMUTABLE');
SELECT is(pg_temp.fact('tap_write', 'writes'), 'true', 'VOLATILE writes');
SELECT is(pg_temp.fact('tap_pack', 'returns_set'), 'true', 'TABLE is a set');
SELECT is(pg_temp.fact('tap_list', 'returns_set'), 'true', 'SETOF is');
SELECT is(pg_temp.fact('tap_write', 'returns_set'), 'false', 'one value is none');
SELECT is(
    pg_temp.fact('tap_list', 'result_type'), to_jsonb('uuid'::regtype::oid::text), 'what it returns'
);

-- Its arguments
SELECT is(
    pg_temp.fact('tap_pack', 'arguments'),
    jsonb_build_array(
        jsonb_build_object(
            'name', 'boxes', 'type', 'tap.box[]'::regtype::oid::text, 'required', true,
            'default', NULL
        ),
        jsonb_build_object('name', 'lot', 'type', '23', 'required', false, 'default', '5'),
        jsonb_build_object(
            'name', 'note', 'type', '25', 'required', false, 'default', 'NULL::text'
        )
    ),
    'name, type, whether it is required, and the default'
);
SELECT is(
    pg_temp.fact('tap_write', 'arguments'),
    '[{"name": "n", "type": "23", "required": true, "default": null}]', 'INOUT is one'
);
SELECT is(pg_temp.fact('tap_list', 'arguments'), '[]', 'or there are none');
SELECT is(
    pg_temp.fact('tap_pack', 'columns'),
    jsonb_build_array(
        jsonb_build_object('name', 'box', 'type', 'tap.box'::regtype::oid::text),
        jsonb_build_object('name', 'weight', 'type', 'float8'::regtype::oid::text)
    ),
    'its columns'
);
SELECT is(
    pg_temp.fact('tap_write', 'columns'), '[{"name": "n", "type": "23"}]', 'INOUT is one, too'
);
SELECT is(pg_temp.fact('tap_list', 'columns'), '[]', 'or there are none');

-- Types, and the types within
SELECT is(
    pg_temp.type_fact('tap.box[]'),
    jsonb_build_object(
        'name', 'tap.box[]', 'kind', 'array', 'inner', 'tap.box'::regtype::oid::text
    ),
    'an array has elements'
);
SELECT is(
    pg_temp.type_fact('tap.box'),
    jsonb_build_object(
        'name', 'tap.box', 'kind', 'composite', 'attributes', jsonb_build_array(
            jsonb_build_object('name', 'size', 'type', 'tap.size'::regtype::oid::text),
            jsonb_build_object('name', 'fill', 'type', 'tap.percent'::regtype::oid::text),
            jsonb_build_object('name', 'labels', 'type', 'text[]'::regtype::oid::text)
        )
    ),
    'a composite its attributes, without those dropped'
);
SELECT is(
    pg_temp.type_fact('tap.size'),
    '{"name": "tap.size", "kind": "enum", "comment": "How big.",
      "labels": ["small", "medium", "large"]}', 'an enum its labels in order, and its comment'
);
SELECT is(
    pg_temp.type_fact('tap.percent'),
    jsonb_build_object(
        'name', 'tap.percent', 'kind', 'domain', 'comment', 'Of a hundred.',
        'inner', 'numeric'::regtype::oid::text, 'checks', jsonb_build_array(
            'CHECK ((VALUE <= (100)::numeric))', 'CHECK ((VALUE >= (0)::numeric))'
        )
    ),
    'a domain its base and its checks'
);
SELECT is(
    pg_temp.type_fact('numeric'), '{"name": "numeric", "kind": "base"}', 'a base type its name'
);
SELECT is(
    pg_temp.type_fact('text[]'), '{"name": "text[]", "kind": "array", "inner": "25"}',
    'even where it is an attribute only'
);
SELECT is_empty(
    $$SELECT a ->> 'type'
        FROM json_array_elements(gateway.catalog() -> 'functions') AS f,
            json_array_elements(f -> 'arguments') AS a
        EXCEPT SELECT json_object_keys(gateway.catalog() -> 'types')$$,
    'each argument''s type is there'
);
SELECT is_empty(
    $$SELECT f ->> 'result_type' FROM json_array_elements(gateway.catalog() -> 'functions') AS f
        EXCEPT SELECT json_object_keys(gateway.catalog() -> 'types')$$,
    'so is each result''s'
);

-- A colleague
SELECT be('bellevue@zava.example');
SELECT is(gateway.catalog() #>> '{who, email}', 'bellevue@zava.example', 'a colleague is another');

-- The regional manager, head office
SELECT be('puget-sound@zava.example');
SELECT is(pg_temp.names(), NULL, 'what was not granted is not told');
SELECT be('analyst@zava.example');
SELECT is(pg_temp.names(), 'tool.tap_list', 'what was is');
SELECT be_dba();

-- No way into the schema, no function of it
REVOKE USAGE ON SCHEMA tool FROM head_office;
SELECT be('analyst@zava.example');
SELECT is(pg_temp.names(), NULL, 'without the schema nothing of it is told');
SELECT be_dba();

-- Another body is another source.
SELECT pg_temp.source() AS before \gset
CREATE OR REPLACE FUNCTION tool.tap_pack(boxes tap.box[], lot integer DEFAULT 5, note text DEFAULT NULL)
RETURNS TABLE (box tap.box, weight double precision)
LANGUAGE sql STABLE SET statement_timeout = '7s' AS 'SELECT NULL, 1.5 WHERE false';
SELECT isnt(pg_temp.fact('tap_pack', 'source') #>> '{}', :'before', 'a changed function has another source');

-- The DBA sees by their own rights; the server's login may not ask.
SELECT ok(pg_temp.names() LIKE '%tool.tap_pack%', 'the superuser is told everything');
CREATE ROLE tap_dba LOGIN IN ROLE storekeeper_dba;
SET LOCAL SESSION AUTHORIZATION tap_dba;
SELECT is(
    ARRAY(SELECT f ->> 'name' FROM json_array_elements(gateway.catalog() -> 'functions') AS f),
    '{performance_summary}', 'the DBA''s role has the tool that it may execute'
);
SET LOCAL SESSION AUTHORIZATION DEFAULT;
SET LOCAL ROLE storekeeper_gateway;
SELECT throws_ok('SELECT gateway.catalog()', '42501', 'the login asks as a persona');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
