-- tool.who_am_i: the caller, by the signed identity.
BEGIN;
\ir ../tap.sql
SELECT plan(6);

-- Nobody
SELECT be();
SELECT results_eq(
    'SELECT name, email, role, stores FROM tool.who_am_i()',
    'SELECT NULL::text, NULL::text, NULL::text, NULL::text[]', 'nobody is nobody'
);

-- The manager
SELECT be('seattle@zava.example');
SELECT results_eq(
    'SELECT email, role, stores FROM tool.who_am_i()',
    $$SELECT 'seattle@zava.example', 'store_managers', ARRAY['Zava Retail Seattle']$$,
    'the manager, and the store'
);

-- A colleague
SELECT be('bellevue@zava.example');
SELECT is(
    (SELECT stores FROM tool.who_am_i()), ARRAY['Zava Retail Bellevue'], 'a colleague has their own'
);

-- A stranger
SELECT be_dba();
SELECT throws_ok($$SELECT be('former@zava.example')$$, 'SK401', 'a deactivated manager is refused');

-- The regional manager
SELECT be('puget-sound@zava.example');
SELECT is(
    (SELECT stores FROM tool.who_am_i()),
    ARRAY['Zava Retail Everett', 'Zava Retail Seattle', 'Zava Retail Tacoma'],
    'the stores of the region'
);

-- Head office
SELECT be('analyst@zava.example');
SELECT results_eq(
    'SELECT role, cardinality(stores) FROM tool.who_am_i()', $$SELECT 'head_office', 8$$,
    'every store'
);

SELECT * FROM finish();
ROLLBACK;
