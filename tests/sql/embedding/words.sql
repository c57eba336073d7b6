-- embedding.words: a text by its words, each with the spaces before it.
BEGIN;
\ir ../tap.sql
SELECT plan(12);

SELECT be();
SELECT is(embedding.words(content), words, format('%L', content)) FROM (VALUES
    ('claw hammer', '{▁claw,▁hammer}'::text[]),
    ('hammer', '{▁hammer}'),
    ('a  b', '{▁a,▁▁b}'),
    (' a ', '{▁▁a,▁}'),
    ('a b   ', '{▁a,▁b,▁▁▁}'),
    ('a▁b c', '{▁a,▁b,▁c}'),
    (E'a\nb\tc', ARRAY[E'▁a\nb\tc']),
    ('日本 🙂', '{▁日本,▁🙂}'),
    ('', '{▁}')
) AS t (content, words);
SELECT is(embedding.words(NULL), NULL, 'nothing of nothing');
SELECT is(
    array_to_string(embedding.words(content), ''), '▁' || replace(content, ' ', '▁'), 'put together again they are the text'
) FROM (VALUES ('  two  by   four,  8 ft ')) AS t (content);
SELECT is(array_length(embedding.words(repeat('a ', 9000)), 1), 4001, 'of a long text the first 8000 characters');

SELECT * FROM finish();
ROLLBACK;
