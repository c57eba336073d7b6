-- retail.performance_insights: sentences for what may be in a report, and for what may not.
BEGIN;
\ir ../tap.sql
SELECT plan(7);

CREATE FUNCTION pg_temp.say(name text, date_from date, date_to date)
RETURNS text[] LANGUAGE sql AS $function$
    SELECT retail.performance_insights(tool.get_store_performance(name, date_from, date_to))
$function$;

SELECT be('seattle@zava.example');
SELECT ok(cardinality(pg_temp.say(NULL, NULL, NULL)) BETWEEN 3 AND 6, 'three to six for a store');
SELECT ok(array_position(pg_temp.say(NULL, NULL, NULL), NULL) IS NULL, 'none of them empty');
SELECT is(
    cardinality(pg_temp.say(NULL, '1999-01-01', '1999-01-31')), 3, 'three where nothing was sold'
);
SELECT ok(
    (pg_temp.say(NULL, '1999-01-01', '1999-01-31'))[1] LIKE 'No order %', 'saying so'
);
SELECT ok(
    (pg_temp.say(NULL, retail.today(), retail.today() + 6))[1] LIKE '%not over yet.',
    'a period that goes on is said to'
);
SELECT be('analyst@zava.example');
SELECT ok(
    pg_temp.say(NULL, NULL, NULL)::text LIKE '%leads with%', 'with several stores they are compared'
);
SELECT ok(
    pg_temp.say(NULL, NULL, NULL)::text LIKE '%the 90 days before%', 'against the period before'
);

SELECT * FROM finish();
ROLLBACK;
