-- retail.shorter_words: two words as near as allowed always have one in common.
BEGIN;
\ir ../tap.sql
SELECT plan(7);

SELECT be('seattle@zava.example');
SELECT is(ARRAY(SELECT unnest(retail.shorter_words('saw')) ORDER BY 1), '{aw,sa,saw,sw}'::text[], 'one letter of a short word');
SELECT is(retail.shorter_words('aaa') @> '{aaa,aa}' AND cardinality(retail.shorter_words('aaa')) = 2, true, 'each once');
SELECT is(cardinality(retail.shorter_words('hammers')), 7, 'seven letters: one letter (mm is one)');
SELECT is(cardinality(retail.shorter_words('bracketx')), 37, 'eight letters: two, 28 + 8 + 1');
SELECT is(cardinality(retail.shorter_words('abcdefghijklmnopqrst')), 211, 'the longest');

SELECT is(retail.shorter_words(repeat('ab', 5000)), ARRAY[repeat('ab', 5000)], 'nothing of what is no word: there would be millions');

-- Every way to change a word by what is allowed, of words of our own.
SELECT is_empty(
    $$WITH word (word, allowed) AS (VALUES ('bolt', 1), ('pliers', 1), ('hammers', 1), ('brackets', 2), ('adhesives', 2)),
    once AS (
        SELECT w.word, w.allowed, e.changed
        FROM word AS w, generate_series(1, length(w.word)) AS i, unnest('{a,q}'::text[]) AS c,
            LATERAL (VALUES
                (overlay(w.word PLACING '' FROM i FOR 1)), (overlay(w.word PLACING c FROM i FOR 1)), (overlay(w.word PLACING c FROM i FOR 0)),
                (left(w.word, i - 1) || substr(w.word, i + 1, 1) || substr(w.word, i, 1) || substr(w.word, i + 2))
            ) AS e (changed)
    ),
    twice AS (
        SELECT word, changed FROM once
        UNION
        SELECT o.word, e.changed
        FROM once AS o, generate_series(1, length(o.changed)) AS i,
            LATERAL (VALUES
                (overlay(o.changed PLACING '' FROM i FOR 1)), (overlay(o.changed PLACING 'z' FROM i FOR 1)),
                (overlay(o.changed PLACING 'z' FROM i FOR 0))
            ) AS e (changed)
        -- What is typed decides how much is allowed.
        WHERE o.allowed = 2 AND length(e.changed) > 7
    )
    SELECT word, changed FROM twice
    WHERE (length(changed) > 7 OR length(word) <= 8)
      AND retail.edit_distance(word, changed) <= CASE WHEN length(changed) <= 7 THEN 1 ELSE 2 END
      AND NOT retail.shorter_words(word) && retail.shorter_words(changed)$$,
    'no near word is missed'
);

SELECT * FROM finish();
ROLLBACK;
