-- gateway.publishable: what a client can call by name, with named arguments of types it can know.
BEGIN;
\ir ../tap.sql
SELECT plan(46);

-- Makes such a function in the schema tool, and asks of it. What it does doesn't matter.
SET LOCAL check_function_bodies = off;
CREATE FUNCTION pg_temp.publishable(name text, rest text)
RETURNS boolean LANGUAGE plpgsql AS $function$
BEGIN
    EXECUTE format('CREATE FUNCTION tool.%I%s', name, rest);
    RETURN gateway.publishable(p.oid)
    FROM pg_proc AS p
    WHERE p.pronamespace = 'tool'::regnamespace
    ORDER BY p.oid DESC
    LIMIT 1;
END
$function$;
CREATE TYPE tap.colour AS ENUM ('red', 'green');
CREATE DOMAIN tap.percent AS integer CHECK (VALUE BETWEEN 0 AND 100);
CREATE TYPE tap.point AS (x integer, y integer);

-- What is published
SELECT is(pg_temp.publishable('tap_yes_' || n, rest), true, rest)
FROM unnest(ARRAY[
    '() RETURNS integer LANGUAGE sql AS ''SELECT 1''',
    '(a integer) RETURNS text LANGUAGE sql AS ''SELECT 1''',
    '(a integer, b text DEFAULT NULL) RETURNS json LANGUAGE sql AS ''SELECT NULL''',
    '(a integer) RETURNS void LANGUAGE sql AS ''''',
    '(a text[]) RETURNS SETOF uuid LANGUAGE sql AS ''SELECT NULL''',
    '(a integer) RETURNS TABLE (b integer) LANGUAGE sql AS ''SELECT 1''',
    '(a integer) RETURNS TABLE (b integer, c text) LANGUAGE sql AS ''SELECT 1, NULL''',
    '(a integer, OUT b integer) LANGUAGE sql AS ''SELECT 1''',
    '(a integer, OUT b integer, OUT c text) LANGUAGE sql AS ''SELECT 1, NULL''',
    '(OUT b integer, a integer) LANGUAGE sql AS ''SELECT 1''',
    '(INOUT a integer) LANGUAGE sql AS ''SELECT 1''',
    '(INOUT a integer, INOUT b text) LANGUAGE sql AS ''SELECT 1, NULL''',
    '(a tap.colour, b tap.percent, c tap.point[]) RETURNS tap.point LANGUAGE sql AS ''''',
    '(a integer) RETURNS SETOF retail.stores LANGUAGE sql AS ''TABLE retail.stores''',
    '(a integer) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER AS ''BEGIN RETURN 1; END'''
]) WITH ORDINALITY AS f (rest, n);
SELECT is(
    pg_temp.publishable(name, '() RETURNS integer LANGUAGE sql AS ''SELECT 1'''), true,
    'name ' || name
)
FROM unnest(ARRAY['tapTool', 'tap-tool', 'tap.tool', 'tap_2', '2tap', repeat('t', 63)]) AS name;

-- What is not: arguments that have no name, or that stand for several
SELECT is(pg_temp.publishable('tap_no_' || n, rest), false, rest)
FROM unnest(ARRAY[
    '(integer) RETURNS text LANGUAGE sql AS ''SELECT 1''',
    '(a integer, text) RETURNS text LANGUAGE sql AS ''SELECT 1''',
    '(integer, OUT b integer, OUT c text) LANGUAGE sql AS ''SELECT 1, NULL''',
    '(VARIADIC a integer[]) RETURNS text LANGUAGE sql AS ''SELECT 1''',
    -- types that only a call settles, or that none returns
    '(a anyelement) RETURNS text LANGUAGE sql AS ''SELECT 1''',
    '(a anyarray) RETURNS anyelement LANGUAGE sql AS ''SELECT a[1]''',
    '(a anycompatible, b anycompatible) RETURNS text LANGUAGE sql AS ''SELECT 1''',
    '() RETURNS record LANGUAGE sql AS ''SELECT 1, 2''',
    '(a integer) RETURNS SETOF record LANGUAGE sql AS ''SELECT 1, 2''',
    '(a record) RETURNS text LANGUAGE plpgsql AS ''BEGIN RETURN 1; END''',
    '() RETURNS trigger LANGUAGE plpgsql AS ''BEGIN RETURN NULL; END''',
    '() RETURNS event_trigger LANGUAGE plpgsql AS ''BEGIN END'''
]) WITH ORDINALITY AS f (rest, n);

-- Names that a client may not have
SELECT is(
    pg_temp.publishable(name, '() RETURNS integer LANGUAGE sql AS ''SELECT 1'''), false,
    'name ' || to_json(name)
)
FROM unnest(ARRAY['tap tool', U&'tap_\00EB', 'tap/tool', E'tap\n']) AS name;

-- What is no plain function
CREATE PROCEDURE tool.tap_procedure() LANGUAGE sql AS 'SELECT 1';
CREATE AGGREGATE tool.tap_aggregate(a integer) (SFUNC = int4pl, STYPE = integer);
SELECT is(gateway.publishable('tool.tap_procedure'::regproc), false, 'a procedure');
SELECT is(gateway.publishable('tool.tap_aggregate'::regproc), false, 'an aggregate');

-- Of two of a name the older one has it; the same name elsewhere does no harm.
CREATE FUNCTION tool.tap_twice(a integer) RETURNS text LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION resource.tap_twice(a integer) RETURNS text LANGUAGE sql AS 'SELECT 1';
SELECT is(
    gateway.publishable('tool.tap_twice(integer)'::regprocedure), true, 'a name in two schemas'
);
CREATE FUNCTION tool.tap_twice(a text) RETURNS text LANGUAGE sql AS 'SELECT 1';
SELECT is(
    gateway.publishable('tool.tap_twice(integer)'::regprocedure), true, 'the older of two keeps it'
);
SELECT is(
    gateway.publishable('tool.tap_twice(text)'::regprocedure), false, 'the newer does not get it'
);

-- Each one that ships, and who may ask
SELECT is_empty(
    $$SELECT oid::regprocedure FROM pg_proc
        WHERE pronamespace::regnamespace::text IN ('tool', 'resource', 'prompt', 'completion')
          AND proname !~* '^2?tap|^ttt' AND gateway.publishable(oid) IS NOT TRUE$$,
    'each function that ships can be published'
);
SELECT is(gateway.publishable(0), NULL, 'what is no function is neither');
SELECT be('seattle@zava.example');
SELECT throws_ok('SELECT gateway.publishable(0)', '42501', 'a persona has its catalog');
SELECT be_dba();
SET LOCAL ROLE storekeeper_gateway;
SELECT throws_ok('SELECT gateway.publishable(0)', '42501', 'the server''s login need not');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
