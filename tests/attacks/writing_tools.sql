-- The tools that write, and the keys by which a write happens once: another store's stock, customers and answers.

-- attack: an order of another store's customer
-- through: tool record_order {"customer_id": "{attack}", "items": [{"sku": "{sku}", "quantity": 1}]}
-- expect: SK404
{other_customer}

-- attack: an order of another store's customer, in that store
-- through: tool record_order {"customer_id": "{other_customer}", "store_name": "{attack}", "items": [{"sku": "{sku}", "quantity": 1}]}
-- expect: SK404
{other_store_name}

-- attack: an order of an own customer in another store
-- through: tool record_order {"customer_id": "{own_customer}", "store_name": "{attack}", "items": [{"sku": "{sku}", "quantity": 1}]}
-- expect: SK404
{other_store_name}

-- attack: an order of every customer
-- through: tool record_order {"customer_id": "{attack}", "items": [{"sku": "{sku}", "quantity": 1}]}
-- expect: SK400
' OR '1'='1

-- attack: a negative quantity, which would fill the stock
-- through: tool record_order {"customer_id": "{own_customer}", "items": [{"sku": "{sku}", "quantity": -5}]}
-- expect: SK400

-- attack: a quantity beyond all stock
-- through: tool record_order {"customer_id": "{own_customer}", "items": [{"sku": "{sku}", "quantity": 2147483647}]}
-- expect: SK400

-- attack: more units than lie there
-- through: tool record_order {"customer_id": "{own_customer}", "items": [{"sku": "{attack}", "quantity": 10000}]}
-- expect: SK409
{scarce_sku}

-- attack: a negative price, which would lower the revenue
-- through: tool record_order {"customer_id": "{own_customer}", "items": [{"sku": "{sku}", "quantity": 1, "unit_price": -100000}]}
-- expect: SK400

-- attack: a price that is no number
-- through: tool record_order {"customer_id": "{own_customer}", "items": [{"sku": "{sku}", "quantity": 1, "unit_price": "{attack}"}]}
-- expect: SK400
NaN

-- attack: a discount of more than all
-- through: tool record_order {"customer_id": "{own_customer}", "items": [{"sku": "{sku}", "quantity": 1, "discount_percent": 200}]}
-- expect: SK400

-- attack: SQL for a sku
-- through: tool record_order {"customer_id": "{own_customer}", "items": [{"sku": "{attack}", "quantity": 1}]}
-- expect: SK404
' || (SELECT max(email) FROM retail.customers) || '

-- attack: a field of an order's line that is not there
-- through: tool record_order {"customer_id": "{own_customer}", "items": [{"sku": "{sku}", "quantity": 1, "{attack}": 1}]}
-- expect: SK400
store_id

-- attack: a composite's text in place of a line
-- through: tool record_order {"customer_id": "{own_customer}", "items": ["{attack}"]}
-- expect: SK400
("{sku}",1,0,0)

-- attack: the stock of another store
-- through: tool adjust_inventory {"sku": "{sku}", "change": 1, "reason": "delivery", "store_name": "{attack}"}
-- expect: SK404
{other_store_name}

-- attack: the stock of another store by its id
-- through: tool adjust_inventory {"sku": "{sku}", "change": 1, "reason": "delivery", "store_name": "{attack}"}
-- expect: SK404
{other_store}

-- attack: a stock below nothing
-- as: store_managers
-- through: tool adjust_inventory {"sku": "{attack}", "change": -10000, "reason": "loss"}
-- expect: SK409
{scarce_sku}

-- attack: a reason that only tools give
-- through: tool adjust_inventory {"sku": "{sku}", "change": 1, "reason": "{attack}", "store_name": "{own_store_name}"}
-- expect: SK400
opening

-- attack: a note that is longer than notes are
-- through: tool adjust_inventory {"sku": "{sku}", "change": 1, "reason": "count", "store_name": "{own_store_name}", "note": "{attack}"}
-- expect: 23514, SK400
-- expand: 'n' * 501

-- attack: a note with a NUL
-- through: tool adjust_inventory {"sku": "{sku}", "change": 1, "reason": "count", "store_name": "{own_store_name}", "note": "{attack}"}
-- expect: SK400
-- expand: 'note\x00'

-- attack: a delivery that takes away
-- through: tool adjust_inventory {"sku": "{sku}", "change": -1, "reason": "{attack}", "store_name": "{own_store_name}"}
-- expect: SK400
delivery

-- attack: stock taken from another store
-- as: regional_managers head_office
-- through: tool transfer_stock {"sku": "{sku}", "quantity": 1, "from_store": "{attack}", "to_store": "{own_store_name}"}
-- expect: SK404
{other_store_name}

-- attack: stock brought to another store
-- as: regional_managers head_office
-- through: tool transfer_stock {"sku": "{sku}", "quantity": 1, "from_store": "{own_store_name}", "to_store": "{attack}"}
-- expect: SK404
{other_store_name}

-- attack: a transfer of fewer than none
-- as: regional_managers head_office
-- through: tool transfer_stock {"sku": "{sku}", "quantity": -1, "from_store": "{own_store_name}", "to_store": "Zava Retail Spokane"}
-- expect: SK400

-- attack: a transfer to the store itself
-- as: regional_managers head_office
-- through: tool transfer_stock {"sku": "{sku}", "quantity": 1, "from_store": "{own_store_name}", "to_store": "{attack}"}
-- expect: SK400
{own_store_name}

-- attack: a tool that was not granted
-- as: store_managers
-- through: tool transfer_stock {"sku": "{sku}", "quantity": 1, "from_store": "{own_store_name}", "to_store": "{attack}"}
-- expect: NOT_FOUND
{other_store_name}

-- attack: a tool that was not granted, by a tool with a bug
-- as: store_managers
-- through: a buggy writing tool
-- expect: 42501
SELECT tool.transfer_stock('{sku}', 1, '{own_store_name}', '{other_store_name}')::text

-- attack: the stock of another store by the helper of the tools
-- through: a buggy writing tool
-- expect: 42501
SELECT retail.move_stock('{other_store}', retail.find_product('{sku}'), 1, 'delivery', NULL)::text

-- attack: units taken from another store by the helper of the tools
-- through: a buggy writing tool
-- expect: SK409
SELECT retail.move_stock('{other_store}', retail.find_product('{sku}'), -1, 'loss', NULL)::text

-- attack: the key of another person
-- through: tool adjust_inventory {"sku": "{sku}", "change": 1, "reason": "delivery", "store_name": "{own_store_name}", "idempotency_key": "{attack}"}
-- expect: own rows
{other_key}1

-- attack: the key of another person, with their arguments
-- as: store_managers
-- through: a buggy writing tool
-- expect: own rows
SELECT tool.adjust_inventory('{sku}', 1, 'delivery', idempotency_key => '{other_key}2')::text

-- attack: the answer that another person got for their key
-- through: a buggy writing tool
-- expect: own rows
SELECT gateway.once('adjust_inventory', '{other_key}3',
    '{"sku": "{sku}", "change": 1, "reason": "delivery", "store_name": null, "note": null}')::text

-- attack: a key of another person, with other arguments, which would tell that it is there
-- through: a buggy writing tool
-- expect: own rows
SELECT coalesce(gateway.once('adjust_inventory', '{other_key}4', '{}')::text, 'nobody had it')

-- attack: another person's answer told otherwise
-- through: a buggy writing tool
-- expect: SK409
SELECT gateway.answered('adjust_inventory', '{other_key}5', '{}')::text

-- attack: all keys and answers
-- through: a buggy writing tool
-- expect: 42501
SELECT answer::text FROM gateway.answers

-- attack: an answer put under another person's name
-- through: a buggy writing tool
-- expect: 42501
INSERT INTO gateway.answers (principal_id, tool, key, arguments_digest, answer)
VALUES ('{other_principal_id}', 'record_order', 'k', '', '{}')

-- attack: answers forgotten, so that writes happen again
-- through: a buggy writing tool
-- expect: 42501
DELETE FROM gateway.answers

-- attack: a key from free SQL
-- expect: SK403
SELECT gateway.once('adjust_inventory', '{other_key}5', '{}')

-- attack: a writing tool from free SQL
-- expect: SK403
SELECT tool.adjust_inventory('{sku}', 1, 'delivery', '{own_store_name}')

-- attack: a key from a reading tool
-- through: a buggy reading tool
-- expect: 25006, 0A000
SELECT gateway.once('adjust_inventory', 'k', '{}')::text

-- attack: a key of nobody
-- as: store_managers
-- through: the login
-- expect: SK401
BEGIN; SET LOCAL ROLE store_managers; SELECT gateway.once('adjust_inventory', '{other_key}5', '{}'); COMMIT

-- attack: another store's movements of stock
-- expect: no rows
SELECT quantity, note FROM stock_movements WHERE store_id = '{other_store}'

-- attack: everybody's movements of stock
-- through: a buggy reading tool
-- expect: own rows
SELECT concat_ws(' ', max(quantity), max(note), min(note)) FROM retail.stock_movements

-- attack: another store's movements in a join
-- expect: no rows
SELECT m.quantity FROM inventory AS i JOIN stock_movements AS m ON m.product_id = i.product_id AND m.store_id = '{other_store}'

-- attack: another store's daily sales
-- expect: no rows
SELECT revenue, units FROM daily_sales WHERE store_id = '{other_store}'

-- attack: everybody's daily sales
-- through: a buggy reading tool
-- expect: own rows
SELECT concat_ws(' ', max(revenue), max(units), min(business_day)) FROM retail.daily_sales

-- attack: who made a movement, in other stores
-- expect: no rows
SELECT made_by FROM stock_movements WHERE store_id <> ALL (SELECT store_id FROM stores) AND made_by IS NOT NULL

-- attack: a movement in another store
-- through: a buggy writing tool
-- expect: 42501
INSERT INTO retail.stock_movements (store_id, product_id, quantity, reason) SELECT '{other_store}', min(product_id), 1, 'count' FROM retail.products

-- attack: a movement under another person's name
-- through: a buggy writing tool
-- expect: 42501
INSERT INTO retail.stock_movements (store_id, product_id, quantity, reason, made_by)
SELECT '{own_store}', min(product_id), 1, 'count', '{other_principal_id}' FROM retail.products

-- attack: a movement of another day
-- through: a buggy writing tool
-- expect: 42501
INSERT INTO retail.stock_movements (store_id, product_id, quantity, reason, made_at)
SELECT '{own_store}', min(product_id), 1, 'count', '2026-01-01' FROM retail.products

-- attack: a movement undone
-- through: a buggy writing tool
-- expect: 42501
DELETE FROM retail.stock_movements

-- attack: a movement altered
-- through: a buggy writing tool
-- expect: 42501
UPDATE retail.stock_movements SET quantity = 1

-- attack: daily sales of another store
-- through: a buggy writing tool
-- expect: 42501
INSERT INTO retail.daily_sales (store_id, business_day, product_id, order_lines, units, revenue, discount)
SELECT '{other_store}', '2030-01-01', min(product_id), 1, 1, 1, 0 FROM retail.products

-- attack: daily sales of another store, where a conflict would tell that they are there
-- through: a buggy writing tool
-- expect: 42501
INSERT INTO retail.daily_sales AS d (store_id, business_day, product_id, order_lines, units, revenue, discount)
SELECT '{other_store}', '2000-01-01', min(product_id), 1, 1, 1, 0 FROM retail.products
ON CONFLICT (store_id, business_day, product_id) DO UPDATE SET revenue = d.revenue RETURNING d.revenue::text

-- attack: daily sales of another store altered
-- through: a buggy writing tool
-- expect: no rows
UPDATE retail.daily_sales SET revenue = 0 WHERE store_id = '{other_store}' RETURNING units::text

-- attack: daily sales moved to another store
-- through: a buggy writing tool
-- expect: 42501
UPDATE retail.daily_sales SET store_id = '{other_store}'

-- attack: daily sales rebuilt
-- through: a buggy writing tool
-- expect: 42501
SELECT retail.rebuild_daily_sales()::text

-- attack: the roll-ups' trigger function called by hand
-- through: a buggy writing tool
-- expect: 42501, 0A000
SELECT retail.roll_up_orders()::text

-- attack: the business's doctor, who sees every store
-- through: a buggy reading tool
-- expect: 42501
SELECT d.finding FROM retail.doctor() AS d
