-- retail.exact_search_limit: the wider the vectors, the fewer.
BEGIN;
\ir ../tap.sql
SELECT plan(5);

SELECT be('seattle@zava.example');
SELECT is(retail.exact_search_limit(256), 10000, 'the manager, for the built-in model');
SELECT is(retail.exact_search_limit(1536), 1666, 'six times as wide');
SELECT is(retail.exact_search_limit(16000), 160, 'the widest that pgvector has');
SELECT ok(retail.exact_search_limit(NULL) > 0, 'a number where there are no vectors');
SELECT be_dba();
SELECT is(has_function_privilege('storekeeper_definer', 'retail.exact_search_limit(integer)', 'EXECUTE'), true, 'the doctor');

SELECT * FROM finish();
ROLLBACK;
