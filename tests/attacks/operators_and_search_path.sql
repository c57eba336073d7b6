-- Operators, functions that fail on the rows they meet, and names that mean something else.

-- attack: a division that fails on the other store's rows
-- expect: own rows
SELECT count(*), max(total_amount) FROM orders WHERE 1 / (CASE WHEN store_id = '{other_store}' THEN 0 ELSE 1 END) = 1

-- attack: a cast that fails on the other store's rows
-- expect: own rows
SELECT count(*) FROM customers WHERE (CASE WHEN store_id = '{other_store}' THEN email ELSE '1' END)::integer = 1

-- attack: a cast that is cheap and comes first
-- expect: own rows
SELECT count(*) FROM orders WHERE (CASE WHEN customer_id = '{other_customer}' THEN 'x' ELSE '1' END)::numeric > 0 AND store_id = '{other_store}'

-- attack: a number out of range on the other store's rows
-- expect: own rows
SELECT count(*) FROM orders WHERE (CASE WHEN store_id = '{other_store}' THEN 40000 ELSE 1 END)::smallint = 1

-- attack: a logarithm that fails on the other store's rows
-- expect: own rows
SELECT count(*) FROM orders WHERE ln(CASE WHEN order_id = '{other_order}' THEN 0 ELSE 1 END) = 0

-- attack: a square root that fails on the other store's rows
-- expect: own rows
SELECT count(*) FROM order_items WHERE sqrt(CASE WHEN order_id = '{other_order}' THEN -1 ELSE 1 END) = 1

-- attack: a regular expression that is wrong for the other store's rows
-- expect: own rows
SELECT count(*) FROM customers WHERE 'a' ~ (CASE WHEN store_id = '{other_store}' THEN '(' || email ELSE 'a' END)

-- attack: a character that there is not for the other store's rows
-- expect: own rows
SELECT count(*) FROM customers WHERE chr(CASE WHEN store_id = '{other_store}' THEN 0 ELSE 65 END) = 'A'

-- attack: a byte beyond the other store's rows
-- expect: own rows
SELECT count(*) FROM customers WHERE get_byte(email::bytea, CASE WHEN store_id = '{other_store}' THEN 1000 ELSE 0 END) > 0

-- attack: a JSON text that is wrong for the other store's rows
-- expect: own rows
SELECT count(*) FROM customers WHERE (CASE WHEN store_id = '{other_store}' THEN '{' || email ELSE '{}' END)::jsonb = '{}'

-- attack: a strict JSON path that fails on the other store's rows
-- expect: own rows
SELECT count(*) FROM customers WHERE jsonb_path_exists(to_jsonb(CASE WHEN store_id = '{other_store}' THEN email ELSE '1' END), 'strict $ ? (@.double() > 0)')

-- attack: a date that is none for the other store's rows
-- expect: own rows
SELECT count(*) FROM customers WHERE (CASE WHEN store_id = '{other_store}' THEN last_name ELSE '2026-01-01' END)::date IS NOT NULL

-- attack: an array's subscript too many on the other store's rows
-- expect: own rows
SELECT count(*) FROM customers WHERE array_fill(1, ARRAY[CASE WHEN store_id = '{other_store}' THEN -1 ELSE 1 END]) IS NOT NULL

-- attack: a subquery that returns two rows for the other store's rows
-- expect: own rows
SELECT count(*) FROM stores AS s WHERE (SELECT 1 FROM generate_series(1, CASE WHEN s.store_id = '{other_store}' THEN 2 ELSE 1 END)) = 1

-- attack: a table's name that is made of the other store's rows
-- expect: own rows
SELECT count(*) FROM customers WHERE (CASE WHEN store_id = '{other_store}' THEN email ELSE 'retail.orders' END)::regclass IS NOT NULL

-- attack: a failing aggregate's filter
-- expect: own rows
SELECT sum(total_amount) FILTER (WHERE 1 / (CASE WHEN store_id = '{other_store}' THEN 0 ELSE 1 END) = 1) FROM orders

-- attack: a failing join condition
-- expect: own rows
SELECT count(*) FROM orders AS o JOIN customers AS c ON 1 / (CASE WHEN c.store_id = '{other_store}' THEN 0 ELSE 1 END) = 1 AND c.customer_id = o.customer_id

-- attack: a failing HAVING
-- expect: own rows
SELECT store_id, count(*) FROM orders GROUP BY store_id HAVING 1 / (CASE WHEN store_id = '{other_store}' THEN 0 ELSE 1 END) = 1

-- attack: a failing ORDER BY
-- expect: own rows
SELECT store_id FROM customers ORDER BY 1 / (CASE WHEN store_id = '{other_store}' THEN 0 ELSE 1 END) LIMIT 3

-- attack: a failing window
-- expect: own rows
SELECT DISTINCT sum(1 / (CASE WHEN store_id = '{other_store}' THEN 0 ELSE 1 END)) OVER (PARTITION BY store_id) FROM orders

-- attack: an OR that would open the policy
-- expect: own rows
SELECT count(*), max(email), array_agg(DISTINCT store_id) FROM customers WHERE true OR store_id = '{other_store}'

-- attack: the other store by its id
-- expect: no rows
SELECT * FROM stores WHERE store_id = '{other_store}'

-- attack: the other store's orders by any of many ids
-- expect: no rows
SELECT * FROM orders WHERE store_id = ANY (ARRAY['{other_store}', '00000000-0000-0000-0000-000000000000']::uuid[])

-- attack: the other store's customer by id through a join
-- expect: no rows
SELECT o.* FROM orders AS o RIGHT JOIN customers AS c USING (store_id, customer_id) WHERE c.customer_id = '{other_customer}'

-- attack: all but its own stores
-- expect: no rows
SELECT * FROM inventory WHERE NOT (store_id = ANY (gateway.tenant_ids()))

-- attack: an operator under its schema's name
-- expect: SK403, no rows
SELECT * FROM orders WHERE store_id OPERATOR(pg_catalog.=) '{other_store}'::uuid

-- attack: an operator under another schema's name
-- expect: 42883, 42501
SELECT * FROM orders WHERE store_id OPERATOR(public.=) '{other_store}'::uuid

-- attack: an operator of its own
-- expect: SK403, 42501
CREATE OPERATOR public.= (LEFTARG = uuid, RIGHTARG = uuid, FUNCTION = uuid_eq)

-- attack: a function of its own that tells what it meets
-- expect: SK403, 42501
CREATE FUNCTION pg_temp.tell(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS 'BEGIN RAISE NOTICE ''%'', $1; RETURN true; END'

-- attack: an aggregate of its own
-- expect: SK403, 42501
CREATE AGGREGATE public.mine (text) (SFUNC = textcat, STYPE = text)

-- attack: a cast of its own
-- expect: SK403, 42501
CREATE CAST (uuid AS text) WITH FUNCTION gateway.mac(text, text)

-- attack: a search path of its own
-- expect: SK403, 42501
SET search_path = pg_temp, public

-- attack: a table in the temporary schema
-- expect: 42P01, 42501
SELECT * FROM pg_temp.orders

-- attack: the tables in the public schema
-- expect: 42P01, 42501
SELECT * FROM public.orders

-- attack: the migrations' ledger
-- expect: 42501
SELECT * FROM public._yoyo_log

-- attack: a CTE of a table's name
-- expect: own rows
WITH orders AS (SELECT * FROM retail.orders WHERE store_id = '{other_store}' OR true) SELECT count(*), max(total_amount) FROM orders

-- attack: a function that is called like a column
-- expect: own rows
SELECT customers.to_jsonb FROM customers

-- attack: a function that takes a function's name
-- expect: 42501
SELECT amvalidate('gateway.mac'::regproc::oid)

-- attack: a function by its number
-- expect: 42501, 42601, 42883
SELECT pg_get_functiondef('gateway.mac(text,text)'::regprocedure::oid)

-- attack: a procedure
-- expect: SK403, 42501, 42809, 42883
CALL gateway.enter('x', 'x', 1)

-- attack: a vector operator's failure
-- expect: 22000
SELECT count(*) FROM product_description_embeddings WHERE '[1,2]'::public.vector OPERATOR(public.<->) '[1]'::public.vector > 0

-- attack: a full join with what is not there
-- expect: own rows
SELECT count(*), count(DISTINCT coalesce(o.store_id, s.store_id)) FROM orders AS o FULL JOIN stores AS s USING (store_id)
