-- gateway.key_columns: in the order of the key, not of the table.
BEGIN;
\ir ../tap.sql
SELECT plan(2);
SELECT is(
    gateway.key_columns('retail.orders'::regclass, '{2, 1}'), '(order_id, store_id)',
    'as the key has them'
);
SELECT be('seattle@zava.example');
SELECT throws_ok(
    $$SELECT gateway.key_columns(0, '{1}')$$, '42501', 'no persona asks for itself'
);

SELECT * FROM finish();
ROLLBACK;
