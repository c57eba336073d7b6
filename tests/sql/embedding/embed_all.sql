-- embedding.embed_all: as embed, one row for each text, and none refused.
BEGIN;
\ir ../tap.sql
SELECT plan(11);

SELECT array_agg(p.product_name ORDER BY p.product_id) AS names INTO TEMP named FROM sample.products AS p;
GRANT SELECT ON named TO PUBLIC;
SELECT be('seattle@zava.example');
SELECT results_eq(
    $$SELECT e.ordinal, e.embedding <=> embedding.embed(t.contents[e.ordinal]) < 1e-6
        FROM (VALUES (ARRAY['claw hammer', 'Claw  hammer ', 'a a a', 'claw hammer', '日本 🙂'])) AS t (contents)
        CROSS JOIN LATERAL embedding.embed_all(t.contents) AS e
        ORDER BY e.ordinal$$,
    'SELECT n, true FROM generate_series(1, 5) AS n', 'the same vectors'
);
SELECT is_empty(
    $$SELECT e.ordinal FROM named AS n CROSS JOIN LATERAL embedding.embed_all(n.names) AS e
        WHERE e.embedding <=> embedding.embed(n.names[e.ordinal]) > 1e-6$$,
    'of every product'
);
SELECT results_eq(
    $$SELECT ordinal, embedding IS NULL FROM embedding.embed_all(ARRAY['a', NULL, '', ' ', 'b']) ORDER BY ordinal$$,
    $$VALUES (1, false), (2, true), (3, true), (4, true), (5, false)$$, 'NULL for what is no text'
);
SELECT ok(
    e.embedding <=> embedding.embed(repeat('ab ', 2666) || 'ab') < 1e-6, 'of a long text the beginning'
) FROM embedding.embed_all(ARRAY[repeat('ab ', 9000)]) AS e;
SELECT is_empty($$SELECT * FROM embedding.embed_all('{}')$$, 'none of none');
SELECT is_empty('SELECT * FROM embedding.embed_all(NULL)', 'nothing of nothing');
SELECT be_dba();
SELECT is(has_function_privilege(role, 'embedding.embed_all(text[])', 'EXECUTE'), may, role)
FROM (VALUES ('store_managers', true), ('storekeeper_owner', true), ('storekeeper_loader', true), ('storekeeper_gateway', false))
    AS t (role, may);
DELETE FROM embedding.tokens;
SELECT results_eq(
    $$SELECT * FROM embedding.embed_all('{a,b}') ORDER BY ordinal$$, 'VALUES (1, NULL::vector), (2, NULL)',
    'NULL without the model'
);

SELECT * FROM finish();
ROLLBACK;
