-- EXPLAIN, whose figures count everybody's rows.

-- attack: a plan
-- expect: own rows
EXPLAIN SELECT * FROM orders WHERE store_id = '{other_store}'

-- attack: a plan in small letters after a comment
-- expect: own rows, SK403, SK400
/* hello */ explain SELECT count(*) FROM customers

-- attack: a plan with costs
-- expect: SK400
EXPLAIN (COSTS) SELECT * FROM orders

-- attack: a plan with costs spelt out
-- expect: SK400
EXPLAIN (COSTS ON, FORMAT JSON) SELECT * FROM orders

-- attack: a plan that is run
-- expect: SK400
EXPLAIN ANALYZE SELECT * FROM orders

-- attack: a plan that is run, in British spelling
-- expect: SK400
EXPLAIN ANALYSE SELECT * FROM orders

-- attack: a plan that is run, in parentheses
-- expect: SK400
EXPLAIN (ANALYZE) SELECT * FROM orders

-- attack: a plan that is run, with rows removed by the policy
-- expect: SK400
EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF) SELECT * FROM orders WHERE total_amount > 0

-- attack: a plan with buffers
-- expect: SK400
EXPLAIN (BUFFERS) SELECT * FROM orders

-- attack: a plan with buffers that is run
-- expect: SK400
EXPLAIN (ANALYZE, BUFFERS, WAL) SELECT * FROM orders

-- attack: a verbose plan
-- expect: SK400
EXPLAIN VERBOSE SELECT * FROM orders

-- attack: a verbose plan in parentheses
-- expect: SK400
EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM orders

-- attack: a plan with settings
-- expect: SK400
EXPLAIN (SETTINGS) SELECT 1

-- attack: a generic plan
-- expect: SK400
EXPLAIN (GENERIC_PLAN) SELECT * FROM orders WHERE store_id = $1

-- attack: a plan with the planner's memory
-- expect: SK400
EXPLAIN (MEMORY) SELECT * FROM orders

-- attack: a plan whose rows are serialised
-- expect: SK400
EXPLAIN (ANALYZE, SERIALIZE TEXT) SELECT * FROM orders

-- attack: a plan with a summary
-- expect: SK400
EXPLAIN (SUMMARY) SELECT * FROM orders

-- attack: a plan in JSON
-- expect: SK400
EXPLAIN (FORMAT JSON) SELECT * FROM orders

-- attack: a plan in XML
-- expect: SK400
EXPLAIN (FORMAT XML) SELECT * FROM orders

-- attack: a plan in YAML
-- expect: SK400
EXPLAIN (FORMAT YAML) SELECT * FROM orders

-- attack: options behind a comment
-- expect: SK400, SK403, 42601
EXPLAIN /* x */ (ANALYZE) SELECT * FROM orders

-- attack: options on the next line behind a line comment
-- expect: SK400, SK403, 42601
EXPLAIN -- x
ANALYZE SELECT * FROM orders

-- attack: options behind a byte order mark
-- expect: SK400, SK403, 42601
-- expand: 'EXPLAIN \ufeff(ANALYZE) SELECT * FROM orders'

-- attack: options behind a no-break space
-- expect: SK400, SK403, 42601
-- expand: 'EXPLAIN\xa0(ANALYZE) SELECT * FROM orders'

-- attack: options twice
-- expect: SK400, SK403, 42601
EXPLAIN (COSTS OFF) (ANALYZE) SELECT * FROM orders

-- attack: a query in parentheses that looks like options
-- expect: own rows, SK400
EXPLAIN (SELECT count(*) FROM orders)

-- attack: a plan of a plan
-- expect: SK400, SK403, 42601
EXPLAIN EXPLAIN SELECT * FROM orders

-- attack: a plan in a common table expression
-- expect: 42601, SK400, SK403
WITH p AS (EXPLAIN SELECT * FROM orders) SELECT * FROM p

-- attack: a plan in a subquery
-- expect: 42601, SK400, SK403
SELECT * FROM (EXPLAIN ANALYZE SELECT * FROM orders) AS p

-- attack: a plan and a statement after it
-- expect: SK400, SK403, 42601
EXPLAIN SELECT 1; SELECT * FROM retail.orders

-- attack: a plan and the end of the transaction
-- expect: SK400, SK403, 42601
EXPLAIN SELECT 1; COMMIT; DELETE FROM retail.orders

-- attack: a plan of a deletion
-- expect: own rows, SK400, SK403, 42501, 25006
EXPLAIN DELETE FROM retail.orders

-- attack: a plan of a deletion that is run
-- expect: SK400, SK403, 42501, 25006
EXPLAIN ANALYZE DELETE FROM retail.orders

-- attack: a plan of a writing common table expression
-- expect: SK400, SK403, 42501, 25006
EXPLAIN ANALYZE WITH d AS (DELETE FROM retail.orders RETURNING *) SELECT * FROM d

-- attack: a plan of a prepared statement
-- expect: SK400, SK403, 26000, 42601
EXPLAIN EXECUTE x

-- attack: a plan of a new table
-- expect: own rows, SK400, SK403, 42501, 25006
EXPLAIN CREATE TABLE mine AS SELECT * FROM retail.orders

-- attack: a plan of a cursor
-- expect: own rows, SK400, SK403, 42501, 42601
EXPLAIN DECLARE c CURSOR FOR SELECT * FROM retail.orders

-- attack: a plan of a table without rights
-- expect: 42501
EXPLAIN SELECT * FROM gateway.keys

-- attack: a plan of the catalog
-- expect: 42501, SK403
EXPLAIN SELECT * FROM pg_class

-- attack: a function that is run while the plan is made
-- expect: 42501
EXPLAIN SELECT 1 FROM orders WHERE current_setting('storekeeper.context') = 'x'

-- attack: a plan that would show the policy's values
-- expect: own rows
EXPLAIN SELECT * FROM stores AS s JOIN orders AS o USING (store_id) WHERE s.store_id <> '{own_store}'
