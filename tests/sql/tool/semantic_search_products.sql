-- tool.semantic_search_products: what a shop assistant would show, and the stock of who asks.
BEGIN;
\ir ../tap.sql
SELECT plan(49);

CREATE FUNCTION pg_temp.code_of(statement text) RETURNS text LANGUAGE plpgsql AS $function$
BEGIN
    EXECUTE statement;
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || CASE WHEN SQLERRM LIKE '%query_embedding%' THEN ' vector' ELSE '' END;
END
$function$;
CREATE FUNCTION pg_temp.hint_of(statement text) RETURNS text LANGUAGE plpgsql AS $function$
DECLARE
    v_hint text;
BEGIN
    EXECUTE statement;
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS v_hint = PG_EXCEPTION_HINT;
    RETURN v_hint;
END
$function$;
-- Stock by hand, which the test must not see through row security.
CREATE TEMP TABLE shelf ON COMMIT DROP AS
SELECT p.sku::text, s.name::text AS store, i.stock_level
FROM retail.inventory AS i JOIN retail.stores AS s USING (store_id) JOIN retail.products AS p USING (product_id);
GRANT SELECT ON shelf TO PUBLIC;

-- Nobody: the catalogue is the chain's, the stock is the stores'.
SELECT be();
SELECT is((SELECT sum(stock) FROM tool.semantic_search_products('paint')), 0::numeric, 'nobody has stock');

-- The manager
SELECT be('seattle@zava.example');
SELECT isnt_empty(
    $$SELECT FROM tool.semantic_search_products('paint or pipe fittings', 200) WHERE discontinued$$, 'what cannot be ordered any more is found'
);
SELECT is_empty(
    $$SELECT FROM tool.semantic_search_products('paint or pipe fittings', 200) AS s JOIN retail.products AS p ON p.sku = s.sku
        WHERE s.discontinued IS DISTINCT FROM NOT p.is_active$$, 'and says so'
);
SELECT is_empty(
    $$SELECT t.asked, f.found FROM (VALUES
        ('products like "containers for paint"', '{PFPT002704,PFPT002705}'::text[], 2),
        ('containers for paint', '{PFPT002704,PFPT002705}', 2),
        ('waterproof electrical connectors', '{ELWN005503,ELWN005504,ELJB005405}', 3),
        ('hang a heavy mirror', '{HWBR003706,HTHA000101,HWHK003405,HWSC002905,SOHH008505}', 20),
        ('cordless drills', '{PTDR000901,PTDR000902}', 2),
        ('what sells together with cordless drills', '{PTDR000905,PTID001604,PTDR000901,PTDR000902}', 5)
    ) AS t (asked, wanted, rows), LATERAL (SELECT array_agg(s.sku) AS found FROM tool.semantic_search_products(t.asked, t.rows) AS s) AS f
    WHERE NOT f.found && t.wanted$$,
    'what shoppers ask for'
);
SELECT is((SELECT count(*) FROM tool.semantic_search_products('paint')), 20::bigint, 'twenty unless told');
SELECT is((SELECT count(*) FROM tool.semantic_search_products('paint', NULL)), 20::bigint, 'NULL rows are the default');
SELECT is((SELECT count(*) FROM tool.semantic_search_products('paint', 1)), 1::bigint, 'as few as one');
SELECT is_empty(
    $$SELECT s.* FROM tool.semantic_search_products('paint', 200) AS s
        JOIN retail.products AS p ON p.sku = s.sku JOIN retail.product_types USING (type_id)
        JOIN retail.categories AS c USING (category_id)
        WHERE (s.product_name, s.description, s.category_name, s.price) IS DISTINCT FROM (p.name, p.description, c.name, p.base_price)
           OR s.degraded OR s.matched = ''$$, 'what the catalogue says'
);
SELECT results_eq(
    $$SELECT sku, stock FROM tool.semantic_search_products('paint', 50) ORDER BY sku$$,
    $$SELECT sku, coalesce((SELECT sum(stock_level) FROM shelf AS h WHERE h.sku = s.sku AND store LIKE '%Seattle'), 0)::bigint
        FROM tool.semantic_search_products('paint', 50) AS s ORDER BY sku$$, 'the stock is that of the manager''s store'
);
SELECT is_empty(
    $$SELECT * FROM tool.semantic_search_products('paint', 200, in_stock_only => true) WHERE stock = 0$$, 'only what is there'
);
SELECT is(
    (SELECT count(*) FROM tool.semantic_search_products('paint', 200, similarity_threshold => -1, category => 'paint & finishes', in_stock_only => true)),
    (SELECT count(*) FROM shelf WHERE store LIKE '%Seattle' AND stock_level > 0 AND sku LIKE 'PF%'), 'and all of that'
);
SELECT is_empty(
    $$SELECT * FROM tool.semantic_search_products('saw', 200, category => ' power TOOLS ', price_min => 50, price_max => 100)
        WHERE category_name <> 'Power Tools' OR price NOT BETWEEN 50 AND 100$$, 'of a category, within prices'
);
SELECT results_eq(
    $$SELECT sku FROM tool.semantic_search_products('pthm0o PTDR000901', 1)$$, $$VALUES ('PTDR000901')$$, 'a SKU'
);
SELECT results_eq(
    $$SELECT sku, score FROM tool.semantic_search_products('claw hammer 16 oz fiberglass handle', 1)$$,
    $$VALUES ('HTHA000101', 1.000)$$, 'a name'
);
SELECT isnt_empty(
    $$SELECT FROM tool.semantic_search_products('screwdirver', 1)
        WHERE product_name LIKE '%Screwdriver%' AND matched LIKE 'corrected: "screwdirver" -> screwdriver%'$$, 'a word misspelt'
);
SELECT isnt_empty($$SELECT FROM tool.semantic_search_products('screwdri', 1) WHERE product_name LIKE '%Screwdriver%'$$, 'one half typed');
SELECT isnt_empty($$SELECT FROM tool.semantic_search_products('1/2" drill', 1) WHERE product_name = 'Hammer Drill 1/2 in Corded 8 A'$$, 'a size');
SELECT is(
    (SELECT array_agg(s ORDER BY s.sku) FROM tool.semantic_search_products('drill', 30) AS s),
    (SELECT array_agg(s ORDER BY s.sku) FROM tool.semantic_search_products('  DRILL ', 30) AS s), 'letter case and blanks make no difference'
);
SELECT is_empty(
    $$SELECT FROM tool.semantic_search_products('paint', 200, 0.99) WHERE matched = 'meaning'$$, 'a threshold leaves out loose fits'
);
SELECT is_empty($$SELECT FROM tool.semantic_search_products('qqqq zzzz', 200, 0.99)$$, 'so that nothing may be left, which is an answer');

-- A colleague, the region, head office: the same products, their own stock.
SELECT be('bellevue@zava.example');
SELECT results_eq(
    $$SELECT sku, stock FROM tool.semantic_search_products('paint', 50) ORDER BY sku$$,
    $$SELECT sku, coalesce((SELECT sum(stock_level) FROM shelf AS h WHERE h.sku = s.sku AND store LIKE '%Bellevue'), 0)::bigint
        FROM tool.semantic_search_products('paint', 50) AS s ORDER BY sku$$, 'a colleague sees their store''s stock'
);
SELECT be('puget-sound@zava.example');
SELECT results_eq(
    $$SELECT sku, stock FROM tool.semantic_search_products('paint', 50) ORDER BY sku$$,
    $$SELECT sku, coalesce((SELECT sum(stock_level) FROM shelf AS h WHERE h.sku = s.sku AND store ~ '(Everett|Seattle|Tacoma)$'), 0)::bigint
        FROM tool.semantic_search_products('paint', 50) AS s ORDER BY sku$$, 'the regional manager the sum of the region''s'
);
SELECT be('analyst@zava.example');
SELECT results_eq(
    $$SELECT sku, stock FROM tool.semantic_search_products('paint', 50) ORDER BY sku$$,
    $$SELECT sku, coalesce((SELECT sum(stock_level) FROM shelf AS h WHERE h.sku = s.sku), 0)::bigint
        FROM tool.semantic_search_products('paint', 50) AS s ORDER BY sku$$, 'head office that of all'
);

-- A stranger
SELECT be_dba();
SELECT throws_ok($$SELECT be('former@zava.example')$$, 'SK401', 'a deactivated manager is refused');

-- Arguments
SELECT be('seattle@zava.example');
SELECT is_empty(
    $$SELECT q FROM unnest(ARRAY[NULL, '', ' ', E'\t\n', '?!', '"', '''', repeat('drill ', 200)]) AS q
        WHERE pg_temp.code_of(format('SELECT tool.semantic_search_products(%L)', q)) IS DISTINCT FROM 'SK400'$$,
    'a query that says nothing, or too much'
);
SELECT is_empty(
    $$SELECT q FROM unnest(ARRAY[NULL, '', repeat('drill ', 200)]) AS q
        WHERE coalesce(pg_temp.hint_of(format('SELECT tool.semantic_search_products(%L)', q)), '') = ''$$, 'with a hint'
);
SELECT is_empty(
    $$SELECT q FROM unnest(ARRAY[
            '🎨', 'é', '涂料', 'краска для стен', '1', '1/0', '9/0 in', repeat('9', 1000), repeat('9/', 500), repeat('1-', 500), repeat('drill ', 160),
            '''; DROP TABLE retail.products; --', 'a & b | !c', '<->', ':*', 'paint:*', '\', 'null', '%', '{}', '$1', 'x''y"z', repeat('a', 1000),
            E'paint\x01roller', repeat('screwdirver ', 80)
        ]) AS q
        WHERE pg_temp.code_of(format('SELECT tool.semantic_search_products(%L)', q)) IS NOT NULL
          AND q NOT IN ('\', '%', '<->', ':*', '{}', '🎨')$$,
    'whatever else is asked has an answer'
);
SELECT throws_ok($$SELECT tool.semantic_search_products('paint', 0)$$, '23514', 'no rows');
SELECT throws_ok($$SELECT tool.semantic_search_products('paint', 201)$$, '23514', 'too many');
SELECT throws_ok($$SELECT tool.semantic_search_products('paint', 5, 1.1)$$, '23514', 'no cosine');
SELECT throws_ok($$SELECT tool.semantic_search_products('paint', 5, 'NaN')$$, '23514', 'no number');
SELECT throws_ok($$SELECT tool.semantic_search_products('paint', price_min => -1)$$, '23514', 'a price below zero');
SELECT throws_ok($$SELECT tool.semantic_search_products('paint', price_min => 2, price_max => 1)$$, 'SK400', 'prices the wrong way round');
SELECT throws_ok($$SELECT tool.semantic_search_products('paint', category => 'Toys')$$, 'SK404', 'an unknown category');
SELECT is(
    pg_temp.hint_of($$SELECT tool.semantic_search_products('paint', category => 'Toys')$$) LIKE '%Paint & Finishes%', true, 'with those there are'
);
SELECT results_eq(
    $$SELECT sku, similarity FROM tool.semantic_search_products('paint', 3, query_embedding => '[1, 2]', query_model => 'service')$$,
    $$SELECT sku, similarity FROM tool.semantic_search_products('paint', 3)$$,
    'the built-in model''s vectors are compared with no other''s'
);

-- The vectors of a service
SELECT be_dba();
UPDATE embedding.models SET is_active = false;
WITH made AS (
    INSERT INTO embedding.models (name, provider, dimension, is_active) VALUES ('service', 'openai', 256, true) RETURNING model_id
)
INSERT INTO search.description_model SELECT model_id FROM made;
SELECT be('seattle@zava.example');
SELECT is(
    pg_temp.code_of($$SELECT tool.semantic_search_products('paint', query_embedding => '[1, 2]', query_model => 'service')$$),
    'SK400 vector', 'a vector of another dimension'
);
SELECT is(
    pg_temp.code_of($$SELECT tool.semantic_search_products('paint', query_embedding => array_fill(0, '{256}')::public.vector,
        query_model => 'service')$$),
    'SK400 vector', 'one without a direction'
);
SELECT results_eq(
    $$SELECT sku, similarity, degraded
        FROM tool.semantic_search_products('xyzzy', 3, query_embedding => embedding.embed('garden hose'), query_model => 'service')$$,
    $$SELECT sku::text, round((1 - distance)::numeric, 3), false FROM retail.nearest_products(embedding.embed('garden hose'), 3)
        JOIN retail.products USING (product_id)$$, 'one of this model is taken in place of the query''s'
);
SELECT is(
    (SELECT bool_and(degraded AND similarity IS NULL)
        FROM tool.semantic_search_products('hose', query_embedding => embedding.embed('hose'), query_model => 'another')),
    true, 'one of another model is not'
);
SELECT is((SELECT bool_and(degraded) FROM tool.semantic_search_products('paint roller')), true, 'nor is there any at psql');

-- Without vectors, or without what makes that of the query
SELECT be_dba();
DELETE FROM search.description_model;
DELETE FROM embedding.models WHERE name = 'service';
SELECT be('seattle@zava.example');
SELECT is((SELECT bool_and(degraded) FROM tool.semantic_search_products('paint roller')), true, 'without the model it is said so');
SELECT is_empty($$SELECT FROM tool.semantic_search_products('paint roller', 200) WHERE similarity IS NOT NULL OR matched LIKE '%meaning%'$$, 'and words alone count');
SELECT isnt_empty($$SELECT FROM tool.semantic_search_products('paint roller', 1) WHERE product_name ~ 'Roller'$$, 'as well as they can');
SELECT throws_ok($$SELECT * FROM tool.semantic_search_products('qqqq zzzz')$$, 'SK404', 'nothing found is told apart from nothing there');
SELECT be_dba();
UPDATE embedding.models SET is_active = true;
SELECT be('seattle@zava.example');
SELECT is((SELECT bool_or(degraded) FROM tool.semantic_search_products('paint roller')), false, 'with the model again, too');
SELECT be_dba();
DELETE FROM retail.product_description_embeddings;
SELECT be('seattle@zava.example');
SELECT is((SELECT bool_and(degraded) FROM tool.semantic_search_products('paint roller')), true, 'without vectors it is said, too');

-- By and by
SELECT be_dba();
SET LOCAL ROLE storekeeper_loader;
SELECT is(retail.embed_products(), (SELECT count(*) FROM retail.products), 'what is missing is made');
SELECT is(retail.embed_products(), 0::bigint, 'once');

SELECT * FROM finish();
ROLLBACK;
