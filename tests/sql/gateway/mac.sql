-- gateway.mac: HMAC-SHA256, against values that Python's hmac computed.
BEGIN;
\ir ../tap.sql
SELECT plan(14);

-- A key of 32 bytes, the shortest.
SELECT is(
    gateway.install_key(
        'assertion', '\x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', true
    ),
    true, 'a key of 32 bytes'
);
SELECT is(
    encode(gateway.mac('assertion', 'what do ya want for nothing?'), 'hex'),
    '099805f4ac310786968565c098db515cc50862b420ae31e20238312344bed36a', 'has this MAC of a text'
);
SELECT is(
    encode(gateway.mac('assertion', ''), 'hex'),
    'd38b42096d80f45f826b44a9d5607de72496a415d3f4a1a8c88e3bb9da8dc1cb', 'this of the empty text'
);
SELECT is(
    encode(gateway.mac('assertion', repeat('x', 200)), 'hex'),
    '7b48ae507721b7feb27d8403d20568ca6d1e003dba73751f869cae6163653c59', 'this of a long one'
);
SELECT is(
    encode(gateway.mac('assertion', U&'Zo\00EB \2013 \65E5\672C'), 'hex'),
    'fa266b3a42cddd5cc4c0a20ac6dd9dc195179aa96b1952d5a4c35a380fe1ca0b',
    'and this of what is no ASCII: its UTF-8 is meant'
);

-- One of 64 bytes, the longest.
SELECT is(
    gateway.install_key(
        'context',
        '\x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f'
        '202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f',
        true
    ),
    true, 'a key of 64 bytes'
);
SELECT is(
    encode(gateway.mac('context', 'what do ya want for nothing?'), 'hex'),
    '5431cc41830bee7889a6b5d04b33877387ea9b8170759f4dca4323cfb5725508', 'has this MAC of a text'
);
SELECT is(
    encode(gateway.mac('context', repeat('x', 200)), 'hex'),
    '52fd44b1fdd78b34d0f057a61b148eaed55fa024e2a0422e5182887b367f7727', 'and this of a long one'
);

-- What there is no MAC of
SELECT is(gateway.mac('context', NULL), NULL, 'no text, no MAC');
SELECT is(gateway.mac('third', 'text'), NULL, 'no key, no MAC');

-- Who may compute one: nobody but gateway's own functions.
SELECT be();
SELECT throws_ok($$SELECT gateway.mac('context', 'x')$$, '42501', 'no persona');
SELECT be_dba();
SET LOCAL ROLE storekeeper_gateway;
SELECT throws_ok($$SELECT gateway.mac('assertion', 'x')$$, '42501', 'not the server''s login');
RESET ROLE;
SET LOCAL ROLE storekeeper_owner;
SELECT throws_ok($$SELECT gateway.mac('context', 'x')$$, '42501', 'not the owner of the tables');
RESET ROLE;
SET LOCAL ROLE storekeeper_dba;
SELECT throws_ok($$SELECT gateway.mac('context', 'x')$$, '42501', 'not the DBA''s role');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
