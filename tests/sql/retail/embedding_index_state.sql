-- retail.embedding_index_state: who may ask; what it says is in wanted_embedding_index.sql.
BEGIN;
\ir ../tap.sql
SELECT plan(3);

SELECT be('seattle@zava.example');
SELECT throws_ok('SELECT * FROM retail.embedding_index_state()', '42501', 'not the manager');
SELECT be_dba();
SET LOCAL ROLE storekeeper_owner;
SELECT is((SELECT s.ok FROM retail.embedding_index_state() AS s), true, 'the owner');
RESET ROLE;
SELECT is(
    (SELECT d.ok FROM gateway.doctor() AS d WHERE d.subject = 'vector index'), true, 'the doctor, through the gateway'
);

SELECT * FROM finish();
ROLLBACK;
