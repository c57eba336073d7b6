-- gateway.telling_functions: what tells of the server; and all that analysts need stays.
BEGIN;
\ir ../tap.sql
SELECT plan(41);

-- Nobody asks: the gateway does.
SELECT be('analyst@zava.example');
SELECT throws_ok('SELECT * FROM gateway.telling_functions()', '42501', 'no persona');
SELECT be_dba();
SET LOCAL ROLE storekeeper_gateway;
SELECT throws_ok('SELECT * FROM gateway.telling_functions()', '42501', 'not the server''s login');
RESET ROLE;

SELECT is(
    (SELECT array_agg(DISTINCT family ORDER BY family) FROM gateway.telling_functions()),
    '{introspection,statistics,waiting}'::text[], 'the families'
);
SELECT is_empty(
    $$SELECT function_oid FROM (
            SELECT * FROM gateway.telling_functions()
            UNION ALL SELECT * FROM gateway.acting_functions()
        ) AS f
        GROUP BY function_oid HAVING count(*) > 1$$,
    'a function is in one, and none of them acts'
);
SELECT is_empty(
    $$SELECT f.function_oid::regprocedure
        FROM gateway.telling_functions() AS f
        WHERE EXISTS (SELECT FROM pg_operator AS o WHERE o.oprcode = f.function_oid)
           OR EXISTS (SELECT FROM pg_cast AS c WHERE c.castfunc = f.function_oid)
           OR EXISTS (SELECT FROM pg_aggregate AS a
                WHERE f.function_oid IN (a.aggfnoid, a.aggtransfn, a.aggfinalfn, a.aggcombinefn))
           OR EXISTS (SELECT FROM pg_amproc AS a WHERE a.amproc = f.function_oid)
           OR EXISTS (SELECT FROM pg_type AS t WHERE f.function_oid IN (
                t.typinput, t.typoutput, t.typreceive, t.typsend, t.typmodin, t.typmodout,
                t.typsubscript))$$,
    'none is behind an operator, a cast, an aggregate, an index or a type'
);

-- Hardened: complete
SELECT gateway.harden('own');
CREATE TEMP TABLE callable ON COMMIT DROP AS
SELECT DISTINCT p.proname, p.provolatile
FROM pg_proc AS p, gateway.personas AS n
WHERE p.pronamespace = 'pg_catalog'::regnamespace
  AND has_function_privilege('sandbox_' || n.role, p.oid, 'EXECUTE')
  AND p.prokind IN ('f', 'p')
  AND NOT p.proargtypes::oid[] && ARRAY['cstring'::regtype, 'internal'::regtype]::oid[]
  AND p.prorettype::regtype::text <> ALL ('{cstring,internal,trigger,event_trigger}')
  AND NOT EXISTS (SELECT FROM pg_operator AS o WHERE o.oprcode = p.oid)
  AND NOT EXISTS (SELECT FROM pg_type AS t WHERE p.oid IN (t.typsend, t.typreceive));
SELECT is_empty(
    $$SELECT proname FROM callable
        WHERE provolatile = 'v' AND proname <> ALL ('{
            array_sample,array_shuffle,clock_timestamp,currval,gen_random_uuid,lastval,nextval,random,
            random_normal,setval,timeofday,uuidv4,uuidv7}')$$,
    'of the volatile ones a sandbox has only harmless ones, and those of sequences that it has none of'
);
SELECT is_empty(
    $$SELECT proname FROM callable
        WHERE proname ~ '^(pg_|has_|txid_|inet_(client|server)_|current_)'
          AND proname !~ '^pg_(lsn|size_)' AND proname <> ALL ('{
            current_database,current_schema,current_user,pg_basetype,pg_collation_for,
            pg_column_compression,pg_column_size,pg_input_error_info,pg_input_is_valid,pg_typeof}')$$,
    'and none that is called like those that tell'
);
SELECT is_empty(
    $$SELECT c.oid::regclass
        FROM pg_class AS c, gateway.personas AS n
        WHERE c.relkind = 'S' AND c.relnamespace::regnamespace::text !~ '^pg_temp'
          AND has_sequence_privilege('sandbox_' || n.role, c.oid, 'USAGE, SELECT, UPDATE')$$,
    'no sequence is a sandbox''s'
);
SELECT be('seattle@zava.example');
SELECT throws_ok(format('SELECT gateway.free_query(%L)', query), '42501', query)
FROM unnest(ARRAY[
    'SELECT pg_sleep(0)', 'SELECT current_setting(''work_mem'')', 'SELECT current_setting(''x'', true)',
    'SELECT pg_backend_pid()', 'SELECT pg_relation_size(''orders'')', 'SELECT pg_database_size(''postgres'')',
    'SELECT pg_stat_get_live_tuples(1)', 'SELECT pg_get_viewdef(1)', 'SELECT inet_client_addr()',
    'SELECT has_table_privilege(''orders'', ''SELECT'')', 'SELECT pg_has_role(''head_office'', ''USAGE'')',
    'SELECT current_query()', 'SELECT pg_stat_file(''x'')', 'SELECT pg_ls_dir(''.'')',
    'SELECT age(xid ''3'')', 'SELECT pg_current_wal_lsn()', 'SELECT pg_postmaster_start_time()',
    'SELECT * FROM pg_lock_status()', 'SELECT txid_current_if_assigned()',
    'SELECT * FROM pg_class', 'SELECT * FROM information_schema.tables', 'SELECT relname FROM pg_class',
    'SELECT obj_description(1, ''pg_class'')', 'SELECT * FROM pg_stats'
]) AS query;

-- And what is left is whole.
SELECT is(
    gateway.free_query(
        $$SELECT random() < 1 AS a, pg_typeof(1)::text AS b, length(gen_random_uuid()::text) AS c,
            pg_size_pretty(1024::bigint) AS d, clock_timestamp() > now() AS e, current_database() <> '' AS f,
            pg_input_is_valid('1', 'integer') AS g, age(date '2026-01-02', date '2026-01-01') AS h$$
    ) ->> 'rows',
    '[{"a":true,"b":"integer","c":36,"d":"1024 bytes","e":true,"f":true,"g":true,"h":"1 day"}]',
    'harmless ones'
);

-- Each operator and cast between base types, each aggregate and window function. The rights on a function
-- are looked up before its first row; OFFSET keeps the planner from doing away with the call.
SELECT be_dba();
CREATE TEMP TABLE expression ON COMMIT DROP AS
SELECT format(
        'SELECT %s OPERATOR(pg_catalog.%s) v.b FROM (SELECT NULL::%s AS a, NULL::%s AS b OFFSET 0) AS v',
        CASE WHEN o.oprleft <> 0 THEN 'v.a' END, o.oprname,
        coalesce(l.oid, r.oid)::regtype, r.oid::regtype
    ) AS query
FROM pg_operator AS o
JOIN pg_type AS r ON r.oid = o.oprright AND r.typtype IN ('b', 'r', 'm')
LEFT JOIN pg_type AS l ON l.oid = o.oprleft
WHERE o.oprnamespace = 'pg_catalog'::regnamespace
  AND (o.oprleft = 0 OR l.typtype IN ('b', 'r', 'm'))
UNION ALL
SELECT format(
        'SELECT v.a::%s FROM (SELECT NULL::%s AS a OFFSET 0) AS v', c.casttarget::regtype,
        c.castsource::regtype
    )
FROM pg_cast AS c
UNION ALL
SELECT format('SELECT NULL::text::%s::text', t.oid::regtype)
FROM pg_type AS t
WHERE t.typnamespace = 'pg_catalog'::regnamespace AND t.typtype = 'b' AND t.typcategory <> 'A';
GRANT SELECT ON expression TO PUBLIC;
CREATE FUNCTION pg_temp.refused() RETURNS SETOF text LANGUAGE plpgsql AS $function$
DECLARE
    v_query text;
BEGIN
    FOR v_query IN SELECT query FROM expression LOOP
        BEGIN
            EXECUTE v_query;
        EXCEPTION WHEN insufficient_privilege THEN
            RETURN NEXT v_query;
        END;
    END LOOP;
END
$function$;
SELECT ok(count(*) > 900, 'there are many operators and casts') FROM expression;
SELECT be('seattle@zava.example');
SELECT is_empty('SELECT pg_temp.refused()', 'a persona may use each');
SET LOCAL ROLE NONE;
SET LOCAL ROLE sandbox_store_managers;
SELECT is_empty('SELECT pg_temp.refused()', 'so may its sandbox');
SELECT be_dba();
SELECT is_empty(
    $$SELECT p.oid::regprocedure FROM pg_proc AS p
        WHERE p.prokind IN ('a', 'w')
          AND p.pronamespace::regnamespace::text IN ('pg_catalog', 'public')
          AND NOT has_function_privilege('sandbox_store_managers', p.oid, 'EXECUTE')$$,
    'and each aggregate and window function'
);
SELECT is_empty(
    $$SELECT p.oid::regprocedure FROM pg_proc AS p
        WHERE p.provolatile = 'i' AND p.pronamespace = 'pg_catalog'::regnamespace
          AND NOT has_function_privilege('sandbox_store_managers', p.oid, 'EXECUTE')
          AND p.proname !~ '^(pg|has|txid)_|binary_upgrade'$$,
    'what depends on nothing but its arguments is everybody''s'
);

-- A control of those tests
REVOKE EXECUTE ON FUNCTION int4pl FROM PUBLIC;
SELECT be('seattle@zava.example');
SELECT is(
    (SELECT count(*) FROM pg_temp.refused() AS q WHERE q ~ 'v\.a OPERATOR\(pg_catalog\.\+\) v.b'), 1::bigint,
    'an operator whose function is taken is refused'
);
SELECT be_dba();

-- Less than the rules cover
SELECT is_empty(
    $$SELECT p.oid::regprocedure FROM pg_proc AS p
        JOIN gateway.telling_functions() AS f ON f.function_oid = p.oid
        WHERE p.pronamespace <> 'pg_catalog'::regnamespace$$,
    'functions of others are not in it'
);
SELECT is(
    (SELECT string_agg(DISTINCT p.proname, ' ' ORDER BY p.proname)
        FROM gateway.telling_functions() AS f JOIN pg_proc AS p ON p.oid = f.function_oid
        WHERE f.family = 'waiting'),
    'pg_sleep pg_sleep_for pg_sleep_until', 'what waits'
);

SELECT * FROM finish();
ROLLBACK;
