-- retail.find_stores: names to ids, of visible stores only.
BEGIN;
\ir ../tap.sql
SELECT plan(9);

CREATE FUNCTION pg_temp.refusal(name text) RETURNS text LANGUAGE plpgsql AS $function$
DECLARE
    v_message text;
    v_hint    text;
BEGIN
    PERFORM retail.find_stores(name);
    RETURN NULL;
EXCEPTION WHEN SQLSTATE 'SK404' THEN
    GET STACKED DIAGNOSTICS v_message = MESSAGE_TEXT, v_hint = PG_EXCEPTION_HINT;
    RETURN replace(v_message, name, '?') || v_hint;
END
$function$;

-- Nobody
SELECT be();
SELECT is(retail.find_stores(NULL), '{}'::uuid[], 'nobody has no stores');
SELECT throws_ok($$SELECT retail.find_stores('Seattle')$$, 'SK404', 'nobody finds a store');

-- The manager
SELECT be('seattle@zava.example');
SELECT is(
    retail.find_stores('Zava Retail Seattle'),
    ARRAY['00000000-0000-4000-8000-000000000001']::uuid[],
    'by its name'
);
SELECT is(
    retail.find_stores(' SEATTLE '), ARRAY['00000000-0000-4000-8000-000000000001']::uuid[],
    'by the city alone, in any letter case'
);
SELECT is(
    retail.find_stores(NULL), ARRAY['00000000-0000-4000-8000-000000000001']::uuid[],
    'NULL is all of one''s own'
);
SELECT throws_ok(
    $$SELECT retail.find_stores('Bellevue')$$, 'SK404', 'another''s store is not found'
);

-- Absent and not visible read alike.
SELECT is(
    pg_temp.refusal('Bellevue'), pg_temp.refusal('Nowhere'), 'just as one that does not exist'
);
SELECT ok(
    pg_temp.refusal('Nowhere') LIKE '%Zava Retail Seattle.', 'the hint names the visible stores'
);

-- Head office
SELECT be('analyst@zava.example');
SELECT is(cardinality(retail.find_stores(NULL)), 8, 'head office has every store');

SELECT * FROM finish();
ROLLBACK;
