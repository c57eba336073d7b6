-- Writing another store's rows, or learning of them by what a write says: a tool that writes, with a bug.

-- attack: a customer of another store
-- through: a buggy writing tool
-- expect: 42501
INSERT INTO retail.customers (store_id, first_name, last_name, email) VALUES ('{other_store}', 'a', 'b', 'new@leak.example')

-- attack: a customer of another store whose e-mail is there already
-- through: a buggy writing tool
-- expect: 42501
INSERT INTO retail.customers (store_id, first_name, last_name, email) VALUES ('{other_store}', 'a', 'b', '{other_email}')

-- attack: a customer of another store whose id is there already
-- through: a buggy writing tool
-- expect: 42501
INSERT INTO retail.customers (store_id, customer_id, first_name, last_name, email) VALUES ('{other_store}', '{other_customer}', 'a', 'b', 'c')

-- attack: an order of another store
-- through: a buggy writing tool
-- expect: 42501
INSERT INTO retail.orders (store_id, customer_id) VALUES ('{other_store}', '{other_customer}')

-- attack: an order of another store for a customer that is not there
-- through: a buggy writing tool
-- expect: 42501
INSERT INTO retail.orders (store_id, customer_id) VALUES ('{other_store}', '{own_customer}')

-- attack: an order of a store that does not exist
-- through: a buggy writing tool
-- expect: 42501
INSERT INTO retail.orders (store_id, customer_id) VALUES ('00000000-0000-4000-8000-0000000000ff', '{other_customer}')

-- attack: a line in an order of another store
-- through: a buggy writing tool
-- expect: 42501
INSERT INTO retail.order_items (store_id, order_id, line_number, product_id, quantity, unit_price, line_total)
SELECT '{other_store}', '{other_order}', 99, min(product_id), 1, 1, 1 FROM retail.products

-- attack: stock of another store
-- through: a buggy writing tool
-- expect: 42501
INSERT INTO retail.inventory (store_id, product_id, stock_level) SELECT '{other_store}', max(product_id), 1 FROM retail.products

-- attack: an own order for another store's customer
-- through: a buggy writing tool
-- expect: 23503
INSERT INTO retail.orders (store_id, customer_id) VALUES ('{own_store}', '{other_customer}')

-- attack: an own order for a customer that no store has
-- through: a buggy writing tool
-- expect: 23503
INSERT INTO retail.orders (store_id, customer_id) VALUES ('{own_store}', '00000000-0000-4000-8000-0000000000ff')

-- attack: a line of one's own in another store's order
-- through: a buggy writing tool
-- expect: 23503
INSERT INTO retail.order_items (store_id, order_id, line_number, product_id, quantity, unit_price, line_total)
SELECT '{own_store}', '{other_order}', 99, min(product_id), 1, 1, 1 FROM retail.products

-- attack: the e-mail of another store's customer for one's own
-- through: a buggy writing tool
-- expect: 22012
INSERT INTO retail.customers (store_id, first_name, last_name, email) VALUES ('{own_store}', 'a', 'b', '{other_email}');
SELECT (1 / 0)::text

-- attack: the id of another store's customer for one's own
-- through: a buggy writing tool
-- expect: 22012
INSERT INTO retail.customers (store_id, customer_id, first_name, last_name, email)
VALUES ('{own_store}', '{other_customer}', 'a', 'b', 'same-id@leak.example');
SELECT (1 / 0)::text

-- attack: ON CONFLICT DO NOTHING as an oracle
-- through: a buggy writing tool
-- expect: 42501
INSERT INTO retail.customers (store_id, first_name, last_name, email) VALUES ('{other_store}', 'a', 'b', '{other_email}') ON CONFLICT DO NOTHING

-- attack: ON CONFLICT DO NOTHING where there is no conflict
-- through: a buggy writing tool
-- expect: 42501
INSERT INTO retail.customers (store_id, first_name, last_name, email) VALUES ('{other_store}', 'a', 'b', 'nobody@leak.example') ON CONFLICT DO NOTHING

-- attack: ON CONFLICT DO UPDATE that returns the old row
-- through: a buggy writing tool
-- expect: 42501
INSERT INTO retail.customers AS c (store_id, customer_id, first_name, last_name, email)
VALUES ('{other_store}', '{other_customer}', 'a', 'b', 'c')
ON CONFLICT (store_id, customer_id) DO UPDATE SET last_name = c.last_name RETURNING c.first_name::text

-- attack: ON CONFLICT DO UPDATE that moves the row here
-- through: a buggy writing tool
-- expect: 42501
INSERT INTO retail.customers AS c (store_id, customer_id, first_name, last_name, email)
VALUES ('{other_store}', '{other_customer}', 'a', 'b', 'c')
ON CONFLICT (store_id, customer_id) DO UPDATE SET store_id = '{own_store}' RETURNING c.first_name::text

-- attack: another store's orders updated
-- through: a buggy writing tool
-- expect: no rows
UPDATE retail.orders SET status = 'cancelled' WHERE store_id = '{other_store}' RETURNING order_id::text

-- attack: one order of another store updated
-- through: a buggy writing tool
-- expect: no rows
UPDATE retail.orders SET status = 'returned' WHERE order_id = '{other_order}' RETURNING total_amount::text

-- attack: whatever isn't one's own updated
-- through: a buggy writing tool
-- expect: no rows
UPDATE retail.customers SET last_name = 'gone' WHERE first_name LIKE 'Canary-%' AND store_id = '{other_store}' RETURNING email::text

-- attack: another store's stock emptied
-- through: a buggy writing tool
-- expect: no rows
UPDATE retail.inventory SET stock_level = 0 WHERE store_id = '{other_store}' RETURNING stock_level::text

-- attack: another store's rows moved here
-- through: a buggy writing tool
-- expect: no rows
UPDATE retail.inventory SET store_id = '{own_store}' WHERE store_id = '{other_store}' RETURNING stock_level::text

-- attack: own stock moved to another store
-- through: a buggy writing tool
-- expect: 42501
UPDATE retail.inventory SET store_id = '{other_store}' WHERE store_id = '{own_store}'

-- attack: an own customer moved to another store
-- through: a buggy writing tool
-- expect: 42501
UPDATE retail.customers SET store_id = '{other_store}' WHERE store_id = '{own_store}' AND customer_id = '{own_customer}'

-- attack: an own order moved to a store that does not exist
-- through: a buggy writing tool
-- expect: 42501
UPDATE retail.orders SET store_id = '00000000-0000-4000-8000-0000000000ff' WHERE order_id = '{own_order}'

-- attack: another store's rows in an update's FROM
-- through: a buggy writing tool
-- expect: no rows
UPDATE retail.inventory AS i SET reorder_point = i.reorder_point FROM retail.orders AS o
WHERE i.store_id = '{own_store}' AND o.store_id = '{other_store}' RETURNING o.total_amount::text

-- attack: another store's customers deleted
-- through: a buggy writing tool
-- expect: no rows
DELETE FROM retail.customers WHERE store_id = '{other_store}' RETURNING first_name::text

-- attack: one customer of another store deleted
-- through: a buggy writing tool
-- expect: no rows
DELETE FROM retail.customers WHERE customer_id = '{other_customer}' AND store_id <> '{own_store}' RETURNING email::text

-- attack: another store's lines deleted by USING
-- through: a buggy writing tool
-- expect: no rows
DELETE FROM retail.order_items AS i USING retail.orders AS o
WHERE o.order_id = i.order_id AND o.store_id = '{other_store}' RETURNING i.line_total::text

-- attack: a merge that deletes another store's stock
-- through: a buggy writing tool
-- expect: no rows
MERGE INTO retail.inventory AS i USING retail.products AS p ON i.product_id = p.product_id AND i.store_id = '{other_store}'
WHEN MATCHED THEN DELETE

-- attack: a merge that updates another store's stock
-- through: a buggy writing tool
-- expect: no rows
MERGE INTO retail.inventory AS i USING retail.products AS p ON i.product_id = p.product_id AND i.store_id = '{other_store}'
WHEN MATCHED THEN UPDATE SET stock_level = 0

-- attack: a merge that inserts into another store
-- through: a buggy writing tool
-- expect: 42501
MERGE INTO retail.inventory AS i USING (SELECT max(product_id) AS product_id FROM retail.products) AS p ON false
WHEN NOT MATCHED THEN INSERT (store_id, product_id, stock_level) VALUES ('{other_store}', p.product_id, 1)

-- attack: a truncated table
-- through: a buggy writing tool
-- expect: 42501
TRUNCATE retail.order_items

-- attack: a truncated table with what hangs on it
-- through: a buggy writing tool
-- expect: 42501
TRUNCATE retail.stores CASCADE

-- attack: COPY from a program
-- through: a buggy writing tool
-- expect: 42501
COPY retail.customers FROM PROGRAM 'echo x'

-- attack: COPY from a file
-- through: a buggy writing tool
-- expect: 42501
COPY retail.customers FROM '/tmp/customers'

-- attack: COPY from the client
-- through: a buggy writing tool
-- expect: 0A000
COPY retail.inventory FROM STDIN

-- attack: another store renamed
-- through: a buggy writing tool
-- expect: 42501
UPDATE retail.stores SET name = 'mine' WHERE store_id = '{other_store}'

-- attack: another store deleted
-- through: a buggy writing tool
-- expect: 42501
DELETE FROM retail.stores WHERE store_id = '{other_store}'

-- attack: a store taken over
-- through: a buggy writing tool
-- expect: 42501
UPDATE retail.stores SET manager_id = '00000000-0000-4000-8000-000000000101'

-- attack: the catalogue that all stores share
-- through: a buggy writing tool
-- expect: 42501
UPDATE retail.products SET base_price = base_price * 2

-- attack: a writing CTE over another store
-- through: a buggy writing tool
-- expect: no rows
WITH gone AS (DELETE FROM retail.order_items WHERE store_id = '{other_store}' RETURNING line_total) SELECT line_total::text FROM gone

-- attack: another store's rows locked
-- through: a buggy writing tool
-- expect: no rows
SELECT order_id::text FROM retail.orders WHERE store_id = '{other_store}' FOR UPDATE

-- attack: a table locked by a buggy tool
-- through: a buggy reading tool
-- expect: 0A000, 25006, 42601
LOCK TABLE retail.orders IN ACCESS EXCLUSIVE MODE

-- attack: a returned expression looks at another store
-- through: a buggy writing tool
-- expect: no rows
UPDATE retail.inventory SET stock_level = stock_level WHERE store_id = '{own_store}'
AND EXISTS (SELECT FROM retail.customers WHERE email = '{other_email}' AND store_id = '{other_store}') RETURNING 'it exists'

-- attack: a check constraint that would tell of another store's row
-- through: a buggy writing tool
-- expect: no rows
UPDATE retail.orders SET total_amount = -total_amount WHERE store_id = '{other_store}' RETURNING total_amount::text

-- attack: an error in the condition that another store's row would raise
-- through: a buggy writing tool
-- expect: no rows
UPDATE retail.orders SET status = status WHERE store_id = '{other_store}' AND (total_amount::text || 'x')::numeric > 0 RETURNING 'x'

-- attack: a function that leaks before the policy is asked
-- through: a buggy writing tool
-- expect: 42501
CREATE FUNCTION pg_temp.leak(numeric) RETURNS boolean LANGUAGE plpgsql COST 0.0000001
AS 'BEGIN RAISE NOTICE ''%'', $1; RETURN true; END';
SELECT order_id::text FROM retail.orders WHERE pg_temp.leak(total_amount)

-- attack: a division that fails on another store's row
-- through: a buggy reading tool
-- expect: no rows
SELECT order_id::text FROM retail.orders WHERE store_id = '{other_store}' AND 1 / (total_amount - total_amount) > 0
