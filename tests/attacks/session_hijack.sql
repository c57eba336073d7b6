-- Taking over the session of a call: roles, search paths, shadowing names, the driver's own statements.

-- attack: the role of head office
-- through: a buggy writing tool
-- expect: own rows, 42501
SET LOCAL ROLE head_office;
SELECT first_name::text FROM retail.customers ORDER BY first_name LIMIT 200

-- attack: the role of head office, to the greatest order
-- through: a buggy writing tool
-- expect: own rows, 42501
SET LOCAL ROLE head_office;
SELECT max(total_amount)::text FROM retail.orders

-- attack: the role of head office, to another store
-- through: a buggy writing tool
-- expect: no rows, 42501
SET LOCAL ROLE head_office;
SELECT total_amount::text FROM retail.orders WHERE store_id = '{other_store}'

-- attack: the role of regional managers, to another store
-- through: a buggy writing tool
-- expect: no rows, 42501
SET LOCAL ROLE regional_managers;
SELECT total_amount::text FROM retail.orders WHERE store_id = '{other_store}'

-- attack: the role of store managers, to another store
-- through: a buggy writing tool
-- expect: no rows, 42501
SET LOCAL ROLE store_managers;
SELECT total_amount::text FROM retail.orders WHERE store_id = '{other_store}'

-- attack: the account itself
-- through: a buggy writing tool
-- expect: 42501
RESET ROLE;
SELECT first_name::text FROM retail.customers

-- attack: the account itself enters as another
-- through: a buggy writing tool
-- expect: SK403, 42501
RESET ROLE;
SELECT gateway.enter('{stolen_assertion}', 'x', 1000)::text

-- attack: the account itself enters as another and reads
-- through: a buggy writing tool
-- expect: SK403, 42501
RESET ROLE;
SELECT gateway.enter('{stolen_assertion}', 'x', 1000);
SELECT first_name::text FROM retail.customers

-- attack: the context emptied, then another entered
-- through: a buggy writing tool
-- expect: SK401, 42501
SET LOCAL storekeeper.context = '';
RESET ROLE;
SELECT gateway.enter('{forged_assertion}', 'x', 1000)::text

-- attack: the account itself impersonates
-- through: a buggy writing tool
-- expect: 42501
RESET ROLE;
SELECT gateway.impersonate('{other_principal}')::text

-- attack: the account itself becomes the owner
-- through: a buggy writing tool
-- expect: 42501
RESET ROLE;
SET LOCAL ROLE storekeeper_owner

-- attack: the loader
-- through: a buggy writing tool
-- expect: 42501
SET LOCAL ROLE storekeeper_loader;
SELECT first_name::text FROM retail.customers

-- attack: the definer of the gateway
-- through: a buggy writing tool
-- expect: 42501
SET LOCAL ROLE storekeeper_definer;
SELECT inner_pad::text FROM gateway.keys

-- attack: the DBA
-- through: a buggy writing tool
-- expect: 42501
SET LOCAL ROLE storekeeper_dba;
SELECT gateway.impersonate('{other_principal}')::text

-- attack: those that the built-in functions are left to
-- through: a buggy writing tool
-- expect: 42501, 22023
SET LOCAL ROLE storekeeper_trusted;
SELECT pg_terminate_backend({victim_pid})::text

-- attack: a sandbox role
-- through: a buggy writing tool
-- expect: 42501
SET LOCAL ROLE sandbox_head_office;
SELECT first_name::text FROM retail.customers

-- attack: the superuser
-- through: a buggy writing tool
-- expect: 42501
SET SESSION AUTHORIZATION postgres

-- attack: the superuser for the transaction
-- through: a buggy writing tool
-- expect: 42501
SET LOCAL SESSION AUTHORIZATION postgres;
SELECT inner_pad::text FROM gateway.keys

-- attack: the account's authorization again
-- through: a buggy writing tool
-- expect: 42501
RESET SESSION AUTHORIZATION;
SELECT first_name::text FROM retail.customers

-- attack: a predefined role
-- through: a buggy writing tool
-- expect: 42501
SET LOCAL ROLE pg_read_all_data;
SELECT first_name::text FROM retail.customers

-- attack: a forged context, set by a statement
-- through: a buggy writing tool
-- expect: 42501
SET LOCAL storekeeper.context = '0000000000000000000000000000000000000000000000000000000000000000|{own_pid}|1.0|head_office|00000000-0000-4000-8000-0000000000f1|{other_store}';
SELECT first_name::text FROM retail.customers

-- attack: an emptied context, set by a statement
-- through: a buggy writing tool
-- expect: no rows
SET LOCAL storekeeper.context = '';
SELECT first_name::text FROM retail.customers

-- attack: a context of nothing but a mac
-- through: a buggy writing tool
-- expect: 42501
SET LOCAL storekeeper.context = '0000000000000000000000000000000000000000000000000000000000000000';
SELECT first_name::text FROM retail.customers

-- attack: the context of a call is shown, and is worth nothing in the next
-- through: a buggy writing tool
-- expect: own rows
SHOW storekeeper.context

-- attack: the context reset
-- through: a buggy writing tool
-- expect: no rows
RESET storekeeper.context;
SELECT first_name::text FROM retail.customers

-- attack: a temporary table that shadows
-- through: a buggy writing tool
-- expect: 42501
CREATE TEMP TABLE customers AS SELECT 1 AS x;
SELECT x::text FROM customers

-- attack: a temporary function that shadows a built-in
-- through: a buggy writing tool
-- expect: 42501
CREATE FUNCTION pg_temp.lower(text) RETURNS text LANGUAGE sql AS 'SELECT ''x'''

-- attack: a function in public
-- through: a buggy writing tool
-- expect: 42501
CREATE FUNCTION public.sha256(bytea) RETURNS bytea LANGUAGE sql AS 'SELECT ''\x00''::bytea'

-- attack: a function in the gateway
-- through: a buggy writing tool
-- expect: 42501
CREATE OR REPLACE FUNCTION gateway.tenant_ids() RETURNS uuid[] LANGUAGE sql AS 'SELECT ARRAY[]::uuid[]'

-- attack: an operator for uuids
-- through: a buggy writing tool
-- expect: 42501
CREATE OPERATOR public.= (FUNCTION = uuid_ne, LEFTARG = uuid, RIGHTARG = uuid)

-- attack: a cast
-- through: a buggy writing tool
-- expect: 42501
CREATE CAST (uuid AS text) WITH INOUT AS IMPLICIT

-- attack: an aggregate
-- through: a buggy writing tool
-- expect: 42501
CREATE AGGREGATE public.sum(numeric) (SFUNC = numeric_add, STYPE = numeric)

-- attack: a type
-- through: a buggy writing tool
-- expect: 42501
CREATE TYPE public.text AS ENUM ('x')

-- attack: a domain
-- through: a buggy writing tool
-- expect: 42501
CREATE DOMAIN public.uuid AS text

-- attack: a schema
-- through: a buggy writing tool
-- expect: 42501
CREATE SCHEMA mine

-- attack: a rule
-- through: a buggy writing tool
-- expect: 42501
CREATE RULE stolen AS ON INSERT TO retail.orders DO ALSO NOTHING

-- attack: a trigger
-- through: a buggy writing tool
-- expect: 42501
CREATE TRIGGER stolen BEFORE UPDATE ON retail.orders FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()

-- attack: an event trigger
-- through: a buggy writing tool
-- expect: 42501
CREATE EVENT TRIGGER stolen ON ddl_command_end EXECUTE FUNCTION gateway.notify_catalog()

-- attack: a path that begins elsewhere
-- through: a buggy writing tool
-- expect: 42501, 42883, 42P01
SET LOCAL search_path = gateway, retail;
SELECT inner_pad::text FROM keys

-- attack: a path that begins with the temporary schema
-- through: a buggy writing tool
-- expect: own rows
SET LOCAL search_path = pg_temp, retail;
SELECT first_name::text FROM retail.customers ORDER BY first_name LIMIT 100

-- attack: the path of free SQL leads to the gateway
-- expect: 42501, 42P01
SELECT inner_pad FROM keys

-- attack: the sandbox of another persona
-- expect: 42501
SELECT sandbox.run_store_managers('SELECT max(total_amount) FROM orders', 1, 1000), sandbox.run_regional_managers('SELECT 1', 1, 1000), sandbox.run_head_office('SELECT max(total_amount) FROM orders', 1, 1000)

-- attack: the gateway's runner itself
-- expect: 42501, own rows
SELECT gateway.run_query('SELECT max(total_amount) FROM retail.orders', 1, 1000)

-- attack: a free query in a free query
-- expect: SK401
SELECT gateway.free_query('SELECT max(total_amount) FROM orders')

-- attack: a free query by the tool in a free query
-- expect: SK401
SELECT tool.execute_sales_query('SELECT max(total_amount) FROM orders')

-- attack: a writing tool from free SQL
-- expect: 42501, SK403
SELECT tool.buggy_write('DELETE FROM retail.inventory')

-- attack: a reading tool from free SQL
-- expect: 42501, own rows
SELECT tool.buggy_read('SELECT max(total_amount)::text FROM retail.orders')

-- attack: a definer function from free SQL
-- expect: 42501
SELECT fixture.remember('role', 'head_office')

-- attack: the driver's entering statement run again
-- through: a buggy writing tool
-- expect: 26000, 42501, 42601, SK403, SK401
RESET ROLE;
EXECUTE sk_1('{stolen_assertion}', 'x', 1000)

-- attack: the driver's statements replaced
-- through: a buggy writing tool
-- expect: no rows, 26000, 42501, 42P05
DEALLOCATE ALL;
PREPARE sk_0 AS SELECT 'stolen';
PREPARE sk_1 AS SELECT 'stolen'

-- attack: the record of calls forged
-- through: a buggy writing tool
-- expect: 42501
-- open: a VOLATILE tool runs in the login's session, where RESET ROLE makes it the login
RESET ROLE;
SELECT gateway.record_calls('[]')::text

-- attack: the login of the server examined
-- through: a buggy writing tool
-- expect: 42501
RESET ROLE;
SELECT rolpassword::text FROM pg_authid

-- attack: a trusted language
-- through: a buggy writing tool
-- expect: 42501
DO 'BEGIN PERFORM 1; END'

-- attack: a trusted language with a dynamic context
-- through: a buggy writing tool
-- expect: 42501
DO $do$ BEGIN EXECUTE format('SET LOCAL storekeeper.context = %L', 'forged'); END $do$;
SELECT first_name::text FROM retail.customers

-- attack: a built-in behind the guards, planned by the gateway's explainer
-- expect: 42501, SK403, 42883
SELECT * FROM gateway.explain_query('SELECT pg_' || 'catalog.repeat(''x'', 100000000)')

-- attack: a built-in behind the guards, in the gateway's look at types
-- expect: 42501, SK403, 42883
SELECT gateway.query_types('SELECT pg_' || 'catalog.repeat(''x'', 100000000)', 1)

-- attack: a built-in behind the guards, in the gateway's runner
-- expect: 42501, SK403
SELECT gateway.run_query('SELECT length(pg_' || 'catalog.repeat(''x'', 100000000))', 1, 1000)

-- attack: figures of a plan, asked of the gateway's explainer
-- expect: 42501, SK400, SK403, 42601
SELECT * FROM gateway.explain_query('(COSTS ON) SELECT 1')

-- attack: near names of what one may not read
-- expect: 42501, own rows
SELECT gateway.near_names('table', 'principals'), gateway.near_names('column', 'inner_pad')

-- attack: another table described by the gateway
-- expect: 42501, own rows
SELECT gateway.visible_tables('gateway')

-- attack: whether the account may serve
-- expect: 42501
SELECT gateway.login_faults()

-- attack: what the database is exposed to
-- expect: 42501
SELECT * FROM gateway.exposures('head_office')

-- attack: the hardening taken back
-- expect: 42501
SELECT gateway.harden('none')

-- attack: the exposures accepted
-- expect: 42501
SELECT gateway.accept_exposures()

-- attack: the account itself ends another's backend
-- through: a buggy writing tool
-- expect: 42501
RESET ROLE;
SELECT pg_terminate_backend({victim_pid})::text

-- attack: the account itself cancels another's query
-- through: a buggy writing tool
-- expect: 42501
RESET ROLE;
SELECT pg_cancel_backend({victim_pid})::text

-- attack: the account itself reads another's statement
-- through: a buggy writing tool
-- expect: 42501
RESET ROLE;
SELECT query::text FROM pg_stat_activity WHERE pid = {victim_pid}
