-- gateway.exposures: what free SQL of a persona could reach, by family and by name.
BEGIN;
\ir ../tap.sql
SELECT plan(24);

-- Nobody may ask, but the DBA's role.
SELECT be('analyst@zava.example');
SELECT throws_ok($$SELECT * FROM gateway.exposures('head_office')$$, '42501', 'no persona');
SELECT be_dba();
SET LOCAL ROLE storekeeper_gateway;
SELECT throws_ok($$SELECT * FROM gateway.exposures('head_office')$$, '42501', 'not the login');
RESET ROLE;
SELECT gateway.harden('own');
CREATE ROLE tap_dba LOGIN IN ROLE storekeeper_dba;
SET LOCAL SESSION AUTHORIZATION tap_dba;
SELECT is_empty(
    $$SELECT x.* FROM unnest('{store_managers,regional_managers,head_office}'::name[]) AS n (role),
            gateway.exposures(n.role) AS x$$,
    'the DBA''s role may: hardened, there is nothing'
);
SET LOCAL SESSION AUTHORIZATION DEFAULT;

-- Each right that comes back is told, whoever it was given to.
CREATE FUNCTION pg_temp.after(statement text) RETURNS text LANGUAGE plpgsql AS $function$
DECLARE
    v_exposed text;
BEGIN
    EXECUTE statement;
    SELECT string_agg(
        concat_ws(' ', CASE WHEN x.acting THEN 'acting' END, x.family, x.what), '; ' ORDER BY x.family
    ) INTO v_exposed
    FROM gateway.exposures('store_managers') AS x;
    RAISE EXCEPTION USING ERRCODE = 'TAP00';
EXCEPTION WHEN SQLSTATE 'TAP00' THEN
    RETURN v_exposed;
END
$function$;
SELECT is(pg_temp.after(statement), exposed, statement)
FROM (
    VALUES ('GRANT EXECUTE ON FUNCTION pg_notify TO PUBLIC', 'acting notifications {pg_notify}'),
        ('GRANT EXECUTE ON FUNCTION pg_notify TO store_managers',
            'acting notifications {pg_notify}'),
        ('GRANT EXECUTE ON FUNCTION pg_notify TO sandbox_store_managers',
            'acting notifications {pg_notify}'),
        ('GRANT EXECUTE ON FUNCTION pg_notify TO head_office', NULL),
        ('GRANT EXECUTE ON FUNCTION pg_advisory_lock(bigint), lo_get(oid) TO PUBLIC',
            'acting large objects {lo_get}; acting locks {pg_advisory_lock}'),
        ('GRANT EXECUTE ON FUNCTION pg_sleep TO PUBLIC', 'waiting {pg_sleep}'),
        ('GRANT EXECUTE ON FUNCTION pg_relation_size(regclass, text) TO store_managers',
            'statistics {pg_relation_size}'),
        ('GRANT EXECUTE ON FUNCTION pg_backend_pid, current_setting(text) TO PUBLIC',
            'introspection {current_setting,pg_backend_pid}'),
        ('GRANT SELECT ON pg_locks, information_schema.tables TO PUBLIC', 'catalog {pg_locks,tables}'),
        ('GRANT SELECT (oid) ON pg_authid TO store_managers', 'catalog {pg_authid}'),
        ('GRANT USAGE ON LANGUAGE sql TO PUBLIC', 'languages {sql}'),
        ('GRANT CREATE ON SCHEMA public, retail TO store_managers', 'creating {public,retail}')
) AS t (statement, exposed);
SELECT is(
    pg_temp.after(format('GRANT TEMPORARY ON DATABASE %I TO PUBLIC', current_database())),
    format('temporary tables {%s}', current_database()), 'temporary tables, whose schemas are not told'
);
SELECT is(
    pg_temp.after('GRANT head_office TO store_managers'), NULL, 'another persona has no more'
);
SELECT ok(
    pg_temp.after('GRANT storekeeper_trusted TO store_managers')
        ~ 'acting SQL text .*; catalog .*; introspection .*; languages .*; acting settings .*; waiting',
    'who is trusted has all'
);
SELECT ok(
    pg_temp.after('ALTER ROLE sandbox_store_managers SUPERUSER') ~ 'acting signals', 'so has a superuser'
);
SELECT is(
    pg_temp.after('SELECT gateway.harden(''none'')')
        ~ '^acting SQL text .*acting locks .*acting settings .*temporary tables .*waiting', true,
    'without hardening everything is told'
);
SELECT is(
    (SELECT count(*) FROM gateway.exposures(name)), 0::bigint, 'of no persona: ' || coalesce(name, 'NULL')
)
FROM unnest(ARRAY['nobody', 'storekeeper_owner', 'x"; --', NULL]) AS name;

SELECT * FROM finish();
ROLLBACK;
