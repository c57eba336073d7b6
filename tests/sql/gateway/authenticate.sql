-- gateway.authenticate: the server's word for a person, and what is no such word.
BEGIN;
\ir ../tap.sql
SELECT plan(36);

-- The key of the words that Python computed below.
SELECT gateway.install_key(
    'assertion', '\x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', true
) AS key_installed \gset

-- A claim with its right MAC; the server's login may call this but can't compute a MAC itself.
CREATE FUNCTION pg_temp.sign(claim text) RETURNS text LANGUAGE sql SECURITY DEFINER AS $function$
    SELECT claim || '|' || encode(gateway.mac('assertion', claim), 'hex')
$function$;
CREATE FUNCTION pg_temp.word(principal text, seconds integer DEFAULT 60)
RETURNS text LANGUAGE sql AS $function$
    SELECT pg_temp.sign(concat_ws(
        '|', 'v1', principal, trunc(extract(epoch FROM clock_timestamp())) + seconds, 'c0ffee'
    ))
$function$;
CREATE FUNCTION pg_temp.persona_of(assertion text) RETURNS text LANGUAGE sql AS $function$
    SELECT a.persona::text FROM gateway.authenticate(assertion) AS a
$function$;
CREATE FUNCTION pg_temp.refuses(assertion text, description text)
RETURNS text LANGUAGE sql AS $function$
    SELECT throws_ok(
        format('SELECT gateway.authenticate(%L)', assertion), 'SK401', description
    )
$function$;

-- Nobody
SET LOCAL SESSION AUTHORIZATION storekeeper_gateway;
SELECT pg_temp.refuses(NULL, 'no word at all');
SELECT pg_temp.refuses('', 'an empty one');
SELECT pg_temp.refuses('||||', 'one of empty parts');
SELECT pg_temp.refuses('seattle@zava.example', 'a bare name');

-- The manager
SELECT is(pg_temp.persona_of(pg_temp.word('seattle@zava.example')), 'store_managers', 'by e-mail');
SELECT is(
    pg_temp.persona_of(pg_temp.word('00000000-0000-4000-8000-000000000101')), 'store_managers',
    'by id'
);
SELECT is(
    pg_temp.persona_of(
        'v1|seattle@zava.example|9999999999|c0ffee|'
        '068877364bf3c080c0f2f2ef0792285273fe85ec80dd96e191a90e38316d886b'
    ),
    'store_managers', 'with the MAC that Python''s hmac gives'
);
SELECT is(
    pg_temp.persona_of(pg_temp.sign('v1|seattle@zava.example|9999999999|')), 'store_managers',
    'the nonce is the server''s affair'
);
SELECT a.context AS seattle
FROM gateway.authenticate(pg_temp.word('seattle@zava.example')) AS a \gset
SET LOCAL SESSION AUTHORIZATION DEFAULT;
SELECT is(
    (SELECT s.context FROM gateway.sign_context('seattle@zava.example') AS s), :'seattle',
    'what comes back is the signed context'
);
SET LOCAL SESSION AUTHORIZATION storekeeper_gateway;

-- A bad MAC
SELECT pg_temp.refuses(
    regexp_replace(pg_temp.word('seattle@zava.example'), '[^|]*$', repeat('0', 64)),
    'a MAC made up'
);
SELECT pg_temp.refuses(
    regexp_replace(pg_temp.word('seattle@zava.example'), '[^|]*$', ''), 'an empty MAC'
);
SELECT pg_temp.refuses(
    left(pg_temp.word('seattle@zava.example'), -1), 'a MAC that lacks its last digit'
);
SELECT pg_temp.refuses(
    replace(pg_temp.word('seattle@zava.example'), 'seattle', 'bellevue'),
    'another''s name under this MAC'
);
SELECT pg_temp.refuses(
    replace(pg_temp.sign('v1|seattle@zava.example|1000000000|c0ffee'), '1000000000', '9999999999'),
    'a later expiry under this MAC'
);
SELECT pg_temp.refuses(
    replace(pg_temp.word('seattle@zava.example'), 'c0ffee', 'decaf'), 'another nonce under this MAC'
);

-- Not any more
SELECT pg_temp.refuses(pg_temp.word('seattle@zava.example', -1), 'one that expired a second ago');
SELECT pg_temp.refuses(pg_temp.word('seattle@zava.example', 0), 'one that expires now');
SELECT is(
    pg_temp.persona_of(pg_temp.word('seattle@zava.example', 5)), 'store_managers',
    'one that expires soon is good'
);

-- A right MAC under what is no word
SELECT pg_temp.refuses(
    pg_temp.sign('v2|seattle@zava.example|9999999999|c0ffee'), 'another version'
);
SELECT pg_temp.refuses(pg_temp.sign('v1|seattle@zava.example|9999999999'), 'a part too few');
SELECT pg_temp.refuses(
    pg_temp.sign('v1|seattle@zava.example|9999999999|c0ffee|more'), 'a part too many'
);
SELECT pg_temp.refuses(
    pg_temp.sign('v1|seattle@zava.example|9999999999|c0ffee') || '|more',
    'a part behind the MAC'
);
SELECT pg_temp.refuses(
    pg_temp.sign('v1|seattle@zava.example|tomorrow..|c0ffee'), 'an expiry that is no number'
);
SELECT pg_temp.refuses(
    pg_temp.sign('v1|seattle@zava.example||c0ffee'), 'no expiry'
);
SELECT pg_temp.refuses(
    pg_temp.sign('v1|seattle@zava.example|99999999999|c0ffee'), 'an expiry of eleven digits'
);
SELECT pg_temp.refuses(
    pg_temp.sign('v1|seattle@zava.example|999999999|c0ffee'), 'one of nine'
);
SELECT pg_temp.refuses(
    pg_temp.sign(E'v1|seattle@zava.example|9999999999\n|c0ffee'), 'one with an end of line'
);

-- A colleague
SELECT isnt(
    (SELECT a.context FROM gateway.authenticate(pg_temp.word('bellevue@zava.example')) AS a),
    :'seattle', 'a colleague''s context is another one'
);

-- A stranger
SELECT pg_temp.refuses(pg_temp.word('unknown@zava.example'), 'an unknown person');
SELECT pg_temp.refuses(pg_temp.word('former@zava.example'), 'an inactive person');

-- The regional manager, head office
SELECT is(
    pg_temp.persona_of(pg_temp.word('puget-sound@zava.example')), 'regional_managers',
    'the regional manager is one'
);
SELECT is(
    pg_temp.persona_of(pg_temp.word('analyst@zava.example')), 'head_office', 'head office is'
);
SET LOCAL SESSION AUTHORIZATION DEFAULT;

-- Who may ask
SELECT be();
SELECT throws_ok($$SELECT gateway.authenticate('x')$$, '42501', 'no persona');
SELECT be_dba();
SET LOCAL ROLE storekeeper_dba;
SELECT throws_ok($$SELECT gateway.authenticate('x')$$, '42501', 'not the DBA''s role');
RESET ROLE;

-- The other key proves nothing, and without a key nobody signs in.
SELECT pg_temp.refuses(
    'v1|seattle@zava.example|9999999999|c0ffee|'
        || encode(gateway.mac('context', 'v1|seattle@zava.example|9999999999|c0ffee'), 'hex'),
    'a word under the context''s key'
);
SELECT pg_temp.word('seattle@zava.example') AS word \gset
DELETE FROM gateway.keys WHERE name = 'assertion';
SELECT pg_temp.refuses(:'word', 'a good word where there is no key');

SELECT * FROM finish();
ROLLBACK;
