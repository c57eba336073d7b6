-- gateway.install_key: which keys are taken, and which one is in force.
BEGIN;
\ir ../tap.sql
SELECT plan(25);

CREATE FUNCTION pg_temp.key(bytes integer, filling text DEFAULT 'aa')
RETURNS bytea LANGUAGE sql AS $function$
    SELECT decode(repeat(filling, bytes), 'hex')
$function$;
CREATE FUNCTION pg_temp.mac_of(text) RETURNS text LANGUAGE sql AS $function$
    SELECT encode(gateway.mac($1, 'what do ya want for nothing?'), 'hex')
$function$;

-- Both are there already: the database's own by its migration, the server's by storekeeper init.
SELECT results_eq(
    'SELECT name FROM gateway.keys ORDER BY name', $$VALUES ('assertion'), ('context')$$,
    'both keys are there'
);
SELECT pg_temp.mac_of('assertion') AS mac_before \gset
SELECT is(
    gateway.install_key('assertion', pg_temp.key(48)), false, 'the key that is there stays in force'
);
SELECT is(pg_temp.mac_of('assertion'), :'mac_before', 'and its MACs are the same as before');
SELECT is(
    gateway.install_key('assertion', pg_temp.key(48), false), false, 'replace false says the same'
);

-- Replaced
SELECT is(
    gateway.install_key('assertion', pg_temp.key(48), true), true, 'replace true puts it in force'
);
SELECT is(
    pg_temp.mac_of('assertion'),
    '3b0c07ffae4a294bbaf9f3fccb4e78fdbcf6a4f5dde928bd0450871f800e24a1',
    'and its MACs are those of Python''s hmac'
);
SELECT is(
    gateway.install_key('assertion', pg_temp.key(48)), true,
    'the same key again is in force, replaced or not'
);
SELECT results_eq(
    'SELECT count(*) FROM gateway.keys', 'VALUES (2::bigint)', 'there is one of each name'
);
SELECT isnt(pg_temp.mac_of('context'), pg_temp.mac_of('assertion'), 'the other key is another one');

-- The first one
DELETE FROM gateway.keys WHERE name = 'assertion';
SELECT is(pg_temp.mac_of('assertion'), NULL, 'with no key there is no MAC');
SELECT is(
    gateway.install_key('assertion', pg_temp.key(48)), true, 'the first key needs no replace'
);
SELECT is(
    pg_temp.mac_of('assertion'),
    '3b0c07ffae4a294bbaf9f3fccb4e78fdbcf6a4f5dde928bd0450871f800e24a1', 'and is in force'
);

-- Lengths
SELECT throws_ok(
    $$SELECT gateway.install_key('assertion', pg_temp.key(31), true)$$, 'SK400',
    '31 bytes are too few'
);
SELECT is(gateway.install_key('assertion', pg_temp.key(32, '0b'), true), true, '32 are enough');
SELECT is(gateway.install_key('assertion', pg_temp.key(64, '0c'), true), true, '64 are fine');
SELECT throws_ok(
    $$SELECT gateway.install_key('assertion', pg_temp.key(65), true)$$, 'SK400',
    '65 bytes are too many'
);
SELECT throws_ok(
    $$SELECT gateway.install_key('assertion', '', true)$$, 'SK400', 'nothing is no key'
);
SELECT throws_ok(
    $$SELECT gateway.install_key('assertion', NULL, true)$$, '22004', 'nor is NULL'
);
SELECT is_empty(
    $$SELECT 1 FROM gateway.keys WHERE position(pg_temp.key(32, '0c') IN inner_pad) > 0$$,
    'the key itself is not what is kept'
);

-- Names
SELECT throws_ok(
    $$SELECT gateway.install_key('third', pg_temp.key(32))$$, '23514', 'there is no third key'
);
SELECT throws_ok(
    $$SELECT gateway.install_key(NULL, pg_temp.key(32))$$, '23502', 'and none without a name'
);

-- Who may
SELECT be();
SELECT throws_ok(
    $$SELECT gateway.install_key('context', pg_temp.key(32), true)$$, '42501', 'no persona'
);
SELECT be_dba();
SET LOCAL ROLE storekeeper_gateway;
SELECT throws_ok(
    $$SELECT gateway.install_key('assertion', pg_temp.key(32), true)$$, '42501',
    'not the server''s login'
);
RESET ROLE;
SET LOCAL ROLE storekeeper_dba;
SELECT lives_ok(
    $$SELECT gateway.install_key('assertion', pg_temp.key(32), true)$$, 'the DBA''s role'
);
SELECT throws_ok('SELECT * FROM gateway.keys', '42501', 'who still can''t read them');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
