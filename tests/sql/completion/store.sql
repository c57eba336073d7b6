-- completion.store: names of visible stores.
BEGIN;
\ir ../tap.sql
SELECT plan(4);
SELECT be();
SELECT is_empty($$SELECT completion.store('', '{}')$$, 'nobody sees no stores');
SELECT be('seattle@zava.example');
SELECT results_eq(
    $$SELECT completion.store('', '{}')$$, $$VALUES ('Zava Retail Seattle')$$, 'the manager theirs'
);
SELECT is_empty($$SELECT completion.store('Bel', '{}')$$, 'not a colleague''s');
SELECT be('analyst@zava.example');
SELECT results_eq(
    $$SELECT completion.store('s', '{}')$$, $$VALUES ('Zava Retail Seattle'),
    ('Zava Retail Spokane')$$,
    'those whose city begins so'
);

SELECT * FROM finish();
ROLLBACK;
