-- retail.time_zone: one that PostgreSQL knows, and the sandbox's.
BEGIN;
\ir ../tap.sql
SELECT plan(2);
SELECT isnt_empty(
    'SELECT 1 FROM pg_timezone_names WHERE name = retail.time_zone()',
    'the server knows the time zone'
);
SELECT is_empty(
    $$SELECT 1 FROM gateway.personas
        WHERE free_sql_path ~ 'retail' AND free_sql_zone <> retail.time_zone()$$,
    'free SQL tells days apart in the same zone'
);

SELECT * FROM finish();
ROLLBACK;
