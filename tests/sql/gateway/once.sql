-- gateway.once: a key is for one call of one person. What two at a time do is in tests/test_writes.py.
BEGIN;
\ir ../tap.sql
SELECT plan(26);

-- Nobody
SELECT be();
SELECT throws_ok($$SELECT gateway.once('t', 'k', '{}')$$, 'SK401', 'nobody has no keys');
SELECT is(gateway.once('t', NULL, '{}'), NULL, 'without a key there is nothing to ask');

-- The manager
SELECT be('seattle@zava.example');
SELECT is(gateway.once('t', 'k', '{"a": 1, "b": [2]}'), NULL, 'the first time: do it');
SELECT throws_ok(
    $$SELECT gateway.once('t', 'k', '{"a": 1, "b": [2]}')$$, 'SK409', 'not twice before there is an answer'
);
SELECT is(gateway.answered('t', 'k', '{"done": 1}'), '{"done": 1}', 'the answer comes back');
SELECT is(
    gateway.once('t', 'k', '{"b": [2], "a": 1}'), '{"done": 1}',
    'the second time: what was told, in whatever order the arguments come'
);
SELECT throws_ok(
    $$SELECT gateway.once('t', 'k', '{"a": 2, "b": [2]}')$$, 'SK409', 'not for other arguments'
);
SELECT throws_ok($$SELECT gateway.once('t', 'k', NULL)$$, 'SK409', 'nor for none');
SELECT is(gateway.once('t2', 'k', '{"a": 2}'), NULL, 'another tool has its own keys');
SELECT is(gateway.once('t', 'K', '{"a": 2}'), NULL, 'letter case tells keys apart');
SELECT is(gateway.once('t', NULL, '{"a": 2}'), NULL, 'without a key, do it');
SELECT is(gateway.once('t', NULL, '{"a": 2}'), NULL, 'and do it again');
SELECT throws_ok($$SELECT gateway.once('t', '', '{}')$$, 'SK400', 'a key is not empty');
SELECT throws_ok($$SELECT gateway.once('t', repeat('k', 201), '{}')$$, 'SK400', 'nor longer than 200');
SELECT is(gateway.once('t', repeat('k', 200), '{}'), NULL, '200 will do');
SELECT is(gateway.once('t', E'\u00fc''; --', '{}'), NULL, 'a key is any text');

-- An answer that is null is one.
SELECT is(gateway.once('t', 'n', '{}'), NULL, 'a call that answers nothing');
SELECT is(gateway.answered('t', 'n', NULL), NULL, 'is answered');
SELECT is(gateway.once('t', 'n', '{}'), 'null', 'and is not done again');

-- What failed was not done.
SAVEPOINT work;
SELECT gateway.once('t', 'f', '{}') AS begun \gset
ROLLBACK TO SAVEPOINT work;
SELECT is(gateway.once('t', 'f', '{}'), NULL, 'what rolled back may be done');

-- It writes, so a transaction that reads can't.
SELECT throws_ok(
    $$SELECT gateway.free_query('SELECT gateway.once(''t'', ''q'', ''{}'')')$$, 'SK403', 'free SQL may not'
);
SELECT throws_ok('SELECT * FROM gateway.answers', '42501', 'what is kept is the gateway''s');

-- A colleague
SELECT be('bellevue@zava.example');
SELECT is(gateway.once('t', 'k', '{"a": 3}'), NULL, 'a colleague''s key of that name is another');
SELECT is(gateway.answered('t', 'k', '{"done": 3}'), '{"done": 3}', 'with another answer');
SELECT be('seattle@zava.example');
SELECT is(gateway.once('t', 'k', '{"a": 1, "b": [2]}'), '{"done": 1}', 'the first is as it was');

-- Who leaves takes the keys along.
SELECT be_dba();
SELECT gateway.put_principal(
    '00000000-0000-4000-8000-0000000000aa', 'new@zava.example', 'New', 'head_office'
) AS made \gset
SELECT be('new@zava.example');
SELECT gateway.once('t', 'k', '{}') AS begun \gset
SELECT be_dba();
DELETE FROM gateway.principals WHERE email = 'new@zava.example';
SELECT is_empty(
    $$SELECT FROM gateway.answers WHERE principal_id = '00000000-0000-4000-8000-0000000000aa'$$,
    'answers go with the person'
);

SELECT * FROM finish();
ROLLBACK;
