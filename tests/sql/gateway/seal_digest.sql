-- gateway.seal_digest: what a seal bears follows from the one before it and from each of its facts.
BEGIN;
\ir ../tap.sql
SELECT plan(11);

CREATE TEMP TABLE seal ON COMMIT DROP AS
SELECT s.* FROM (SELECT) AS one LEFT JOIN gateway.seals AS s ON false;
UPDATE seal SET seal_id = 7, month = '2026-01-01', entries = '{[1,3),[5,6)}', calls = 3, rows_digest = '\x01',
    row_digests = '\x02', digest = '\x03', sealed_at = '2026-02-01 00:00:00.5+00', pruned = false;
CREATE FUNCTION pg_temp.digest(previous bytea DEFAULT '\xaa') RETURNS bytea LANGUAGE sql AS $function$
    SELECT gateway.seal_digest(previous, jsonb_populate_record(NULL::gateway.seals, to_jsonb(s))) FROM seal AS s
$function$;
SELECT is(
    pg_temp.digest(),
    sha256('\xaa01' || convert_to('[7, "2026-01-01", "{[1,3),[5,6)}", 3, "1769904000.500000"]', 'UTF8')), 'its form'
);
SELECT is(pg_temp.digest(NULL), pg_temp.digest(''), 'the first has none before it');
SELECT isnt(pg_temp.digest('\xab'), pg_temp.digest(), 'the seal before');

CREATE FUNCTION pg_temp.tells(set_clause text) RETURNS boolean LANGUAGE plpgsql AS $function$
DECLARE
    v_before bytea := pg_temp.digest();
BEGIN
    EXECUTE 'UPDATE seal SET ' || set_clause;
    RETURN v_before <> pg_temp.digest();
END
$function$;
SELECT is(pg_temp.tells(change), tells, change) FROM (VALUES
    ('seal_id = 8', true), ('month = ''2026-02-01''', true), ('entries = ''{[1,3),[5,7)}''', true),
    ('calls = 4', true), ('rows_digest = ''\x02''', true), ('sealed_at = sealed_at + interval ''1 microsecond''', true),
    -- What retention changes, and what only helps to find.
    ('pruned = true, row_digests = NULL', false)
) AS c (change, tells);

SELECT be();
SELECT throws_ok('SELECT gateway.seal_digest(NULL, NULL)', '42501', 'no persona asks');
SELECT be_dba();

SELECT * FROM finish();
ROLLBACK;
