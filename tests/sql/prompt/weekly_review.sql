-- prompt.weekly_review: a request with the dates filled in.
BEGIN;
\ir ../tap.sql
SELECT plan(10);
SELECT be('seattle@zava.example');
SELECT is(
    (SELECT array_agg(role) FROM prompt.weekly_review()), ARRAY['user'],
    'one message of the user''s'
);
SELECT ok(
    (SELECT content LIKE '%date_from: "2026-03-02", date_to: "2026-03-08"%'
        FROM prompt.weekly_review(NULL, '2026-03-04')),
    'from Monday to Sunday of the day''s week'
);
SELECT ok(
    (SELECT content LIKE '%date_from: "2026-02-23", date_to: "2026-03-01"%'
        FROM prompt.weekly_review(NULL, '2026-03-08')),
    'and the week before'
);
SELECT is(
    (SELECT extract(isodow FROM m) * 10 + (retail.today() - m) / 7
        FROM substring((SELECT content FROM prompt.weekly_review()) FROM '\d{4}-\d\d-\d\d') AS s,
        CAST(s AS date) AS m),
    11::numeric, 'without a day it is the last week that is over'
);
SELECT ok(
    (SELECT content LIKE '%store_name: "Zava Retail Seattle"%'
        FROM prompt.weekly_review('seattle')),
    'the store''s full name'
);
SELECT ok((SELECT content NOT LIKE '%store_name%' FROM prompt.weekly_review()), 'or none');
SELECT is_empty(
    $$SELECT m[1]
        FROM prompt.weekly_review('seattle') AS r,
        regexp_matches(r.content, '(\w+_\w+)\(', 'g') AS m
        WHERE to_regproc('tool.' || m[1]) IS NULL$$,
    'each tool that it names is there'
);
SELECT throws_ok(
    $$SELECT prompt.weekly_review('Bellevue')$$, 'SK404', 'a colleague''s store is not found'
);
SELECT throws_ok(
    $$SELECT prompt.weekly_review(NULL, retail.today() + 14)$$, 'SK400',
    'a week that has not begun has no review'
);
SELECT be('analyst@zava.example');
SELECT ok(
    (SELECT content LIKE '%all the stores%' FROM prompt.weekly_review()),
    'head office reviews all stores'
);

SELECT * FROM finish();
ROLLBACK;
