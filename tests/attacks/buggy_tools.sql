-- A tool that puts its argument into SQL: what the caller's own rights and rows leave to gain.

-- attack: a quote that opens another table
-- through: tool buggy_search {"argument": "{attack}"}
-- expect: own rows
' UNION ALL SELECT first_name || ' ' || email FROM retail.customers --

-- attack: a quote that names another store
-- through: tool buggy_search {"argument": "{attack}"}
-- expect: no rows
' UNION ALL SELECT first_name FROM retail.customers WHERE store_id = '{other_store}' --

-- attack: a quote that reads the keys
-- through: tool buggy_search {"argument": "{attack}"}
-- expect: 42501
' UNION ALL SELECT encode(inner_pad, 'hex') FROM gateway.keys --

-- attack: a quote that reads the people
-- through: tool buggy_search {"argument": "{attack}"}
-- expect: 42501
' UNION ALL SELECT email FROM gateway.principals --

-- attack: a quote that ends the statement
-- through: tool buggy_search {"argument": "{attack}"}
-- expect: 42501, 0A000, 42601, 25006
'; DELETE FROM retail.inventory; --

-- attack: a quote that commits
-- through: tool buggy_search {"argument": "{attack}"}
-- expect: 0A000, 2D000, 42601
'; COMMIT; --

-- attack: a quote that sets the context
-- through: tool buggy_search {"argument": "{attack}"}
-- expect: 42501
' || set_config('storekeeper.context', 'forged', true) --

-- attack: a quote that reads a file
-- through: tool buggy_search {"argument": "{attack}"}
-- expect: 42501
' UNION ALL SELECT pg_read_file('/etc/passwd') --

-- attack: a quote that asks who
-- through: tool buggy_search {"argument": "{attack}"}
-- expect: 42501, own rows
' UNION ALL SELECT (gateway.who()).email --

-- attack: other stores' customers
-- through: a buggy reading tool
-- expect: no rows
SELECT first_name::text FROM retail.customers WHERE store_id = '{other_store}'

-- attack: everybody's customers
-- through: a buggy reading tool
-- expect: own rows
SELECT concat_ws(' ', first_name, last_name, email) FROM retail.customers ORDER BY first_name LIMIT 500

-- attack: the greatest order
-- through: a buggy reading tool
-- expect: own rows
SELECT max(total_amount)::text FROM retail.orders

-- attack: the greatest stock
-- through: a buggy reading tool
-- expect: own rows
SELECT max(stock_level)::text FROM retail.inventory

-- attack: the greatest price paid
-- through: a buggy reading tool
-- expect: own rows
SELECT max(unit_price)::text FROM retail.order_items

-- attack: the stores
-- through: a buggy reading tool
-- expect: own rows
SELECT concat_ws(' ', name, location) FROM retail.stores

-- attack: the victim's order by its id
-- through: a buggy reading tool
-- expect: no rows
SELECT total_amount::text FROM retail.orders WHERE order_id = '{other_order}'

-- attack: a second statement reads
-- through: a buggy reading tool
-- expect: own rows, 42601
SELECT 'x'::text; SELECT first_name::text FROM retail.customers ORDER BY first_name LIMIT 100

-- attack: a second statement writes
-- through: a buggy reading tool
-- expect: 0A000, 25006, 42601
SELECT 'x'::text; DELETE FROM retail.inventory RETURNING 'x'

-- attack: a reading tool deletes
-- through: a buggy reading tool
-- expect: 0A000, 25006
DELETE FROM retail.inventory RETURNING 'x'::text

-- attack: a reading tool deletes in a CTE
-- through: a buggy reading tool
-- expect: 0A000, 25006
WITH d AS (DELETE FROM retail.inventory RETURNING 'x'::text) SELECT * FROM d

-- attack: a reading tool locks rows
-- through: a buggy reading tool
-- expect: 0A000, 25006
SELECT order_id::text FROM retail.orders FOR UPDATE

-- attack: a reading tool turns to read-write
-- through: a buggy reading tool
-- expect: 0A000, 42601
SET TRANSACTION READ WRITE

-- attack: a reading tool with a SET
-- through: a buggy reading tool
-- expect: 0A000, 42601
SET LOCAL ROLE head_office

-- attack: a reading tool with DO
-- through: a buggy reading tool
-- expect: 0A000, 42601, 42501
DO 'BEGIN DELETE FROM retail.inventory; END'

-- attack: a reading tool draws from a sequence
-- through: a buggy reading tool
-- expect: 42P01, 42501, 25006
SELECT nextval('retail.orders_seq')::text

-- attack: a reading tool notifies
-- through: a buggy reading tool
-- expect: 42501
SELECT pg_notify('storekeeper_catalog', 'attack')::text

-- attack: a reading tool locks for good
-- through: a buggy reading tool
-- expect: 42501
SELECT pg_advisory_lock(4711)::text

-- attack: a reading tool makes a large object
-- through: a buggy reading tool
-- expect: 42501
SELECT lo_from_bytea(0, 'attack')::text

-- attack: a reading tool signals the victim
-- through: a buggy reading tool
-- expect: 42501
SELECT pg_terminate_backend({victim_pid})::text

-- attack: a reading tool sees others' statements
-- through: a buggy reading tool
-- expect: 42501
SELECT query::text FROM pg_stat_activity

-- attack: a reading tool counts by the planner
-- through: a buggy reading tool
-- expect: 42501
SELECT reltuples::text FROM pg_class WHERE relname = 'orders'

-- attack: a reading tool asks for the frequent values
-- through: a buggy reading tool
-- expect: 42501
SELECT most_common_vals::text FROM pg_stats WHERE tablename = 'customers'

-- attack: a reading tool reads by xml
-- through: a buggy reading tool
-- expect: 42501
SELECT query_to_xml('SELECT * FROM gateway.keys', true, false, '')::text

-- attack: a reading tool counts writes by ctid
-- through: a buggy reading tool
-- expect: 42501
SELECT max(ctid::text) FROM retail.orders

-- attack: a reading tool counts writes by xmin
-- through: a buggy reading tool
-- expect: 42501
SELECT xmin::text FROM retail.orders LIMIT 1

-- attack: a whole row, with what is hidden
-- through: a buggy reading tool
-- expect: own rows, 42501
SELECT o::text FROM retail.orders AS o LIMIT 5

-- attack: another persona's rows by the sandbox
-- through: a buggy reading tool
-- expect: 42501
SELECT sandbox.run_head_office('SELECT max(total_amount) FROM orders', 10, 1000)::text WHERE current_user <> 'head_office' OR sandbox.run_store_managers('SELECT 1', 1, 1) IS NULL

-- attack: the loader's functions
-- through: a buggy writing tool
-- expect: 42501
SELECT sample.load(1, 0.01)::text

-- attack: the rows of a function that grants
-- through: a buggy writing tool
-- expect: 42501
SELECT retail.grant_managers()::text

-- attack: an error that carries another store's row
-- through: a buggy reading tool
-- expect: 22P02, own rows
SELECT (SELECT first_name FROM retail.customers ORDER BY first_name LIMIT 1)::integer::text

-- attack: an error text with a canary if it is there
-- through: a buggy reading tool
-- expect: no rows
SELECT first_name::integer::text FROM retail.customers WHERE store_id = '{other_store}'

-- attack: a writing tool writes the keys
-- through: a buggy writing tool
-- expect: 42501
UPDATE gateway.keys SET inner_pad = outer_pad

-- attack: a writing tool makes a person
-- through: a buggy writing tool
-- expect: 42501
INSERT INTO gateway.principals (email, display_name, role, all_tenants) VALUES ('eve@leak.example', 'Eve', 'head_office', true)

-- attack: a writing tool takes every tenant
-- through: a buggy writing tool
-- expect: 42501
UPDATE gateway.principals SET all_tenants = true

-- attack: a writing tool takes one tenant
-- through: a buggy writing tool
-- expect: 42501
INSERT INTO gateway.principal_tenants SELECT '00000000-0000-4000-8000-000000000101', '{other_store}'

-- attack: a writing tool drops the guard
-- through: a buggy writing tool
-- expect: 42501
DROP POLICY tenant_guard ON retail.orders

-- attack: a writing tool adds a policy
-- through: a buggy writing tool
-- expect: 42501
CREATE POLICY all_of_it ON retail.orders USING (true)

-- attack: a writing tool switches row security off
-- through: a buggy writing tool
-- expect: 42501
ALTER TABLE retail.orders DISABLE ROW LEVEL SECURITY

-- attack: a writing tool grants itself more
-- through: a buggy writing tool
-- expect: 42501, own rows
GRANT storekeeper_loader TO store_managers

-- attack: a writing tool reads the server's files
-- through: a buggy writing tool
-- expect: 42501
CREATE TABLE public.f (t text);
COPY public.f FROM '/etc/passwd'

-- attack: a writing tool rewrites itself
-- through: a buggy writing tool
-- expect: 42501
CREATE OR REPLACE FUNCTION tool.buggy_write(argument text) RETURNS SETOF text LANGUAGE sql SECURITY DEFINER AS 'SELECT ''x'''

-- attack: a writing tool publishes another
-- through: a buggy writing tool
-- expect: 42501
CREATE FUNCTION tool.mine() RETURNS text LANGUAGE sql AS 'SELECT ''x'''

-- attack: a writing tool commits
-- through: a buggy writing tool
-- expect: 0A000, 2D000
COMMIT

-- attack: a writing tool rolls back
-- through: a buggy writing tool
-- expect: 0A000, 2D000
ROLLBACK

-- attack: a writing tool changes its account's password
-- through: a buggy writing tool
-- expect: 42501
-- open: a VOLATILE tool runs in the login's session, where RESET ROLE makes it the login
RESET ROLE;
ALTER ROLE storekeeper_gateway PASSWORD 'stolen'

-- attack: a writing tool lames its account
-- through: a buggy writing tool
-- expect: 42501
-- open: a VOLATILE tool runs in the login's session, where RESET ROLE makes it the login
RESET ROLE;
ALTER ROLE storekeeper_gateway SET work_mem = '64kB'

-- attack: a definer's rights over other stores
-- through: tool buggy_definer {"argument": "{attack}"}
-- expect: no rows
SELECT first_name::text FROM retail.customers

-- attack: a definer's rights over one order of another store
-- through: tool buggy_definer {"argument": "{attack}"}
-- expect: no rows
SELECT total_amount::text FROM retail.orders WHERE order_id = '{other_order}'

-- attack: a definer's rights over the keys
-- through: tool buggy_definer {"argument": "{attack}"}
-- expect: 42501
SELECT encode(inner_pad, 'hex') FROM gateway.keys

-- attack: a definer's rights over the people
-- through: tool buggy_definer {"argument": "{attack}"}
-- expect: 42501
SELECT email FROM gateway.principals

-- attack: a definer's rights to write
-- through: tool buggy_definer {"argument": "{attack}"}
-- expect: 0A000, 25006
DELETE FROM retail.inventory RETURNING 'x'

-- attack: a reading tool calls a writing one
-- through: a buggy reading tool
-- expect: 25006
SELECT tool.buggy_write('UPDATE retail.inventory SET reorder_point = reorder_point WHERE store_id = ''{own_store}''')
