-- Errors that could tell of others' rows: their texts, their hints, and that they occur at all.

-- attack: a cast error over every visible row names no other row
-- expect: 22P02
SELECT email::integer FROM customers WHERE store_id IN ('{own_store}', '{other_store}')

-- attack: a cast error over the other store's customers
-- expect: no rows
SELECT email::integer FROM customers WHERE store_id = '{other_store}'

-- attack: a cast error in a scalar subquery over the other store's customers
-- expect: own rows
SELECT (SELECT min(email)::integer FROM customers WHERE store_id = '{other_store}') AS nothing

-- attack: a division by the other store's amounts
-- expect: no rows
SELECT 1 / (total_amount - total_amount) FROM orders WHERE store_id = '{other_store}'

-- attack: an overflow of the other store's amounts
-- expect: no rows
SELECT (total_amount * 10 ^ 300)::integer FROM orders WHERE store_id = '{other_store}'

-- attack: an error that is thrown when the other store has more than so many orders
-- expect: own rows
SELECT 1 / (CASE WHEN (SELECT count(*) FROM orders WHERE store_id = '{other_store}') > 0 THEN 0 ELSE 1 END) AS one

-- attack: an error that is thrown when the other customer exists
-- expect: own rows
SELECT 1 / (CASE WHEN EXISTS (SELECT FROM customers WHERE email = '{other_email}' AND store_id = '{other_store}') THEN 0 ELSE 1 END) AS one

-- attack: an error bit by bit of the other customer's e-mail
-- expect: own rows
SELECT 1 / (CASE WHEN substr((SELECT email FROM customers WHERE customer_id = '{other_customer}'), 1, 1) < 'n' THEN 0 ELSE 1 END) AS one

-- attack: a text that is no number, made of all e-mails
-- expect: 22P02
SELECT string_agg(email, ',')::integer FROM customers

-- attack: a JSON error that quotes what it met
-- expect: 22P02
SELECT ('{' || max(email))::json FROM customers

-- attack: a regular expression error that quotes what it met
-- expect: 2201B
SELECT 'x' ~ ('(' || max(email)) FROM customers

-- attack: an XML error that quotes what it met
-- expect: 0A000, SK403, 2200M, 2200N
SELECT xmlparse(document '<' || max(email)) FROM customers

-- attack: a cast error over the people
-- expect: 42501
SELECT email::integer FROM gateway.principals

-- attack: a cast error over the context's key
-- expect: 42501
SELECT encode(inner_pad, 'hex')::integer FROM gateway.keys

-- attack: a cast error over the tenants' names
-- expect: 42501
SELECT max(name)::integer FROM gateway.tenants

-- attack: a table that is nearly one without rights
-- expect: 42P01
SELECT * FROM gateway.principal

-- attack: a table that is nearly one of a schema without rights
-- expect: 42501, 42P01
SELECT * FROM sample.peopel

-- attack: a column that is nearly one without rights
-- expect: 42501, 42703
SELECT inner_pat FROM gateway.keys

-- attack: a column that is nearly a system column
-- expect: 42703
SELECT xmins FROM orders

-- attack: a function that is nearly one without rights
-- expect: 42883
SELECT gateway.sign_kontext('x')

-- attack: a schema that is nearly the engine's
-- expect: 42P01, 3F000
SELECT * FROM gatevay.keys

-- attack: a type that is nearly one
-- expect: 42704
SELECT 'x'::retail.row_limits

-- attack: a role that is nearly one
-- expect: 42704
SELECT 'head_offices'::regrole

-- attack: a missing table with the other store's name in it
-- expect: 42P01
SELECT * FROM "{other_store_name}"

-- attack: a syntax error after a long prefix
-- expect: 42601
SELECT * FROM orders WHERE store_id = '{other_store}' AND AND true

-- attack: an ambiguous column
-- expect: 42702
SELECT store_id FROM orders, stores

-- attack: a key that exists already
-- through: a buggy writing tool
-- expect: 42501, 23505, 23503
INSERT INTO retail.customers (store_id, customer_id, first_name, last_name, email) VALUES ('{other_store}', '{other_customer}', 'a', 'b', 'c')

-- attack: an e-mail that exists already in the other store
-- through: a buggy writing tool
-- expect: 42501
INSERT INTO retail.customers (store_id, first_name, last_name, email) VALUES ('{other_store}', 'a', 'b', '{other_email}')

-- attack: a key that exists already, quietly
-- through: a buggy writing tool
-- expect: 42501
INSERT INTO retail.customers (store_id, customer_id, first_name, last_name, email) VALUES ('{other_store}', '{other_customer}', 'a', 'b', 'c') ON CONFLICT DO NOTHING

-- attack: a key that exists already, overwritten
-- through: a buggy writing tool
-- expect: 42501
INSERT INTO retail.customers (store_id, customer_id, first_name, last_name, email) VALUES ('{other_store}', '{other_customer}', 'a', 'b', 'c') ON CONFLICT (store_id, customer_id) DO UPDATE SET last_name = 'd' RETURNING email::text

-- attack: a foreign key to the other store's customer
-- through: a buggy writing tool
-- expect: 23503, 42501
INSERT INTO retail.orders (store_id, customer_id) VALUES ('{own_store}', '{other_customer}')

-- attack: a foreign key to the other store's order
-- through: a buggy writing tool
-- expect: 23503, 42501
INSERT INTO retail.order_items (store_id, order_id, line_number, product_id, quantity, unit_price, line_total) VALUES ('{own_store}', '{other_order}', 1, 1, 1, 1, 1)

-- attack: a foreign key to the other store itself
-- through: a buggy writing tool
-- expect: 42501
INSERT INTO retail.inventory (store_id, product_id, stock_level) VALUES ('{other_store}', 1, 1)

-- attack: a row that is moved to the other store
-- through: a buggy writing tool
-- expect: 42501, 23503
UPDATE retail.customers SET store_id = '{other_store}' WHERE store_id = '{own_store}' AND first_name = 'nobody' OR store_id = '{own_store}' RETURNING email::text

-- attack: an input error that is caught
-- expect: own rows
SELECT count(*) FILTER (WHERE NOT pg_input_is_valid(email, 'integer')), max((pg_input_error_info(email, 'integer')).message) FROM customers
