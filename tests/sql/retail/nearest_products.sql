-- retail.nearest_products: as many as asked for under every filter, in the same order with indexes as without.
BEGIN;
\ir ../tap.sql
SELECT plan(40);

-- Vectors of our own: the k-th product at k/5 degrees from the first axis.
DELETE FROM retail.product_description_embeddings;
INSERT INTO retail.product_description_embeddings (product_id, description_embedding)
SELECT p.product_id, ARRAY[cosd(p.product_id / 5.0), sind(p.product_id / 5.0), 0]::public.vector(3)
FROM retail.products AS p;
UPDATE retail.products SET is_active = product_id % 7 <> 0;
ANALYZE retail.product_description_embeddings;

CREATE FUNCTION pg_temp.want(condition text, how_many integer) RETURNS TABLE (product_id integer) LANGUAGE plpgsql AS $function$
BEGIN
    RETURN QUERY EXECUTE format(
        'SELECT p.product_id FROM retail.products AS p WHERE %s ORDER BY p.product_id LIMIT %s', condition, how_many
    );
END
$function$;
CREATE FUNCTION pg_temp.same(arguments text, condition text, how_many integer, description text) RETURNS text
LANGUAGE sql AS $function$
    SELECT results_eq(
        format('SELECT product_id FROM retail.nearest_products(''[1, 0, 0]'', %s%s)', how_many, arguments),
        format('SELECT product_id FROM pg_temp.want(%L, %s)', condition, how_many), description
    )
$function$;

-- Nobody has stock, but the catalogue is everybody's.
SELECT be();
SELECT pg_temp.same('', 'true', 5, 'nobody');
SELECT is_empty(
    $$SELECT * FROM retail.nearest_products('[1, 0, 0]', 5, stocked_in => '{00000000-0000-4000-8000-000000000001}')$$,
    'nobody sees stock'
);

-- The manager; first compared one by one, then by the indexes.
SELECT be('seattle@zava.example');
SELECT pg_temp.same('', 'true', 20, 'one by one: all');
SELECT pg_temp.same(', type_ids => ''{1, 3}''', 'type_id IN (1, 3)', 6, 'one by one: types');
SELECT pg_temp.same(', price_min => 20, price_max => 30', 'base_price BETWEEN 20 AND 30', 15, 'one by one: prices');
SELECT pg_temp.same(', active_only => true', 'is_active', 50, 'one by one: those that are bought in');
SELECT pg_temp.same(', product_ids => ''{9, 300, 4, -1}''', 'product_id IN (4, 9, 300)', 10, 'one by one: some');
SELECT pg_temp.same(
    ', stocked_in => ''{00000000-0000-4000-8000-000000000001}''',
    'EXISTS (SELECT FROM retail.inventory AS i WHERE i.product_id = p.product_id AND i.stock_level > 0)', 200,
    'one by one: in stock'
);
SELECT is_empty(
    $$SELECT * FROM retail.nearest_products('[1, 0, 0]', 5, stocked_in => '{00000000-0000-4000-8000-000000000002}')$$,
    'a colleague''s stock is not seen'
);
SELECT ok(
    (SELECT max(abs(n.distance - (1 - cosd(n.product_id / 5.0)))) < 1e-6
        FROM retail.nearest_products('[2, 0, 0]', 20) AS n),
    'distances are those of cosine, whatever the length'
);
SELECT is_empty($$SELECT * FROM retail.nearest_products(NULL)$$, 'nothing is near to NULL');
SELECT is_empty($$SELECT * FROM retail.nearest_products('[0, 0, 0]')$$, 'nor to zeros');
SELECT is_empty($$SELECT * FROM retail.nearest_products('[1, 0, 0]', 0)$$, 'none are none');
SELECT throws_ok($$SELECT retail.nearest_products('[1, 0]')$$, '22000', 'a vector of another dimension is refused');

SELECT be_dba();
CREATE OR REPLACE FUNCTION retail.exact_search_limit(dimension integer) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 12;
SELECT replace(ddl, ' CONCURRENTLY', '') FROM retail.wanted_embedding_index() AS ddl \gexec
CREATE FUNCTION pg_temp.scans(method text) RETURNS bigint LANGUAGE sql SECURITY DEFINER AS $function$
    SELECT pg_stat_get_xact_numscans(i.indexrelid)
    FROM pg_index AS i
    JOIN pg_class AS c ON c.oid = i.indexrelid AND c.relam = (SELECT a.oid FROM pg_am AS a WHERE a.amname = method)
    WHERE i.indrelid = 'retail.product_description_embeddings'::regclass
$function$;
SELECT be('seattle@zava.example');
SELECT pg_temp.same('', 'true', 20, 'by the indexes: all');
SELECT is(pg_temp.scans('hnsw'), 1::bigint, 'by the graph');
SELECT is(pg_temp.scans('ivfflat'), 1::bigint, 'and by lists, which agree');
SELECT pg_temp.same(', active_only => true', 'is_active', 50, 'by the indexes: those that are bought in');
SELECT is(pg_temp.scans('hnsw'), 2::bigint, 'by them');
SELECT pg_temp.same(', price_min => 20, price_max => 30', 'base_price BETWEEN 20 AND 30', 15, 'by the indexes: prices');
SELECT pg_temp.same(
    ', stocked_in => ''{00000000-0000-4000-8000-000000000001}''',
    'EXISTS (SELECT FROM retail.inventory AS i WHERE i.product_id = p.product_id AND i.stock_level > 0)', 30,
    'by the indexes: in stock'
);
SELECT pg_temp.scans('hnsw') AS before \gset
SELECT pg_temp.same(', product_ids => ''{9, 300, 4, -1}''', 'product_id IN (4, 9, 300)', 10, 'few are compared');
SELECT is(pg_temp.scans('hnsw'), :before::bigint, 'without the indexes');
SELECT pg_temp.same(', price_min => 1, active_only => true', 'is_active', 425, 'more than there are: all there are');
SELECT is(
    (SELECT count(*) FROM retail.nearest_products('[1, 0, 0]', 425)), (SELECT count(*) FROM retail.products), 'every product'
);
SELECT is(
    (SELECT n.product_id FROM retail.nearest_products('[0, 1, 0]', 1) AS n),
    (SELECT max(p.product_id) FROM retail.products AS p), 'from the other end'
);
SELECT throws_ok($$SELECT retail.nearest_products('[1, 0]', 3)$$, '22000', 'another dimension is refused as before');

-- Where none is nearer than the others the indexes find different ones.
SELECT pg_temp.scans('ivfflat') AS before \gset
SELECT results_eq(
    $$SELECT round(n.distance::numeric, 6) FROM retail.nearest_products('[0, 0, 1]', 9) AS n$$,
    $$SELECT 1.000000 FROM generate_series(1, 9)$$, 'far from all of them'
);
SELECT is(pg_temp.scans('ivfflat'), :before + 2::bigint, 'more lists are looked through');
SELECT pg_temp.scans('ivfflat') AS before \gset
SELECT is(
    (SELECT count(*) FROM retail.nearest_products('[0, 0, 1]', 9, product_ids => ARRAY(SELECT p.product_id FROM retail.products AS p LIMIT 48))),
    9::bigint, 'far from all of four times the limit that a filter leaves'
);
SELECT is(pg_temp.scans('ivfflat'), :before + 1::bigint, 'which are compared');

-- As many as asked for, however far they are; so small a table would be sorted.
SELECT be_dba();
CREATE FUNCTION pg_temp.far(description text) RETURNS text LANGUAGE sql AS $function$
    SELECT results_eq(
        $$SELECT n.product_id FROM retail.nearest_products('[1, 0, 0]', 5, product_ids => ARRAY(
            SELECT p.product_id FROM retail.products AS p ORDER BY p.product_id DESC LIMIT 20
        )) AS n$$,
        $$SELECT n.product_id FROM (SELECT p.product_id FROM retail.products AS p ORDER BY 1 DESC LIMIT 20) AS n ORDER BY 1 LIMIT 5$$,
        description
    )
$function$;
CREATE OR REPLACE FUNCTION retail.exact_search_limit(dimension integer) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 3;
ALTER FUNCTION retail.nearest_products SET ivfflat.probes = 1;
ALTER FUNCTION retail.nearest_products SET enable_sort = off;
SELECT be('seattle@zava.example');
SELECT pg_temp.scans('ivfflat') AS before \gset
SELECT pg_temp.far('at the other end, of twenty times the limit');
SELECT is(pg_temp.scans('ivfflat'), :before + 1::bigint, 'which are compared');
SELECT be_dba();
CREATE OR REPLACE FUNCTION retail.exact_search_limit(dimension integer) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 2;
SELECT be('seattle@zava.example');
SELECT pg_temp.scans('ivfflat') AS before \gset
SELECT pg_temp.far('of more, where the lists that are looked through have none');
SELECT is(pg_temp.scans('ivfflat'), :before + 2::bigint, 'which is found out');

-- With one of the indexes alone nothing tells what it misses.
SELECT be_dba();
SELECT format('DROP INDEX %s', i.indexrelid::regclass)
FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_am AS m ON m.oid = c.relam AND m.amname = 'ivfflat'
WHERE i.indrelid = 'retail.product_description_embeddings'::regclass \gexec
SELECT be('seattle@zava.example');
SELECT pg_temp.scans('hnsw') AS before \gset
SELECT pg_temp.same('', 'true', 20, 'all are compared');
SELECT is(pg_temp.scans('hnsw'), :before::bigint, 'one by one');

-- What leaves the caller's settings alone
SELECT is(tap.setting('enable_seqscan'), 'on', 'settings are the function''s own');

-- A colleague, head office
SELECT be('bellevue@zava.example');
SELECT pg_temp.same(
    ', stocked_in => ''{00000000-0000-4000-8000-000000000001,00000000-0000-4000-8000-000000000002}''',
    'EXISTS (SELECT FROM retail.inventory AS i WHERE i.product_id = p.product_id AND i.stock_level > 0)', 30,
    'a colleague has their own stock'
);
SELECT be('analyst@zava.example');
SELECT pg_temp.same(
    ', stocked_in => ''{00000000-0000-4000-8000-000000000001}''',
    'EXISTS (SELECT FROM retail.inventory AS i WHERE i.product_id = p.product_id AND i.stock_level > 0
        AND i.store_id = ''00000000-0000-4000-8000-000000000001'')', 30,
    'head office asks for one store'
);

SELECT * FROM finish();
ROLLBACK;
