-- gateway.login_faults: what makes a login unfit to serve.
BEGIN;
\ir ../tap.sql
SELECT plan(29);

-- The faults of this login, one of them a line; run as the DBA, asked as the login.
CREATE FUNCTION pg_temp.faults(login name) RETURNS text LANGUAGE plpgsql AS $function$
DECLARE
    v_faults text;
BEGIN
    PERFORM set_config('session_authorization', login, true);
    SELECT coalesce(string_agg(f, '; '), 'none') INTO v_faults FROM gateway.login_faults() AS f;
    SET LOCAL SESSION AUTHORIZATION DEFAULT;
    RETURN v_faults;
END
$function$;
-- A login that may ask, and nothing else, with these options.
CREATE FUNCTION pg_temp.login(options text) RETURNS name LANGUAGE plpgsql AS $function$
BEGIN
    DROP OWNED BY tap_login;
    DROP ROLE tap_login;
    EXECUTE 'CREATE ROLE tap_login LOGIN ' || options;
    GRANT USAGE ON SCHEMA gateway TO tap_login;
    GRANT EXECUTE ON FUNCTION gateway.login_faults TO tap_login;
    RETURN 'tap_login';
END
$function$;
CREATE ROLE tap_login LOGIN;

-- Nobody: personas don't ask.
SELECT be();
SELECT throws_ok('SELECT gateway.login_faults()', '42501', 'no persona may ask');
SELECT be_dba();

-- The server's login
SELECT is(pg_temp.faults('storekeeper_gateway'), 'none', 'the server''s login is fit');
SET LOCAL SESSION AUTHORIZATION storekeeper_gateway;
SET LOCAL ROLE store_managers;
SELECT throws_ok('SELECT gateway.login_faults()', '42501', 'it asks before it becomes a persona');
SET LOCAL SESSION AUTHORIZATION DEFAULT;
SELECT is(pg_temp.faults(pg_temp.login('')), 'none', 'a login with no rights is fit');
SELECT is(
    pg_temp.faults(pg_temp.login('NOINHERIT IN ROLE store_managers, head_office')), 'none',
    'so is one that may become personas'
);

-- Attributes
SELECT ok(pg_temp.faults(pg_temp.login('BYPASSRLS')) ~ '^[^;]*BYPASSRLS$', 'BYPASSRLS');
SELECT ok(pg_temp.faults(pg_temp.login('CREATEROLE')) ~ '^[^;]*CREATEROLE\)$', 'CREATEROLE');
SELECT ok(pg_temp.faults(pg_temp.login('REPLICATION')) ~ '^[^;]*REPLICATION\)$', 'REPLICATION');
SELECT ok(pg_temp.faults(pg_temp.login('SUPERUSER')) ~ '^[^;]*superuser$', 'a superuser');
SELECT ok(
    pg_temp.faults(pg_temp.login('SUPERUSER IN ROLE storekeeper_owner')) ~ '^[^;]*superuser$',
    'whose other rights don''t matter any more'
);
SELECT ok(
    pg_temp.faults(pg_temp.login('BYPASSRLS CREATEROLE')) ~ '^[^;]*BYPASSRLS; [^;]*CREATEROLE\)$',
    'each fault is told'
);
SELECT ok(pg_temp.faults(rolname) ~ 'superuser', 'the DBA of these tests is one, too')
FROM pg_roles
WHERE rolname = session_user;

-- Memberships
SELECT ok(
    pg_temp.faults(pg_temp.login('NOINHERIT IN ROLE storekeeper_owner'))
        ~ '^[^;]*member of storekeeper_owner$',
    'a member of the tables'' owner'
);
SELECT ok(
    pg_temp.faults(pg_temp.login('NOINHERIT IN ROLE storekeeper_loader'))
        ~ '^[^;]*storekeeper_loader[^;]*BYPASSRLS; .*member of storekeeper_loader',
    'a member of the loader'
);
SELECT ok(
    pg_temp.faults(pg_temp.login('NOINHERIT IN ROLE pg_read_all_data'))
        ~ '^[^;]*member of pg_read_all_data$',
    'a member of those who read everything'
);
SELECT ok(
    pg_temp.faults(pg_temp.login('NOINHERIT IN ROLE sandbox_store_managers'))
        ~ '^[^;]*member of sandbox_store_managers$',
    'a member of a sandbox, which is no persona'
);
SELECT ok(
    pg_temp.faults(pg_temp.login('INHERIT IN ROLE store_managers'))
        ~ '^[^;]*inherits [^;]*$',
    'one that has a persona''s rights without becoming it'
);
SELECT ok(
    pg_temp.faults(pg_temp.login('INHERIT IN ROLE storekeeper_owner'))
        ~ '^[^;]*member of storekeeper_owner; [^;]*inherits [^;]*$',
    'a member that inherits is told twice'
);

-- Who is trusted may call what hardening takes: no login is, but by a role of ours that is told itself.
SELECT ok(
    pg_temp.faults(pg_temp.login('NOINHERIT IN ROLE storekeeper_trusted'))
        ~ '^[^;]*member of storekeeper_trusted$',
    'a member of those who are trusted'
);
SELECT ok(
    pg_temp.faults(pg_temp.login('NOINHERIT IN ROLE storekeeper_owner')) !~ 'storekeeper_trusted',
    'a member of one of them is that first of all'
);
SELECT ok(
    pg_temp.faults(pg_temp.login('NOINHERIT IN ROLE storekeeper_trusted, storekeeper_owner'))
        ~ 'member of storekeeper_owner; .*member of storekeeper_trusted',
    'or both'
);

-- What a persona may become, the login may too.
GRANT storekeeper_definer TO store_managers;
SELECT ok(
    pg_temp.faults('storekeeper_gateway') ~ '^[^;]*member of storekeeper_definer$',
    'a right reached by way of a persona'
);
REVOKE storekeeper_definer FROM store_managers;
CREATE ROLE tap_root SUPERUSER;
CREATE ROLE sandbox_tap_root;
SELECT ok(
    pg_temp.faults(pg_temp.login('NOINHERIT IN ROLE tap_root')) ~ 'tap_root, which is a superuser',
    'no sandbox hides a superuser'
);

-- Another database's persona, known by its sandbox, is no fault until it has a right here.
CREATE ROLE tap_other;
CREATE ROLE sandbox_tap_other IN ROLE tap_other;
SELECT pg_temp.login('NOINHERIT IN ROLE tap_other') AS login \gset
SELECT is(pg_temp.faults('tap_login'), 'none', 'a persona of another database');
GRANT SELECT ON retail.stores TO tap_other;
SELECT ok(
    pg_temp.faults('tap_login') ~ '^[^;]*member of tap_other$', 'which has a right in this one'
);
REVOKE SELECT ON retail.stores FROM tap_other;
DROP ROLE sandbox_tap_other;
SELECT ok(
    pg_temp.faults('tap_login') ~ '^[^;]*member of tap_other$', 'a role that is no persona'
);

-- Possessions
SELECT pg_temp.login('') AS login \gset
CREATE TABLE tap.mine ();
ALTER TABLE tap.mine OWNER TO tap_login;
SELECT ok(pg_temp.faults('tap_login') ~ '^[^;]*owns [^;]*$', 'the owner of a table');
ALTER TABLE tap.mine OWNER TO CURRENT_USER;
CREATE VIEW tap.my_view AS SELECT 1 AS one;
ALTER VIEW tap.my_view OWNER TO tap_login;
SELECT ok(pg_temp.faults('tap_login') ~ '^[^;]*owns [^;]*$', 'of a view');

-- A role taken on the way does not hide the login.
SET LOCAL SESSION AUTHORIZATION DEFAULT;
SET LOCAL ROLE storekeeper_gateway;
SELECT isnt_empty('SELECT gateway.login_faults()', 'whoever took the login''s role is told apart');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
