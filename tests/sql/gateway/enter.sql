-- gateway.enter: what holds from there to the end of the transaction, and who may call what.
BEGIN;
\ir ../tap.sql
SELECT plan(42);

SELECT gateway.install_key(
    'assertion', '\x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', true
) AS key_installed \gset
CREATE FUNCTION pg_temp.word(principal text)
RETURNS text LANGUAGE sql SECURITY DEFINER AS $function$
    SELECT claim || '|' || encode(gateway.mac('assertion', claim), 'hex')
    FROM concat_ws(
        '|', 'v1', principal, trunc(extract(epoch FROM clock_timestamp())) + 60, 'c0ffee'
    ) AS claim
$function$;
CREATE FUNCTION pg_temp.enters(principal text, description text)
RETURNS text LANGUAGE sql AS $function$
    SELECT lives_ok(
        format('SELECT gateway.enter(%L, ''r1'', 5000)', pg_temp.word(principal)), description
    )
$function$;
CREATE FUNCTION pg_temp.refuses(assertion text, code text, description text)
RETURNS text LANGUAGE sql AS $function$
    SELECT throws_ok(
        format('SELECT gateway.enter(%L, ''r1'', 5000)', assertion), code, description
    )
$function$;
SELECT count(*) AS every,
    count(*) FILTER (WHERE store_id = '00000000-0000-4000-8000-000000000001') AS seattle,
    count(*) FILTER (WHERE store_id = '00000000-0000-4000-8000-000000000002') AS bellevue
FROM retail.orders \gset

-- Nobody
SET LOCAL SESSION AUTHORIZATION storekeeper_gateway;
SELECT throws_ok('SELECT 1 FROM retail.orders', '42501', 'the server''s login reads nothing');
SELECT pg_temp.refuses(NULL, 'SK401', 'no assertion, no entry');
SELECT pg_temp.refuses('', 'SK401', 'nor by an empty one');
SELECT pg_temp.refuses(
    regexp_replace(pg_temp.word('seattle@zava.example'), '.{8}$', 'ffffffff'), 'SK401',
    'nor by a bad one'
);
SELECT is(current_user::text, 'storekeeper_gateway', 'who is refused has no other role');
SELECT is(
    coalesce(tap.setting('storekeeper.context', true), ''), '', 'and no identity'
);

-- The manager
SELECT pg_temp.enters('seattle@zava.example', 'the manager enters');
SELECT is(current_user::text, 'store_managers', 'with the role of their persona');
SELECT is(tap.setting('statement_timeout'), '5s', 'the timeout asked for');
SELECT is(tap.setting('application_name'), 'storekeeper r1', 'the request''s name');
SELECT is(
    gateway.principal_id(), '00000000-0000-4000-8000-000000000101', 'and their identity'
);
SELECT is(
    (SELECT count(*) FROM retail.orders), :'seattle'::bigint, 'they see their store''s orders'
);

-- Once is all.
SELECT pg_temp.refuses(
    pg_temp.word('bellevue@zava.example'), '42501', 'a persona can''t enter as another person'
);
RESET ROLE;
SELECT pg_temp.refuses(
    pg_temp.word('bellevue@zava.example'), 'SK403', 'nor can the login, in this transaction'
);
SELECT pg_temp.enters('seattle@zava.example', 'the same person again does no harm');
RESET ROLE;
SET LOCAL SESSION AUTHORIZATION DEFAULT;
SELECT be_dba();

-- A colleague
SET LOCAL SESSION AUTHORIZATION storekeeper_gateway;
SELECT pg_temp.enters('bellevue@zava.example', 'a colleague enters');
SELECT is(
    (SELECT count(*) FROM retail.orders), :'bellevue'::bigint, 'and sees their own store''s orders'
);
SET LOCAL SESSION AUTHORIZATION DEFAULT;
SELECT be_dba();

-- A stranger
SET LOCAL SESSION AUTHORIZATION storekeeper_gateway;
SELECT pg_temp.refuses(pg_temp.word('former@zava.example'), 'SK401', 'not who is deactivated');
SELECT pg_temp.refuses(pg_temp.word('unknown@zava.example'), 'SK401', 'nor who is unknown');

-- The regional manager
SELECT pg_temp.enters('puget-sound@zava.example', 'the regional manager enters');
SELECT is(current_user::text, 'regional_managers', 'with their role');
SET LOCAL SESSION AUTHORIZATION DEFAULT;
SELECT be_dba();

-- Head office
SET LOCAL SESSION AUTHORIZATION storekeeper_gateway;
SELECT pg_temp.enters('analyst@zava.example', 'head office enters');
SELECT is(current_user::text, 'head_office', 'with its role');
SELECT is((SELECT count(*) FROM retail.orders), :'every'::bigint, 'and sees every order');
SET LOCAL SESSION AUTHORIZATION DEFAULT;
SELECT be_dba();

-- The timeout
CREATE FUNCTION pg_temp.works() RETURNS text LANGUAGE plpgsql AS $function$
BEGIN
    PERFORM count(*) FROM generate_series(1, 1000000000);
    RETURN 'to the end';
EXCEPTION WHEN query_canceled THEN
    RETURN SQLSTATE;
END
$function$;
SET LOCAL SESSION AUTHORIZATION storekeeper_gateway;
SELECT throws_ok(
    format(
        'SELECT gateway.enter(%L, ''r1'', -1)', pg_temp.word('seattle@zava.example')
    ), '22023', 'a timeout below zero is none'
);
SELECT gateway.enter(pg_temp.word('seattle@zava.example'), 'r1', 100);
SELECT is(pg_temp.works(), '57014', 'a statement that lasts longer is canceled');
SET LOCAL SESSION AUTHORIZATION DEFAULT;
SELECT be_dba();
SET LOCAL statement_timeout = 0;

-- Without a key
DELETE FROM gateway.keys WHERE name = 'assertion';
SELECT pg_temp.refuses(
    pg_temp.word('seattle@zava.example'), 'SK401', 'without a key nobody enters'
);

-- Who may execute what of schema gateway, the owner aside. By name, as rights are inherited too.
CREATE FUNCTION pg_temp.may_execute(role text) RETURNS text LANGUAGE sql AS $function$
    SELECT string_agg(p.proname, ' ' ORDER BY p.proname)
    FROM pg_proc AS p
    WHERE p.pronamespace = 'gateway'::regnamespace
      AND has_function_privilege(role, p.oid, 'EXECUTE')
$function$;
SELECT is(
    pg_temp.may_execute('storekeeper_gateway'),
    'applied_migrations assume authenticate embedding_state enter fail_texts health login_faults maintain '
    'put_embeddings record_calls seal_calls snapshot take_texts unchanged_since watched_tables', 'the server''s login'
);
SELECT is(
    pg_temp.may_execute(persona),
    'admit_free_query answered catalog describe_table free_query once persona principal_id progress '
    'tenant_ids visible_tables who',
    persona
) FROM unnest('{store_managers,regional_managers,head_office}'::text[]) AS persona;
SELECT is(
    pg_temp.may_execute('operators'),
    'admit_free_query answered catalog describe_table free_query once performance persona principal_id progress '
    'tenant_ids visible_tables who', 'operators'
);
SELECT is(
    pg_temp.may_execute('storekeeper_auditor'), 'performance stats verify_calls', 'the auditors'' role'
);
SELECT is(
    pg_temp.may_execute('sandbox_' || persona),
    'admit_free_query answered catalog describe_table explain_query free_query near_names once persona '
    'principal_id progress query_types run_query tenant_ids visible_tables who',
    'sandbox_' || persona
) FROM unnest('{store_managers,regional_managers,head_office}'::text[]) AS persona;
SELECT is(
    pg_temp.may_execute('storekeeper_dba'),
    'accept_exposures activate_model add_persona applied_migrations assume begin_model catalog describe_table '
    'doctor drop_persona embedding_state exposures fail_texts harden impersonate install_key keep login_faults '
    'make_sandbox people performance persona progress publishable put_embeddings put_principal put_tenant '
    'put_tenants sign_impersonation stats take_texts verify_calls visible_tables who',
    'the DBA''s role'
);
SELECT is(
    pg_temp.may_execute('storekeeper_loader'),
    'describe_table note_change people persona progress put_principal put_tenant put_tenants queue_texts '
    'visible_tables',
    'the loader'
);
SELECT is(
    pg_temp.may_execute('storekeeper_owner'),
    'describe_table note_change persona put_tenant put_tenants queue_texts visible_tables', 'the owner of the tables'
);
SELECT is(pg_temp.may_execute('public'), NULL, 'PUBLIC');
SELECT is_empty(
    $$SELECT r.rolname, c.relname
        FROM pg_roles AS r, pg_class AS c
        WHERE c.relnamespace = 'gateway'::regnamespace AND c.relkind IN ('r', 'p', 'v')
          AND r.rolname IN ('storekeeper_gateway', 'storekeeper_dba', 'storekeeper_owner',
            'storekeeper_loader', 'store_managers', 'sandbox_store_managers', 'regional_managers',
            'sandbox_regional_managers', 'head_office', 'sandbox_head_office', 'operators',
            'sandbox_operators', 'storekeeper_trusted')
          AND (has_any_column_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE')
            OR has_table_privilege(r.oid, c.oid, 'DELETE, TRUNCATE'))$$,
    'and nobody touches gateway''s tables'
);
SELECT results_eq(
    $$SELECT c.oid::regclass::text, p.privilege
        FROM pg_class AS c, unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE}'::text[]) AS p (privilege)
        WHERE c.relnamespace = 'gateway'::regnamespace AND c.relkind IN ('r', 'p', 'v')
          AND has_table_privilege('storekeeper_auditor', c.oid, p.privilege)
        ORDER BY 1$$,
    $$VALUES ('gateway.calls', 'SELECT'), ('gateway.seals', 'SELECT')$$,
    'but auditors, who read the record and its seals'
);

SELECT * FROM finish();
ROLLBACK;
