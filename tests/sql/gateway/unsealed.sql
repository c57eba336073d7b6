-- gateway.unsealed: which entries are still looked for.
BEGIN;
\ir ../tap.sql
SELECT plan(6);

DELETE FROM gateway.seals;
UPDATE gateway.watermarks SET entry = 5 WHERE what = 'calls';
SELECT is(gateway.unsealed(), '{[5,)}'::int8multirange, 'without seals, all from the watermark on');
CREATE FUNCTION pg_temp.seal(seal_id bigint, entries int8multirange) RETURNS void LANGUAGE sql AS $function$
    INSERT INTO gateway.seals (seal_id, month, entries, calls, rows_digest, digest, sealed_at)
    VALUES (seal_id, '2026-01-01', entries, 1, '', '', now())
$function$;
SELECT pg_temp.seal(1, '{[1,3)}');
SELECT is(gateway.unsealed(), '{[5,)}'::int8multirange, 'those before it don''t count');
SELECT pg_temp.seal(2, '{[3,7),[9,11)}'), pg_temp.seal(3, '{[7,8),[20,21)}');
SELECT is(gateway.unsealed(), '{[8,9),[11,20),[21,)}'::int8multirange, 'what is between seals');
UPDATE gateway.watermarks SET entry = 15 WHERE what = 'calls';
SELECT is(gateway.unsealed(), '{[15,20),[21,)}'::int8multirange, 'and above it');
UPDATE gateway.watermarks SET entry = 21 WHERE what = 'calls';
SELECT is(gateway.unsealed(), '{[21,)}'::int8multirange, 'when all is sealed, what comes next');

SELECT be();
SELECT throws_ok('SELECT gateway.unsealed()', '42501', 'no persona asks');
SELECT be_dba();

SELECT * FROM finish();
ROLLBACK;
