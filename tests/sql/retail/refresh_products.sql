-- The triggers on products, types and categories: what is written can be searched for at once.
BEGIN;
\ir ../tap.sql
SELECT plan(35);

-- Documents, counts and vectors as they should be and are not.
CREATE VIEW pg_temp.difference AS
WITH want AS MATERIALIZED (
    SELECT d.product_ids[v.ordinal] AS product_id, d.documents[v.ordinal] AS document, v.embedding
    FROM (
        SELECT array_agg(product_id) AS product_ids, array_agg(document) AS documents, array_agg(content) AS contents
        FROM retail.describe_products(ARRAY(SELECT product_id FROM retail.products))
    ) AS d, embedding.embed_all(d.contents) AS v
),
counted AS (
    SELECT l.lexeme, count(*)::integer AS products FROM want, unnest(document) AS l GROUP BY l.lexeme
    UNION ALL
    SELECT '', count(*) FROM want HAVING count(*) > 0
)
SELECT 'document' AS kind, coalesce(w.product_id, s.product_id)::text AS what
FROM want AS w FULL JOIN search.documents AS s USING (product_id)
WHERE w.document IS DISTINCT FROM s.document
UNION ALL
SELECT 'vector', coalesce(w.product_id, e.product_id)::text
FROM want AS w FULL JOIN retail.product_description_embeddings AS e USING (product_id)
WHERE w.embedding IS NULL OR e.description_embedding IS NULL OR (w.embedding OPERATOR(public.<=>) e.description_embedding) > 1e-6
UNION ALL
SELECT 'count', coalesce(c.lexeme, k.lexeme)
FROM counted AS c FULL JOIN (SELECT * FROM search.lexemes WHERE products <> 0) AS k USING (lexeme)
WHERE c.products IS DISTINCT FROM k.products;
GRANT SELECT ON pg_temp.difference TO PUBLIC;

CREATE FUNCTION pg_temp.holds(statement text, description text) RETURNS SETOF text LANGUAGE plpgsql AS $function$
DECLARE
    v_rows bigint;
BEGIN
    EXECUTE statement;
    GET DIAGNOSTICS v_rows = ROW_COUNT;
    RETURN NEXT tap.ok(
        v_rows > 0 AND NOT EXISTS (SELECT FROM pg_temp.difference), description,
        format('%s rows written; %s', v_rows, (SELECT string_agg(d::text, E'\n') FROM (SELECT * FROM pg_temp.difference LIMIT 5) AS d))
    );
END
$function$;

SELECT is_empty('SELECT * FROM pg_temp.difference', 'after the load');
SELECT isnt_empty('SELECT FROM retail.product_description_embeddings', 'which made some');

-- From here on a few, which are compared sooner.
CREATE TEMPORARY TABLE few ON COMMIT DROP AS SELECT * FROM retail.products WHERE product_id <= 60;
TRUNCATE retail.products CASCADE;
INSERT INTO retail.products SELECT * FROM few;

-- Written by the loader, as catalogues are
SET LOCAL ROLE storekeeper_loader;
INSERT INTO retail.products (product_id, sku, type_id, name, description, unit, cost, base_price) VALUES
    (90001, 'HTHA090001', 1, 'Flibberwidget 3/8 in', 'Straightens bent zorbles without marring them.', 'each', 10, 15);
SELECT is_empty('SELECT * FROM pg_temp.difference', 'a product comes');
SELECT be('seattle@zava.example');
SELECT results_eq(
    $$SELECT sku FROM tool.semantic_search_products('flibberwidgets', 1)$$, $$VALUES ('HTHA090001')$$, 'found by its name at once'
);
SELECT results_eq(
    $$SELECT sku FROM tool.semantic_search_products('flibberwigdet', 1)$$, $$VALUES ('HTHA090001')$$, 'by its name misspelt'
);
SELECT results_eq(
    $$SELECT sku FROM tool.semantic_search_products('to straighten a zorble', 1)$$, $$VALUES ('HTHA090001')$$, 'and by what it is for'
);
SELECT be_dba();
SET LOCAL ROLE storekeeper_loader;
SELECT pg_temp.holds($$UPDATE retail.products SET description = 'Polishes gromblets.' WHERE product_id = 90001$$, 'its description changes');
SELECT pg_temp.holds($$UPDATE retail.products SET name = 'Wobblesprocket 5 lb' WHERE product_id = 90001$$, 'and its name');
SELECT be('seattle@zava.example');
SELECT results_eq(
    $$SELECT sku FROM tool.semantic_search_products('wobblesprocket', 1)$$, $$VALUES ('HTHA090001')$$, 'found by the new one'
);
SELECT is_empty(
    $$SELECT FROM tool.semantic_search_products('flibberwidget') WHERE matched LIKE '%flibber%'$$, 'no longer by the old one'
);
SELECT be_dba();
SET LOCAL ROLE storekeeper_loader;
SELECT pg_temp.holds($$UPDATE retail.products SET type_id = 70 WHERE product_id = 90001$$, 'its type');

-- What says the same costs nothing.
RESET ROLE;
UPDATE retail.product_description_embeddings SET last_updated = '2020-01-01';
SET LOCAL ROLE storekeeper_loader;
SELECT pg_temp.holds($$UPDATE retail.products SET base_price = base_price + 1, name = name, is_active = NOT is_active$$, 'prices change');
SELECT is_empty($$SELECT FROM retail.product_description_embeddings WHERE last_updated > '2020-01-01'$$, 'and no vector is made anew');
SELECT pg_temp.holds($$UPDATE retail.products SET description = description || ' Sold singly.' WHERE product_id BETWEEN 10 AND 19$$, 'ten change');
SELECT is(
    (SELECT count(*) FROM retail.product_description_embeddings WHERE last_updated = now()), 10::bigint, 'and ten vectors are made'
);

-- In every way that rows are written
SELECT pg_temp.holds($$INSERT INTO retail.products (product_id, sku, type_id, name, description, unit, cost, base_price)
    SELECT 91000 + n, 'ZZ' || to_char(n, 'FM00000000'), 1 + n % 88, 'Quaffle ' || n || ' gal', 'For the ' || n || 'th hoop', 'each', 1, 2
    FROM generate_series(1, 100) AS n$$, 'several at a time');
SELECT pg_temp.holds($$MERGE INTO retail.products AS p
    USING (SELECT 91000 + n AS product_id, n FROM generate_series(80, 120) AS n) AS v ON p.product_id = v.product_id
    WHEN MATCHED AND v.n < 90 THEN DELETE
    WHEN MATCHED THEN UPDATE SET name = 'Bludger ' || v.n
    WHEN NOT MATCHED THEN INSERT (product_id, sku, type_id, name, description, unit, cost, base_price)
        VALUES (v.product_id, 'ZY' || v.n, 7, 'Snitch ' || v.n, 'Golden', 'each', 1, 2)$$, 'MERGE, which inserts, updates and deletes');
SELECT pg_temp.holds($$INSERT INTO retail.products AS p (product_id, sku, type_id, name, description, unit, cost, base_price)
    VALUES (91001, 'ZZ00000001', 1, 'Quaffle anew', 'Leather', 'each', 1, 2), (92001, 'ZX00000001', 1, 'Keeper gloves', 'Leather', 'pair', 1, 2)
    ON CONFLICT (product_id) DO UPDATE SET name = excluded.name, description = excluded.description$$, 'INSERT ON CONFLICT');
COPY retail.products (product_id, sku, type_id, name, description, unit, cost, base_price, is_active) FROM stdin;
95001	ZW00000001	2	Remembrall	Turns red when you forgot something	each	5	9	t
95002	ZW00000002	2	Sneakoscope 2 in	Whistles at strangers	each	5	9	t
\.
SELECT is_empty('SELECT * FROM pg_temp.difference', 'COPY');
SELECT isnt_empty($$SELECT FROM search.documents WHERE document @@ 'remembral' AND product_id = 95001$$, 'of which there is something');
SELECT pg_temp.holds($$INSERT INTO retail.products (product_id, sku, type_id, name, description, unit, cost, base_price)
    SELECT 100000 + n, 'ZV' || to_char(n, 'FM00000000'), 1 + n % 88, 'Portkey ' || n, 'Old boot', 'each', 1, 2
    FROM generate_series(1, 2005) AS n$$, 'more at a time than are described at once');
SELECT pg_temp.holds($$DELETE FROM retail.products WHERE product_id > 91050$$, 'products go');
SELECT is_empty(
    $$SELECT FROM search.documents WHERE product_id > 91050 UNION ALL
        SELECT FROM retail.product_description_embeddings WHERE product_id > 91050$$, 'with their documents and vectors'
);
SELECT is(
    (SELECT count(*) FROM search.lexemes WHERE lexeme IN ('remembral', 'sneakoscop', 'snitch') AND products > 0), 0::bigint,
    'and their words count no more'
);
SELECT be('seattle@zava.example');
SELECT is_empty($$SELECT FROM retail.search_terms('remembrall')$$, 'and are not offered as corrections');
SELECT be_dba();
SET LOCAL ROLE storekeeper_loader;

-- Types and categories
SELECT pg_temp.holds($$UPDATE retail.product_types SET name = 'Thumpers' WHERE name = 'Hammers'$$, 'a type is renamed');
SELECT isnt_empty($$SELECT FROM search.documents WHERE document @@ 'thumper:B'$$, 'which its products have');
SELECT pg_temp.holds($$UPDATE retail.product_types SET description = 'For thumping.' WHERE name = 'Thumpers'$$, 'it is described anew');
SELECT pg_temp.holds($$UPDATE retail.categories SET name = 'Gadgetry' WHERE name = 'Hand Tools'$$, 'a category is renamed');
SELECT isnt_empty($$SELECT FROM search.documents WHERE document @@ 'gadgetri:B'$$, 'which its products have');

-- Without the model
RESET ROLE;
UPDATE embedding.models SET is_active = false;
SET LOCAL ROLE storekeeper_loader;
UPDATE retail.products SET description = 'Something else.' WHERE product_id IN (1, 2);
SELECT is_empty('SELECT FROM retail.product_description_embeddings WHERE product_id IN (1, 2)', 'without a model no vector tells of what is no longer so');
SELECT is_empty($$SELECT * FROM pg_temp.difference WHERE kind <> 'vector'$$, 'the words are there all the same');
RESET ROLE;
UPDATE embedding.models SET is_active = true;
SET LOCAL ROLE storekeeper_loader;
SELECT is(retail.embed_products(), 2::bigint, 'once it is there, what lacks a vector gets one');
SELECT is_empty('SELECT * FROM pg_temp.difference', 'and all is as it should be');

RESET ROLE;
TRUNCATE retail.products CASCADE;
SELECT is_empty(
    'SELECT FROM search.documents UNION ALL SELECT FROM search.lexemes UNION ALL SELECT FROM search.words
        UNION ALL SELECT FROM retail.product_description_embeddings', 'all at once'
);

SELECT * FROM finish();
ROLLBACK;
