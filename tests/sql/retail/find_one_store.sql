-- retail.find_one_store: the store that a write is about.
BEGIN;
\ir ../tap.sql
SELECT plan(8);

-- Nobody
SELECT be();
SELECT throws_ok('SELECT retail.find_one_store(NULL)', 'SK404', 'nobody has none');

-- The manager
SELECT be('seattle@zava.example');
SELECT is(retail.find_one_store(NULL), '00000000-0000-4000-8000-000000000001', 'the manager''s only one');
SELECT is(retail.find_one_store('SEATTLE'), '00000000-0000-4000-8000-000000000001', 'or by its name');
SELECT throws_ok($$SELECT retail.find_one_store('Bellevue')$$, 'SK404', 'another one is not there');

-- A colleague
SELECT be('bellevue@zava.example');
SELECT is(retail.find_one_store(NULL), '00000000-0000-4000-8000-000000000002', 'a colleague''s is another');

-- A stranger
SELECT be_dba();
SELECT throws_ok($$SELECT be('former@zava.example')$$, 'SK401', 'a deactivated manager is refused');

-- The regional manager, head office
SELECT be('puget-sound@zava.example');
SELECT throws_ok('SELECT retail.find_one_store(NULL)', 'SK400', 'of three, one has to be named');
SELECT be('analyst@zava.example');
SELECT is(retail.find_one_store('Bellevue'), '00000000-0000-4000-8000-000000000002', 'head office names any');

SELECT * FROM finish();
ROLLBACK;
