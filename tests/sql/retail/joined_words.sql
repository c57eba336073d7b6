-- retail.joined_words: neighbours, of letters only.
BEGIN;
\ir ../tap.sql
SELECT plan(3);

SELECT be('seattle@zava.example');
SELECT is(retail.joined_words('steel tool box'), 'steeltool toolbox', 'each two words');
SELECT is(retail.joined_words('saw 7 a in9 blade'), '', 'not numbers nor single letters');
SELECT is(retail.joined_words(''), '', 'of nothing nothing');

SELECT * FROM finish();
ROLLBACK;
