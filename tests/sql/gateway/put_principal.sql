-- gateway.put_principal: adds, changes and shuts out people.
BEGIN;
\ir ../tap.sql
SELECT plan(25);

CREATE FUNCTION pg_temp.person() RETURNS text LANGUAGE sql AS $function$
    SELECT concat_ws(', ', p.email, p.display_name, p.role, p.active)
    FROM gateway.principals AS p
    WHERE p.principal_id = '00000000-0000-4000-8000-0000000000ee'
$function$;
CREATE FUNCTION pg_temp.puts(rest text, code text, description text)
RETURNS text LANGUAGE sql AS $function$
    SELECT throws_ok(
        format('SELECT gateway.put_principal(''00000000-0000-4000-8000-0000000000ee'', %s)', rest),
        code, description
    )
$function$;

-- Nobody may, but the DBA's role and the loader.
SELECT be();
SELECT pg_temp.puts($$'a@tap.example', 'A', 'head_office'$$, '42501', 'no persona');
SELECT be_dba();
SET LOCAL ROLE storekeeper_gateway;
SELECT pg_temp.puts($$'a@tap.example', 'A', 'head_office'$$, '42501', 'not the server''s login');
RESET ROLE;
SET LOCAL ROLE storekeeper_owner;
SELECT pg_temp.puts($$'a@tap.example', 'A', 'head_office'$$, '42501', 'nor the tables'' owner');
RESET ROLE;

-- A person is added.
SELECT throws_ok($$SELECT be('ada@tap.example')$$, 'SK401', 'Ada is not known yet');
SET LOCAL ROLE storekeeper_dba;
SELECT lives_ok(
    $$SELECT gateway.put_principal(
        '00000000-0000-4000-8000-0000000000ee', 'ada@tap.example', 'Ada', 'store_managers')$$,
    'the DBA adds her'
);
RESET ROLE;
SELECT is(pg_temp.person(), 'ada@tap.example, Ada, store_managers, t', 'as said, and active');
SELECT lives_ok($$SELECT be('ada@tap.example')$$, 'she may enter');
SELECT is(gateway.tenant_ids(), '{}'::uuid[], 'and has no tenants yet');
SELECT be_dba();

-- and changed:
SELECT gateway.put_tenants(
    '00000000-0000-4000-8000-0000000000ee', '{00000000-0000-4000-8000-000000000002}'
);
SET LOCAL ROLE storekeeper_loader;
SELECT lives_ok(
    $$SELECT gateway.put_principal(
        '00000000-0000-4000-8000-0000000000ee', 'lovelace@tap.example', 'Lovelace',
        'regional_managers')$$,
    'the loader changes her'
);
RESET ROLE;
SELECT is(
    pg_temp.person(), 'lovelace@tap.example, Lovelace, regional_managers, t',
    'e-mail, name and persona'
);
SELECT throws_ok($$SELECT be('ada@tap.example')$$, 'SK401', 'the e-mail of before is nobody''s');
SELECT be('lovelace@tap.example');
SELECT is(current_user::text, 'regional_managers', 'she has the new persona');
SELECT is(
    gateway.tenant_ids(), '{}'::uuid[],
    'and none of the old one''s tenants'
);
SELECT be_dba();

-- shut out, and let in again.
SELECT gateway.put_principal(
    '00000000-0000-4000-8000-0000000000ee', 'lovelace@tap.example', 'Lovelace',
    'regional_managers', false
);
SELECT is(
    pg_temp.person(), 'lovelace@tap.example, Lovelace, regional_managers, f', 'she is inactive'
);
SELECT throws_ok($$SELECT be('lovelace@tap.example')$$, 'SK401', 'and may not enter');
SELECT gateway.put_principal(
    '00000000-0000-4000-8000-0000000000ee', 'lovelace@tap.example', 'Lovelace', 'regional_managers'
);
SELECT lives_ok($$SELECT be('lovelace@tap.example')$$, 'active again, she may');
SELECT be_dba();

-- What can't be
SELECT pg_temp.puts($$'a@tap.example', 'A', 'nobodies'$$, 'SK400', 'a persona that there is not');
SELECT pg_temp.puts($$'a@tap.example', 'A', 'storekeeper_owner'$$, 'SK400', 'a role that is none');
SELECT pg_temp.puts($$'a@tap.example', 'A', NULL$$, 'SK400', 'no persona at all');
SELECT pg_temp.puts($$NULL, 'A', 'head_office'$$, '23502', 'no e-mail');
SELECT pg_temp.puts($$'a@tap.example', NULL, 'head_office'$$, '23502', 'no name');
SELECT pg_temp.puts($$'a@tap.example', 'A', 'head_office', NULL$$, '23502', 'neither in nor out');
SELECT pg_temp.puts(
    $$'seattle@zava.example', 'A', 'head_office'$$, '23505', 'the e-mail of another'
);
SELECT pg_temp.puts(
    $$'SEATTLE@zava.example', 'A', 'head_office'$$, '23505', 'nor in other letters'
);
SELECT is(
    pg_temp.person(), 'lovelace@tap.example, Lovelace, regional_managers, t',
    'she is as she was'
);

SELECT * FROM finish();
ROLLBACK;
