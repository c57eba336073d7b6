-- retail.search_terms: words as typed, and what may have been meant.
BEGIN;
\ir ../tap.sql
SELECT plan(24);

SELECT be('seattle@zava.example');
SELECT results_eq(
    $$SELECT place, word, lexeme, weight, kind, spelt FROM retail.search_terms('Hammers for paint')$$,
    $$VALUES (1, 'hammers', 'hammer', 1::real, 'word', NULL), (3, 'paint', 'paint', 1, 'word', NULL)$$,
    'words by their stems, without those that say nothing'
);
SELECT results_eq(
    $$SELECT lexeme, products FROM retail.search_terms('paint')$$,
    $$SELECT 'paint', count(*)::integer FROM search.documents WHERE document @@ 'paint'::tsquery$$,
    'with the number of products'
);
SELECT results_eq(
    $$SELECT word, lexeme, kind, spelt FROM retail.search_terms('screwdirver')$$,
    $$VALUES ('screwdirver', 'screwdriv', 'corrected', 'screwdriver')$$, 'two letters exchanged'
);
SELECT results_eq(
    $$SELECT lexeme FROM retail.search_terms('resipricating')$$, $$VALUES ('reciproc')$$, 'two letters off in a long word'
);
SELECT is_empty($$SELECT FROM retail.search_terms('hxmmxr')$$, 'not in a short one');
SELECT is_empty($$SELECT FROM retail.search_terms('5000W') WHERE kind <> 'word'$$, 'a unit that no product has is not misspelt');
SELECT results_eq(
    $$SELECT word, lexeme FROM retail.search_terms('1-1/2" x 48 in') WHERE lexeme ~ 'x|inch' ORDER BY lexeme COLLATE "C"$$,
    $$VALUES ('1-1/2x48', '1p1v2x48'), ('1.5 inch', 'inch1d5'), ('48 inch', 'inch48')$$, 'measures as one reads them'
);
SELECT results_eq(
    $$SELECT lexeme, kind, spelt FROM retail.search_terms('screwdri')$$, $$VALUES ('screwdriv', 'begun', 'screwdriver')$$,
    'a word that is not typed to its end'
);
SELECT results_eq(
    $$SELECT lexeme, kind FROM retail.search_terms('tool box') ORDER BY lexeme$$,
    $$VALUES ('box', 'word'), ('tool', 'word'), ('toolbox', 'joined')$$, 'two words that may be one'
);
SELECT is((SELECT count(*) FROM retail.search_terms('toolbox')), 1::bigint, 'one that is written as two');
SELECT results_eq(
    $$SELECT lexeme, kind FROM retail.search_terms('hammerpaint') ORDER BY lexeme$$,
    $$VALUES ('hammer', 'divided'), ('paint', 'divided')$$, 'and two that nobody writes as one'
);
SELECT results_eq(
    $$SELECT place, lexeme, kind FROM retail.search_terms('batts r13') WHERE word = 'r13' ORDER BY place$$,
    $$VALUES (2, 'r', 'divided'), (102, 'n13', 'divided')$$, 'letters and a number, of which the catalogue has both'
);
SELECT is_empty($$SELECT FROM retail.search_terms('gu10')$$, 'not the number alone');
SELECT is_empty($$SELECT FROM retail.search_terms('zzzzqqqq')$$, 'nothing is near to nonsense');
SELECT is_empty($$SELECT FROM retail.search_terms('')$$, 'nor to nothing');
SELECT is_empty($$SELECT FROM retail.search_terms('the of and with')$$, 'nor to what says nothing');
SELECT is_empty($$SELECT FROM retail.search_terms(NULL)$$, 'nor to NULL');
SELECT ok(
    (SELECT max(place) <= 60 FROM retail.search_terms(repeat('hammer screwdirver ', 500))), 'of a long text the beginning'
);

-- What people say for it
SELECT results_eq(
    $$SELECT place, word, lexeme, kind, spelt FROM retail.search_terms('a spanner')$$,
    $$VALUES (2, 'spanner', 'wrench', 'synonym', 'wrench')$$, 'another word for it'
);
SELECT results_eq(
    $$SELECT lexeme, count(*) OVER (PARTITION BY place) FROM retail.search_terms('Mole grips') WHERE kind = 'synonym' ORDER BY lexeme$$,
    $$VALUES ('lock', 1::bigint), ('plier', 1)$$, 'two words for two, each of which counts'
);
SELECT be_dba();
SET LOCAL ROLE storekeeper_loader;
INSERT INTO search.synonyms (word, means) VALUES ('thingamajig', 'hammer');
SELECT be('seattle@zava.example');
SELECT results_eq($$SELECT lexeme FROM retail.search_terms('thingamajigs')$$, $$VALUES ('hammer')$$, 'one that a shop adds');
SELECT isnt_empty(
    $$SELECT FROM retail.rank_products('thingamajig', how_many => 3) WHERE matched LIKE 'synonym: "thingamajig" -> hammer%'$$, 'is told, too'
);

-- A word that the model has is none that is misspelt.
SELECT isnt_empty($$SELECT FROM retail.search_terms('brackex') WHERE spelt = 'bracket'$$, 'a word that nobody knows is corrected');
SELECT be_dba();
INSERT INTO embedding.tokens (token_id, piece, vector)
SELECT 100000, '▁brackex', array_fill(1, '{256}')::public.halfvec;
SELECT be('seattle@zava.example');
SELECT is_empty($$SELECT FROM retail.search_terms('brackex')$$, 'one that the model knows is not');

SELECT * FROM finish();
ROLLBACK;
