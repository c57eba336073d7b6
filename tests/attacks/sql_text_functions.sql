-- Functions that take SQL, a table's name or a document as text and read what it names.

-- attack: query_to_xml over another store's orders
-- expect: 42501
SELECT query_to_xml('SELECT * FROM retail.orders WHERE store_id = ''{other_store}''', true, false, '')

-- attack: query_to_xml after it sets another context
-- expect: 42501
SELECT query_to_xml('SELECT set_config(''storekeeper.context'', ''x'', true)', true, false, '')

-- attack: query_to_xml that writes
-- expect: 42501
SELECT query_to_xml('DELETE FROM retail.orders RETURNING 1', true, false, '')

-- attack: query_to_xmlschema
-- expect: 42501
SELECT query_to_xmlschema('SELECT * FROM retail.customers', true, false, '')

-- attack: query_to_xml_and_xmlschema
-- expect: 42501
SELECT query_to_xml_and_xmlschema('SELECT * FROM gateway.keys', true, false, '')

-- attack: table_to_xml of the keys
-- expect: 42501
SELECT table_to_xml('gateway.keys', true, false, '')

-- attack: table_to_xml of the people
-- expect: 42501
SELECT table_to_xml('gateway.principals'::regclass, true, false, '')

-- attack: table_to_xmlschema
-- expect: 42501
SELECT table_to_xmlschema('retail.orders', true, false, '')

-- attack: table_to_xml_and_xmlschema
-- expect: 42501
SELECT table_to_xml_and_xmlschema('retail.orders', true, false, '')

-- attack: schema_to_xml
-- expect: 42501
SELECT schema_to_xml('retail', true, false, '')

-- attack: schema_to_xmlschema
-- expect: 42501
SELECT schema_to_xmlschema('gateway', true, false, '')

-- attack: schema_to_xml_and_xmlschema
-- expect: 42501
SELECT schema_to_xml_and_xmlschema('sample', true, false, '')

-- attack: database_to_xml
-- expect: 42501
SELECT database_to_xml(true, false, '')

-- attack: database_to_xmlschema
-- expect: 42501
SELECT database_to_xmlschema(true, false, '')

-- attack: database_to_xml_and_xmlschema
-- expect: 42501
SELECT database_to_xml_and_xmlschema(true, false, '')

-- attack: cursor_to_xml of the gateway's own cursor
-- expect: 42501
SELECT cursor_to_xml('<unnamed portal 1>', 100, true, false, '')

-- attack: cursor_to_xmlschema
-- expect: 42501
SELECT cursor_to_xmlschema('<unnamed portal 1>', true, false, '')

-- attack: query_to_xml in the FROM clause
-- expect: 42501
SELECT x FROM query_to_xml('TABLE retail.customers', true, false, '') AS x

-- attack: query_to_xml in a CASE that is never reached
-- expect: 42501
SELECT CASE WHEN count(*) < 0 THEN query_to_xml('TABLE retail.customers', true, false, '')::text END FROM orders

-- attack: query_to_xml in ORDER BY
-- expect: 42501
SELECT name FROM categories ORDER BY query_to_xml('SELECT ' || category_id, true, false, '')::text

-- attack: query_to_xml as a LATERAL of every row
-- expect: 42501
SELECT c.name, x FROM categories AS c CROSS JOIN LATERAL query_to_xml(format('SELECT %L', c.name), true, false, '') AS x

-- attack: query_to_xml under its schema's name
-- expect: SK403, 42501
SELECT pg_catalog.query_to_xml('TABLE retail.customers', true, false, '')

-- attack: query_to_xml quoted and in Unicode escapes
-- expect: 42501, SK403
SELECT U&"\0071uery_to_xml"('TABLE retail.customers', true, false, '')

-- attack: ts_stat over another store's customers
-- expect: 42501
SELECT word FROM ts_stat('SELECT to_tsvector(email) FROM retail.customers WHERE store_id = ''{other_store}''')

-- attack: ts_stat with weights
-- expect: 42501
SELECT word FROM ts_stat('SELECT to_tsvector(display_name) FROM gateway.principals', 'ab')

-- attack: ts_stat over a function that sets a role
-- expect: 42501
SELECT word FROM ts_stat($a$SELECT to_tsvector(set_config('role', 'storekeeper_owner', true))$a$)

-- attack: ts_rewrite with a query of its own
-- expect: 42501
SELECT ts_rewrite('a'::tsquery, 'SELECT ''a''::tsquery, plainto_tsquery(email) FROM retail.customers')

-- attack: ts_rewrite over the keys
-- expect: 42501
SELECT ts_rewrite('a'::tsquery, $a$SELECT 'a'::tsquery, to_tsquery(encode(inner_pad, 'hex')) FROM gateway.keys$a$)

-- attack: dblink is not there
-- expect: 42883
SELECT * FROM dblink('dbname=postgres', 'SELECT rolpassword FROM pg_authid') AS d (p text)

-- attack: dblink_exec is not there
-- expect: 42883
SELECT dblink_exec('dbname=postgres', 'ALTER ROLE storekeeper_gateway SUPERUSER')

-- attack: crosstab is not there
-- expect: 42883
SELECT * FROM crosstab('SELECT 1, 2, email FROM retail.customers') AS c (r integer, a text)

-- attack: connectby is not there
-- expect: 42883
SELECT * FROM connectby('gateway.principals', 'email', 'role', 'head_office', 0) AS c (k text, p text, l integer)

-- attack: xpath_table is not there
-- expect: 42883
SELECT * FROM xpath_table('customer_id', 'email', 'retail.customers', '/', 'true') AS t (a text, b text)

-- attack: pgvector's, pg_trgm's and postgres_fdw's helpers that run SQL are not there
-- expect: 42883
SELECT postgres_fdw_get_connections()

-- attack: a function that would run Python is not there
-- expect: 42883
SELECT plpython3_call_handler()

-- attack: plpgsql's inline handler
-- expect: 0A000, 42501
SELECT plpgsql_inline_handler(NULL)

-- attack: plpgsql's call handler
-- expect: 42501
SELECT plpgsql_call_handler()

-- attack: plpgsql's validator over the gateway's functions
-- expect: 42501
SELECT plpgsql_validator('gateway.enter'::regproc)

-- attack: the validator of functions in C
-- expect: 42501
SELECT fmgr_c_validator('gateway.mac(text,text)'::regprocedure)

-- attack: the validator of functions in SQL
-- expect: 42501
SELECT fmgr_sql_validator('gateway.mac(text,text)'::regprocedure)
