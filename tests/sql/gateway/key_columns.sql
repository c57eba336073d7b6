-- gateway.key_columns: in the order of the key, not of the table.
BEGIN;
\ir ../tap.sql
SELECT plan(1);
SELECT be('seattle@zava.example');
SELECT is(
    gateway.key_columns('retail.orders'::regclass, '{2, 1}'), '(order_id, store_id)',
    'as the key has them'
);

SELECT * FROM finish();
ROLLBACK;
