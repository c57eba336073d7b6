-- gateway.answered: only of a call that this transaction began, and once.
BEGIN;
\ir ../tap.sql
SELECT plan(9);

-- Nobody
SELECT be();
SELECT throws_ok($$SELECT gateway.answered('t', 'k', '1')$$, 'SK409', 'nobody has begun a call');
SELECT is(gateway.answered('t', NULL, '1'), '1', 'without a key it only hands the answer on');

-- The manager
SELECT be('seattle@zava.example');
SELECT throws_ok($$SELECT gateway.answered('t', 'k', '1')$$, 'SK409', 'no call was begun');
SELECT gateway.once('t', 'k', '{}') AS begun \gset
SELECT throws_ok($$SELECT gateway.answered('t2', 'k', '1')$$, 'SK409', 'not one of that tool');
SELECT is(gateway.answered('t', 'k', '1'), '1', 'the answer is kept');
SELECT throws_ok($$SELECT gateway.answered('t', 'k', '2')$$, 'SK409', 'what was told stays as it is');
SELECT is(gateway.once('t', 'k', '{}'), '1', 'as it is told again');

-- A colleague
SELECT be('bellevue@zava.example');
SELECT throws_ok($$SELECT gateway.answered('t', 'k', '1')$$, 'SK409', 'a colleague answers for nobody else');

-- Of another transaction
SELECT be_dba();
INSERT INTO gateway.answers (principal_id, tool, key, arguments_digest, at)
VALUES ('00000000-0000-4000-8000-000000000101', 't', 'old', '', now() - interval '1 minute');
SELECT be('seattle@zava.example');
SELECT throws_ok($$SELECT gateway.answered('t', 'old', '1')$$, 'SK409', 'nor is a call of an earlier transaction answered now');

SELECT * FROM finish();
ROLLBACK;
