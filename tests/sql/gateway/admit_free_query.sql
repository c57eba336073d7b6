-- gateway.admit_free_query: no free SQL while it could act; and none that writes.
BEGIN;
\ir ../tap.sql
SELECT plan(50);

SELECT gateway.harden('own');
CREATE FUNCTION pg_temp.refusal(persona name, OUT state text, OUT message text, OUT hint text)
LANGUAGE plpgsql AS $function$
BEGIN
    PERFORM gateway.admit_free_query(persona);
    RAISE EXCEPTION USING ERRCODE = 'TAP00';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
END
$function$;
CREATE FUNCTION pg_temp.after(statement text) RETURNS text LANGUAGE plpgsql AS $function$
DECLARE
    v_refusal record;
BEGIN
    EXECUTE statement;
    v_refusal := pg_temp.refusal('store_managers');
    RAISE EXCEPTION USING ERRCODE = 'TAP01';
EXCEPTION WHEN SQLSTATE 'TAP01' THEN
    RETURN concat_ws(' ', v_refusal.state, nullif(v_refusal.message, 'TAP00'));
END
$function$;
-- A persona's tool that writes, and what free SQL could call.
CREATE TABLE tap.log (what text);
GRANT SELECT, INSERT ON tap.log TO store_managers;
CREATE FUNCTION tap.writes(what text) RETURNS text LANGUAGE sql VOLATILE AS $function$
    INSERT INTO tap.log VALUES (what) RETURNING what
$function$;
CREATE FUNCTION tap.asks_and_writes(query text) RETURNS text LANGUAGE plpgsql VOLATILE AS $function$
DECLARE
    v_rows text;
BEGIN
    v_rows := gateway.free_query(query) ->> 'rows';
    RETURN tap.writes(v_rows);
EXCEPTION WHEN SQLSTATE 'SK403' OR SQLSTATE '25001' OR division_by_zero THEN
    RETURN tap.writes(SQLSTATE);
END
$function$;

-- Who may ask
SET LOCAL ROLE storekeeper_gateway;
SELECT throws_ok($$SELECT gateway.admit_free_query('head_office')$$, '42501', 'not the login');
RESET ROLE;
SET LOCAL ROLE storekeeper_dba;
SELECT throws_ok($$SELECT gateway.admit_free_query('head_office')$$, '42501', 'not the DBA''s role');
RESET ROLE;

-- Hardened: everybody is admitted.
SELECT be('seattle@zava.example');
SELECT is((pg_temp.refusal('store_managers')).state, 'TAP00', 'the manager is admitted');
SELECT be('puget-sound@zava.example');
SELECT is((pg_temp.refusal('regional_managers')).state, 'TAP00', 'the regional manager');
SELECT be('analyst@zava.example');
SELECT is((pg_temp.refusal('head_office')).state, 'TAP00', 'head office');
SELECT is((pg_temp.refusal(name)).state, 'SK401', 'who is no persona is not: ' || name)
FROM unnest('{nobody,storekeeper_owner}'::text[]) AS name;

-- Each acting family that is back keeps free SQL from being served, and is named.
SELECT be_dba();
SELECT is(
    pg_temp.after(format('GRANT EXECUTE ON FUNCTION %s TO %s', called, grantee)),
    format('SK403 Free SQL is not served: it could reach %s.', family), family || ' for ' || grantee
)
FROM (
    SELECT DISTINCT ON (f.family) f.family, f.function_oid::regprocedure
    FROM gateway.acting_functions() AS f
    ORDER BY f.family, f.function_oid
) AS f (family, called), unnest('{PUBLIC,store_managers,sandbox_store_managers}'::text[]) AS grantee;
SELECT is(
    pg_temp.after('GRANT EXECUTE ON FUNCTION pg_notify, setseed TO PUBLIC'),
    'SK403 Free SQL is not served: it could reach notifications, settings.', 'two at once'
);
SELECT is(
    pg_temp.after('GRANT EXECUTE ON FUNCTION pg_notify TO head_office'), 'TAP00',
    'what another persona has is its own trouble'
);
SELECT is(
    pg_temp.after('GRANT EXECUTE ON FUNCTION pg_sleep TO PUBLIC; GRANT SELECT ON pg_class TO PUBLIC'),
    'TAP00', 'what only tells is served with'
);
SELECT is(pg_temp.after('SELECT gateway.harden(''shared'')'), 'TAP00', 'so is a shared database');
SELECT ok(pg_temp.after('SELECT gateway.harden(''none'')') ~ '^SK403 .*locks', 'one that is not is not');
SELECT is(
    pg_temp.after('GRANT EXECUTE ON FUNCTION pg_notify TO PUBLIC; SELECT gateway.accept_exposures()'),
    'TAP00', 'until the DBA has accepted it'
);
SELECT is(
    pg_temp.after(
        'GRANT EXECUTE ON FUNCTION pg_notify TO PUBLIC; SELECT gateway.accept_exposures();'
        'GRANT EXECUTE ON FUNCTION setseed TO PUBLIC'
    ), 'SK403 Free SQL is not served: it could reach settings.', 'which goes for that family'
);
GRANT EXECUTE ON FUNCTION pg_notify TO store_managers;
SELECT be('seattle@zava.example');
SELECT throws_ok($$SELECT gateway.free_query('SELECT 1')$$, 'SK403', 'nor is it by free_query');
SELECT ok(
    (pg_temp.refusal('store_managers')).hint ~ 'storekeeper harden own', 'the hint says what to do'
);
SELECT be_dba();
REVOKE EXECUTE ON FUNCTION pg_notify FROM store_managers;

-- A tool that writes may ask a free query and write then; the query itself may not.
SELECT be('seattle@zava.example');
SELECT is(
    tap.asks_and_writes('SELECT 1 AS a'), '[{"a":1}]', 'who has asked a query may write then'
);
SELECT is(tap.setting('transaction_read_only'), 'off', 'their transaction is as it was');
SELECT is(
    tap.asks_and_writes('SELECT tap.writes(''free'') AS a'), 'SK403', 'a function in it may not write'
);
SELECT is(
    tap.asks_and_writes(
        'SELECT tap.set(''transaction_read_only'', ''off'', true), tap.writes(''free'') AS a'
    ), '25001', 'nor make itself fit to'
);
SELECT is(tap.asks_and_writes('SELECT 1 / 0'), '22012', 'nor does a query that fails leave it so');
SELECT results_eq(
    'SELECT what FROM tap.log',
    $$VALUES ('[{"a":1}]'), ('SK403'), ('25001'), ('22012')$$, 'that is all that was written'
);

-- One of two places is held until the transaction ends; who the person is decides which.
SELECT be('bellevue@zava.example');
SELECT lives_ok($$SELECT gateway.free_query('SELECT 1')$$, 'a colleague asks, too');
SELECT be_dba();
SELECT is(
    (SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'), 2::bigint,
    'a place for each of the two who asked, however often'
);

-- By itself it makes the transaction read only.
SELECT be('bellevue@zava.example');
SELECT gateway.admit_free_query('store_managers');
SELECT throws_ok($$SELECT tap.writes('x')$$, '25006', 'afterwards nothing is written');
SELECT throws_ok(
    $$SELECT tap.set('transaction_read_only', 'off', true)$$, '25001', 'and that stays'
);

SELECT * FROM finish();
ROLLBACK;
