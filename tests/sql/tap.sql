-- pgTAP's vocabulary, as much of it as these tests use, for a server without the extension.
-- A test includes this after BEGIN, so that ROLLBACK takes it away again. The counters are settings,
-- which ok() keeps as the superuser: a test may change its role as it likes.
\set ON_ERROR_STOP 1
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
SET LOCAL plpgsql.extra_errors = 'shadowed_variables';

CREATE SCHEMA tap;
GRANT USAGE ON SCHEMA tap TO PUBLIC;
SET LOCAL search_path = tap, public;

CREATE FUNCTION tap.plan(count integer) RETURNS text LANGUAGE sql AS $function$
    SELECT '1..' || set_config('tap.planned', count::text, true)
    FROM set_config('tap.run', '0', true) AS run, set_config('tap.failed', '0', true) AS failed
$function$;

-- Settings for whoever the test is: a hardened database keeps set_config from personas.
CREATE FUNCTION tap.set(name text, value text, is_local boolean) RETURNS text LANGUAGE sql SECURITY DEFINER AS $function$
    SELECT set_config(name, value, is_local)
$function$;

CREATE FUNCTION tap.setting(name text, missing_ok boolean DEFAULT false) RETURNS text LANGUAGE sql SECURITY DEFINER AS $function$
    SELECT current_setting(name, missing_ok)
$function$;

CREATE FUNCTION tap.ok(passed boolean, description text, diagnosis text DEFAULT NULL)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS $function$
DECLARE
    v_n integer := current_setting('tap.run')::integer + 1;
BEGIN
    PERFORM set_config('tap.run', v_n::text, true);
    IF passed THEN
        RETURN format('ok %s - %s', v_n, description);
    END IF;
    PERFORM set_config('tap.failed', (tap.setting('tap.failed')::integer + 1)::text, true);
    RETURN format('not ok %s - %s', v_n, description)
        || coalesce(E'\n# ' || replace(diagnosis, E'\n', E'\n# '), '');
END
$function$;

CREATE FUNCTION tap.is(have anyelement, want anyelement, description text) RETURNS text LANGUAGE sql AS $function$
    SELECT tap.ok(have IS NOT DISTINCT FROM want, description, format('have: %s, want: %s', have, want))
$function$;

CREATE FUNCTION tap.isnt(have anyelement, want anyelement, description text) RETURNS text LANGUAGE sql AS $function$
    SELECT tap.ok(have IS DISTINCT FROM want, description, format('have: %s', have))
$function$;

CREATE FUNCTION tap.rows_of(query text, OUT rows text[]) LANGUAGE plpgsql AS $function$
BEGIN
    EXECUTE format(E'SELECT coalesce(array_agg(q::text), ''{}'') FROM (%s\n) AS q', rtrim(query, E'; \n')) INTO rows;
END
$function$;

CREATE FUNCTION tap.results_eq(have text, want text, description text) RETURNS text LANGUAGE sql AS $function$
    SELECT tap.is(tap.rows_of(have), tap.rows_of(want), description)
$function$;

CREATE FUNCTION tap.is_empty(query text, description text) RETURNS text LANGUAGE sql AS $function$
    SELECT tap.ok(r = '{}', description, 'have: ' || left(r::text, 500)) FROM tap.rows_of(query) AS r
$function$;

CREATE FUNCTION tap.isnt_empty(query text, description text) RETURNS text LANGUAGE sql AS $function$
    SELECT tap.ok(tap.rows_of(query) <> '{}', description)
$function$;

CREATE FUNCTION tap.throws_ok(statement text, code text, description text) RETURNS text LANGUAGE plpgsql AS $function$
BEGIN
    EXECUTE statement;
    RETURN tap.ok(false, description, 'no error, want: ' || code);
EXCEPTION WHEN OTHERS THEN
    RETURN tap.ok(SQLSTATE = code, description, format('have: %s (%s), want: %s', SQLSTATE, SQLERRM, code));
END
$function$;

CREATE FUNCTION tap.lives_ok(statement text, description text) RETURNS text LANGUAGE plpgsql AS $function$
BEGIN
    EXECUTE statement;
    RETURN tap.ok(true, description);
EXCEPTION WHEN OTHERS THEN
    RETURN tap.ok(false, description, format('%s (%s)', SQLSTATE, SQLERRM));
END
$function$;

CREATE FUNCTION tap.finish() RETURNS SETOF text LANGUAGE sql SECURITY DEFINER AS $function$
    SELECT format('# planned %s tests but ran %s', p, r)
    FROM tap.setting('tap.planned') AS p, tap.setting('tap.run') AS r
    WHERE p <> r
$function$;

-- Be this person from here on; nobody when no name is given (a persona's role with no identity).
CREATE FUNCTION tap.be(principal text DEFAULT NULL) RETURNS void LANGUAGE plpgsql AS $function$
BEGIN
    PERFORM tap.be_dba();
    IF principal IS NULL THEN
        SET LOCAL ROLE store_managers;
    ELSE
        PERFORM gateway.impersonate(principal);
    END IF;
END
$function$;

-- The DBA again, with no identity.
CREATE FUNCTION tap.be_dba() RETURNS void LANGUAGE plpgsql AS $function$
BEGIN
    SET LOCAL ROLE NONE;
    PERFORM tap.set('storekeeper.context', '', true);
END
$function$;
