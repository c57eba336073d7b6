-- embedding.tokenise: the tokens of the model's own tokeniser.
BEGIN;
\ir ../tap.sql
SELECT plan(18);

CREATE FUNCTION pg_temp.pieces(content text) RETURNS text LANGUAGE sql AS $function$
    SELECT string_agg(coalesce(k.piece, '<' || t.token_id - 3 || '>'), ' ' ORDER BY t.n)
    FROM unnest(embedding.tokenise(array_to_string(embedding.words(content), ''))) WITH ORDINALITY AS t (token_id, n)
    JOIN embedding.tokens AS k USING (token_id)
$function$;
SELECT be();
-- As the model's own tokeniser says.
SELECT is(pg_temp.pieces(content), pieces, format('%L', content)) FROM (VALUES
    ('hammer', '▁ham mer'),
    ('a', '▁a'),
    (' ', '▁▁'),
    ('  a', '▁▁ ▁a'),
    ('x ', '▁x ▁'),
    (E'a\nb', '▁a <10> b'),
    ('日本 x', '▁ 日 本 ▁x'),
    ('🙂', '▁ <240> <159> <153> <130>'),
    ('<s>', '▁< s >'),
    ('<0x41>', '▁< 0 x 4 1 >')
) AS t (content, pieces);
-- th is joined after ▁t, and n after a▁; yet both make one token.
SELECT is(pg_temp.pieces('the'), '▁the', 'the');
SELECT is(pg_temp.pieces('and'), '▁and', 'and');
SELECT is(
    embedding.tokenise('▁claw▁hammer'), embedding.tokenise('▁claw') || embedding.tokenise('▁hammer'),
    'words together are as words alone'
);
SELECT is(embedding.tokenise(''), '{}', 'no token of no text');
SELECT is(embedding.tokenise(NULL), NULL, 'nothing of nothing');
SELECT is(cardinality(embedding.tokenise(repeat('日', 9000))), 8001, 'of a long text the beginning');
SELECT is_empty(
    $$SELECT k.piece FROM embedding.tokens AS k
        WHERE k.piece LIKE '▁_%' AND k.piece NOT LIKE '▁▁%' AND embedding.tokenise(k.piece) <> ARRAY[k.token_id]
          AND k.token_id % 10 = 3$$,
    'a word that is a token is that one: embed looks no further'
);
SELECT be_dba();
DELETE FROM embedding.tokens;
SELECT is(embedding.tokenise('▁a'), '{229,153,132,100}', 'without the model a text is its bytes');

SELECT * FROM finish();
ROLLBACK;
