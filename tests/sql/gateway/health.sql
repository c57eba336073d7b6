-- gateway.health: facts of the database, and what doctors elsewhere find.
BEGIN;
\ir ../tap.sql
SELECT plan(28);

SELECT be();
SELECT throws_ok('SELECT gateway.health()', '42501', 'no persona');
SELECT be_dba();
SET LOCAL ROLE storekeeper_dba;
SELECT throws_ok('SELECT gateway.health()', '42501', 'not the DBA''s role');
RESET ROLE;

CREATE FUNCTION pg_temp.health(VARIADIC path text[]) RETURNS text LANGUAGE plpgsql AS $function$
DECLARE
    v_found text;
BEGIN
    SET LOCAL ROLE storekeeper_gateway;
    v_found := gateway.health() #>> path;
    RESET ROLE;
    RETURN v_found;
END
$function$;
SELECT is(pg_temp.health('database', 'version'), tap.setting('server_version'), 'the version');
SELECT is(pg_temp.health('database', 'in_recovery'), 'false', 'whether it recovers');
SELECT ok(pg_temp.health('database', 'started_at')::timestamptz BETWEEN now() - interval '1 year' AND now(), 'since when');
SELECT is(pg_temp.health('migrations', 'applied')::integer, cardinality(gateway.applied_migrations()), 'migrations');
SELECT is(pg_temp.health('migrations', 'newest'), (SELECT max(m) FROM unnest(gateway.applied_migrations()) AS m), 'the newest');

-- The record
DELETE FROM gateway.seals;
DELETE FROM gateway.calls;
UPDATE gateway.watermarks SET entry = 1, high = NULL, xid = NULL WHERE what = 'calls';
SELECT is(pg_temp.health('record', 'newest_seal'), NULL, 'no seal yet');
SELECT gateway.record_calls(jsonb_agg(jsonb_build_object(
    'at', now(), 'tool', 'tap', 'outcome', 'ok', 'duration_ms', 1, 'request_id', n
))) FROM generate_series(1, 3) AS n;
SELECT is(pg_temp.health('record', 'unsealed'), '3', 'calls without a seal');
SELECT digest FROM gateway.seal_calls() \gset
SELECT is(pg_temp.health('record', 'newest_seal', 'digest'), :'digest', 'the newest seal');
SELECT is(pg_temp.health('record', 'unsealed'), '0', 'covers them');
SELECT ok(
    pg_temp.health('record', 'partitions_until')::date >= date_trunc('month', now() AT TIME ZONE 'UTC') + interval '1 month',
    'the last day for which there is a partition'
);

-- The embedding model
DELETE FROM embedding.models;
DELETE FROM embedding.tokens;
SELECT is(
    pg_temp.health('embedding')::jsonb, '{"model": null, "provider": null, "dimension": null, "ready": false}', 'no model'
);
INSERT INTO embedding.models (name, provider, dimension, is_active) VALUES ('tap', 'built-in', 256, true);
SELECT is(
    pg_temp.health('embedding')::jsonb, '{"model": "tap", "provider": "built-in", "dimension": 256, "ready": false}',
    'the built-in one without its tokens'
);
INSERT INTO embedding.tokens (token_id, vector) VALUES (0, array_fill(1, '{256}')::halfvec);
SELECT is(pg_temp.health('embedding', 'ready'), 'true', 'with them');
UPDATE embedding.models SET is_active = false;
SELECT is(pg_temp.health('embedding', 'ready'), 'false', 'unless it is not to be used');
UPDATE embedding.models SET is_active = true;
DELETE FROM embedding.tokens;
UPDATE embedding.models SET provider = 'openai';
SELECT is(pg_temp.health('embedding', 'ready'), 'true', 'a service needs none');

-- Doctors
CREATE FUNCTION pg_temp.findings() RETURNS text LANGUAGE sql AS $function$
    SELECT string_agg(f ->> 'finding', ', ') FROM json_array_elements(pg_temp.health('findings')::json) AS f
    WHERE f ->> 'subject' ~ 'tap'
$function$;
CREATE SCHEMA tap_doctors AUTHORIZATION storekeeper_owner;
GRANT USAGE ON SCHEMA tap_doctors TO storekeeper_definer;
SET LOCAL ROLE storekeeper_owner;
CREATE FUNCTION tap_doctors.doctor() RETURNS TABLE (subject text, ok boolean, finding text, hint text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$SELECT 'tap', true, concat_ws(' ', current_user, 'sees', cardinality(gateway.tenant_ids())), ''$$;
REVOKE ALL ON FUNCTION tap_doctors.doctor FROM PUBLIC;
RESET ROLE;
SELECT is(pg_temp.findings(), NULL, 'a doctor that storekeeper_definer may not call is not called');
GRANT EXECUTE ON FUNCTION tap_doctors.doctor TO storekeeper_definer;
SELECT is(
    pg_temp.findings(), format('storekeeper_definer sees %s', (SELECT count(*) FROM gateway.tenants)),
    'one that it may runs as it, for every tenant'
);
SELECT is(coalesce(tap.setting('storekeeper.context', true), ''), '', 'and that ends with it');
SET LOCAL ROLE storekeeper_definer;
SELECT is(gateway.tenant_ids(), '{}', 'storekeeper_definer itself has no tenant');
RESET ROLE;
SELECT tap.set('storekeeper.context', 'another', true) AS context \gset
SELECT ok(pg_temp.findings() IS NOT NULL AND tap.setting('storekeeper.context') = 'another', 'a context is put back');
SELECT be_dba();

CREATE FUNCTION pg_temp.after(statement text) RETURNS text LANGUAGE plpgsql AS $function$
DECLARE
    v_found text;
BEGIN
    EXECUTE statement;
    v_found := pg_temp.findings();
    RAISE EXCEPTION USING ERRCODE = 'TAP00';
EXCEPTION WHEN SQLSTATE 'TAP00' THEN
    RETURN v_found;
END
$function$;
SELECT is(
    pg_temp.after($$CREATE OR REPLACE FUNCTION tap_doctors.doctor() RETURNS TABLE (subject text, ok boolean, finding text, hint text)
        LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS 'BEGIN PERFORM 1 / 0; END'$$),
    'failed: division by zero (22012)', 'one that fails is a finding'
);
SELECT is(
    pg_temp.after($$CREATE OR REPLACE FUNCTION tap_doctors.doctor() RETURNS TABLE (subject text, ok boolean, finding text, hint text)
        LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS 'BEGIN DELETE FROM gateway.principals; END'$$),
    'failed: DELETE is not allowed in a non-volatile function (0A000)', 'none can write'
);
SELECT is(pg_temp.after(statement), NULL, statement) FROM unnest(ARRAY[
    'ALTER FUNCTION tap_doctors.doctor() VOLATILE',
    'ALTER FUNCTION tap_doctors.doctor() OWNER TO head_office',
    'ALTER FUNCTION tap_doctors.doctor() RENAME TO nurse'
]) AS statement;
SELECT is(
    pg_temp.after('DELETE FROM gateway.keys WHERE name = ''context'''), NULL, 'without a key for contexts none is asked'
);

SELECT * FROM finish();
ROLLBACK;
