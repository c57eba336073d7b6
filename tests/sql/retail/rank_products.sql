-- retail.rank_products: by words, by meaning, and by both.
BEGIN;
\ir ../tap.sql
SELECT plan(34);

SELECT be('seattle@zava.example');
-- Fusion
SELECT isnt_empty('SELECT FROM retail.rank_products(''paint roller'') WHERE text_rank = 1', 'some are found by words');
SELECT is_empty(
    $$SELECT * FROM retail.rank_products('hammer', how_many => 100)
        WHERE abs(score - (coalesce(11 / (10.0 + text_rank), 0) + coalesce(0.7 * 11 / (10.0 + vector_rank), 0)) / 1.7) > 1e-6$$,
    'the score is the fusion of both ranks'
);
SELECT is_empty(
    $$SELECT FROM (SELECT score, lag(score) OVER () AS before FROM retail.rank_products('keep a basement dry', how_many => 100)) AS r
        WHERE r.score > r.before$$, 'the best come first'
);
SELECT is_empty(
    $$SELECT product_id FROM retail.rank_products('drill', how_many => 200) GROUP BY product_id HAVING count(*) > 1$$, 'each once'
);
SELECT results_eq(
    $$SELECT product_id, round((1 - (e.description_embedding OPERATOR(public.<=>) embedding.embed('drill')))::numeric, 6)
        FROM retail.product_description_embeddings AS e ORDER BY 2 DESC, 1 LIMIT 10$$,
    $$SELECT product_id, round(similarity::numeric, 6) FROM retail.rank_products('drill', how_many => 100)
        WHERE vector_rank <= 10 ORDER BY vector_rank$$, 'the ranks by meaning are those of the vectors'
);
SELECT results_eq(
    $$SELECT r.n FROM retail.rank_products('cordless drill', how_many => 20) WITH ORDINALITY AS r (p, s, t, v, i, m, n)$$,
    'SELECT generate_series(1, 20)', 'as many as asked for'
);
SELECT results_eq(
    $$SELECT * FROM retail.rank_products('cordless drill', how_many => 7)$$,
    $$SELECT * FROM retail.rank_products('cordless drill', how_many => 30) LIMIT 7$$, 'fewer are the first of more'
);
SELECT is_empty($$SELECT FROM retail.rank_products('drill', how_many => 0)$$, 'none when none is asked for');

-- What is named
SELECT results_eq(
    $$SELECT p.name::text, r.score FROM retail.rank_products('  masonry DRILL bit set 7-piece   carbide', how_many => 1) AS r JOIN retail.products AS p USING (product_id)$$,
    $$VALUES ('Masonry Drill Bit Set 7-Piece Carbide', 1::float8)$$, 'a name comes first'
);
SELECT is_empty(
    $$SELECT p.name FROM retail.products AS p
        WHERE (SELECT r.product_id FROM retail.rank_products(p.name, how_many => 1) AS r) IS DISTINCT FROM p.product_id
          AND p.product_id % 10 = 0$$, 'each product''s name does'
);
SELECT is_empty(
    $$SELECT p.name FROM retail.products AS p
        WHERE (SELECT r.product_id FROM retail.rank_products('do we have ' || lower(p.sku) || '?', how_many => 1) AS r) IS DISTINCT FROM p.product_id
          AND p.product_id % 10 = 1$$, 'and each SKU, within other words'
);
SELECT results_eq(
    $$SELECT p.sku::text FROM retail.rank_products('PTDR0009', how_many => 6) JOIN retail.products AS p USING (product_id)$$,
    $$SELECT sku::text FROM retail.products WHERE sku LIKE 'PTDR0009%' ORDER BY sku$$, 'the beginning of a SKU stands for all'
);
SELECT results_eq(
    $$SELECT p.sku::text FROM retail.rank_products('ptdr 000901 or HTHA-000101') JOIN retail.products AS p USING (product_id)$$,
    $$VALUES ('HTHA000101'), ('PTDR000901')$$, 'and its letters may stand apart from its digits'
);
SELECT results_eq(
    $$SELECT product_id, score FROM retail.rank_products('Something like "containers for paint"?')$$,
    $$SELECT product_id, score FROM retail.rank_products('containers for paint')$$, 'what it is to be like is asked for'
);
SELECT isnt_empty($$SELECT FROM retail.rank_products('PTDR000901', how_many => 1) WHERE matched LIKE 'sku%'$$, 'and says so');
SELECT results_eq(
    $$SELECT p.sku::text, matched FROM retail.rank_products(' where is ptdr000901?') JOIN retail.products AS p USING (product_id)$$,
    $$VALUES ('PTDR000901', 'sku')$$, 'nothing else is near to the letters of a SKU, and words that say nothing'
);
SELECT is_empty(
    $$SELECT FROM retail.rank_products('PTDR000901', embedding.embed('garden hose')) WHERE matched <> 'sku'$$, 'nor to a vector of them'
);
SELECT results_eq(
    $$SELECT product_id, similarity FROM retail.rank_products('PTDR000901 garden hose', how_many => 100) WHERE vector_rank <= 5 ORDER BY vector_rank$$,
    $$SELECT product_id, 1 - distance FROM retail.nearest_products(embedding.embed('garden hose'), 5)$$,
    'what is said beside it is looked for without it'
);

-- Why
SELECT results_eq(
    $$SELECT matched FROM retail.rank_products('screwdirver', how_many => 1)$$,
    $$VALUES ('corrected: "screwdirver" -> screwdriver; meaning')$$, 'a correction is told'
);
SELECT isnt_empty(
    $$SELECT FROM retail.rank_products('paint roller', how_many => 3) WHERE matched = 'words: paint, roller; meaning'$$, 'as are words'
);
SELECT results_eq(
    $$SELECT matched FROM retail.rank_products('1/2" copper pipe', how_many => 1)$$, $$VALUES ('words: 0.5 inch, copper, pipe; meaning')$$,
    'sizes are told as one reads them'
);
SELECT isnt_empty(
    $$SELECT FROM retail.rank_products('2x4', how_many => 1) WHERE matched LIKE 'words: 2x4;%'$$, 'and measures that belong together'
);
SELECT is_empty(
    $$SELECT matched FROM retail.rank_products('bag of plughs', how_many => 200) WHERE matched LIKE '%plughs%plughs%'$$,
    'a word is corrected once for one of the catalogue'
);
SELECT isnt_empty(
    $$SELECT FROM retail.rank_products('bag of plughs', how_many => 200) WHERE matched LIKE 'corrected: "plughs" -> plug%'$$, 'that is, at all'
);

-- The threshold
SELECT is_empty(
    $$SELECT * FROM retail.rank_products('paint roller', similarity_threshold => 0.4, how_many => 200)
        WHERE similarity < 0.4 OR (similarity IS NULL AND text_rank IS NULL)$$, 'what is less similar is not found by meaning'
);
SELECT isnt_empty(
    $$SELECT FROM retail.rank_products('paint roller', similarity_threshold => 0.99, how_many => 200) WHERE text_rank IS NOT NULL$$,
    'but by words all the same'
);

-- Filters: everything that is left is found, however few.
SELECT is_empty(
    $$SELECT c.name, c.n FROM (
            SELECT c.category_id, c.name, count(*) AS n FROM retail.categories AS c
            JOIN retail.product_types USING (category_id) JOIN retail.products USING (type_id)
            WHERE base_price BETWEEN 20 AND 40 GROUP BY c.category_id
        ) AS c
        WHERE c.n <> (SELECT count(*) FROM retail.rank_products(
            'something else entirely', how_many => 200, category_id => c.category_id, price_min => 20, price_max => 40))$$,
    'all of a category within a range of prices'
);
SELECT is_empty(
    $$SELECT * FROM retail.rank_products('paint', how_many => 200, category_id => 4::smallint, price_min => 5, price_max => 9)
        JOIN retail.products USING (product_id) JOIN retail.product_types USING (type_id)
        WHERE category_id <> 4 OR base_price NOT BETWEEN 5 AND 9$$, 'and nothing else'
);
SELECT is(
    (SELECT count(*) FROM retail.rank_products('paint', how_many => 1000, stocked_in => retail.get_user_store_list())),
    (SELECT count(*) FROM retail.inventory WHERE stock_level > 0), 'what is in stock'
);
SELECT is(
    (SELECT count(*) FROM retail.rank_products('HTHA000101', how_many => 1000, category_id => 2::smallint) WHERE matched LIKE 'sku%'), 0::bigint,
    'filters hold for what is named, too'
);

-- A vector of another model
SELECT results_eq(
    $$SELECT product_id, similarity FROM retail.rank_products('xyzzy', embedding.embed('garden hose'), how_many => 5)$$,
    $$SELECT product_id, 1 - distance FROM retail.nearest_products(embedding.embed('garden hose'), 5)$$,
    'a vector that is given is taken'
);
SELECT throws_ok($$SELECT retail.rank_products('xyzzy', '[1, 2]')$$, 'SK400', 'but none of another dimension');

-- Without the model
SELECT be_dba();
UPDATE embedding.models SET is_active = false;
SELECT be('seattle@zava.example');
SELECT is_empty(
    $$SELECT * FROM retail.rank_products('paint roller', how_many => 200) WHERE vector_rank IS NOT NULL OR text_rank IS NULL$$,
    'without the model only words count'
);
SELECT is((SELECT max(score) FROM retail.rank_products('paint roller')), 1::float8, 'and the first has the whole score');

SELECT * FROM finish();
ROLLBACK;
