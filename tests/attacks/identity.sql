-- Being somebody else: forged, stolen, replayed and expired proofs of who asks.

-- attack: a context set by set_config
-- expect: 42501
SELECT set_config('storekeeper.context', 'forged', true)

-- attack: a context set in a materialised CTE before the table is read
-- expect: 42501
WITH s AS MATERIALIZED (
    SELECT set_config('storekeeper.context', repeat('0', 64) || '|{own_pid}|' || extract(epoch FROM now())
        || '|head_office|00000000-0000-4000-8000-0000000000f1|{other_store}', true) AS done
)
SELECT c.first_name, c.email FROM s, customers AS c WHERE s.done <> ''

-- attack: a context set for the whole session
-- expect: 42501
SELECT set_config('storekeeper.context', '', false), count(*) FROM orders

-- attack: the context emptied in a join
-- expect: 42501
SELECT o.total_amount FROM set_config('storekeeper.context', '', true) AS f, LATERAL (SELECT total_amount FROM orders) AS o

-- attack: the role set by set_config
-- expect: 42501
SELECT set_config('role', 'head_office', true), max(total_amount) FROM orders

-- attack: the role set in a materialised CTE
-- expect: 42501
WITH r AS MATERIALIZED (SELECT set_config('role', 'storekeeper_loader', true)) SELECT o.* FROM r, orders AS o

-- attack: the session authorization set by set_config
-- expect: 42501
SELECT set_config('session_authorization', 'postgres', true)

-- attack: the setting of another server's scheme
-- expect: 42501
SELECT set_config('app.current_rls_user_id', '00000000-0000-4000-8000-0000000000f1', false), max(total_amount) FROM orders

-- attack: set_config behind a CASE
-- expect: 42501
SELECT CASE WHEN max(total_amount) > 0 THEN set_config('storekeeper.context', 'x', true) END FROM orders

-- attack: set_config in an aggregate's filter
-- expect: 42501
SELECT count(*) FILTER (WHERE set_config('storekeeper.context', 'x', true) IS NOT NULL) FROM orders

-- attack: set_config in ORDER BY
-- expect: 42501
SELECT order_id FROM orders ORDER BY set_config('storekeeper.context', order_id::text, true) LIMIT 1

-- attack: set_config in a function in FROM
-- expect: 42501
SELECT * FROM set_config('role', 'none', true)

-- attack: set_config by its quoted name
-- expect: 42501
SELECT "set_config"('storekeeper.context', 'x', true)

-- attack: set_config by a unicode name
-- expect: 42501, SK403
SELECT U&"set\005fconfig"('storekeeper.context', 'x', true)

-- attack: set_config qualified
-- expect: 42501, SK403
SELECT pg_catalog.set_config('storekeeper.context', 'x', true)

-- attack: set_config on a path that free SQL names
-- expect: 42501, SK403
SELECT "pg_catalog"."set_config"('storekeeper.context', 'x', true)

-- attack: set_config through an update of pg_settings
-- expect: 42501, SK403
UPDATE pg_settings SET setting = 'head_office' WHERE name = 'role'

-- attack: the context read out
-- expect: 42501
SELECT current_setting('storekeeper.context', true)

-- attack: the context shown
-- expect: SK403
SHOW storekeeper.context

-- attack: all settings shown
-- expect: SK403
SHOW ALL

-- attack: the gateway's enter from free SQL
-- expect: 42501
SELECT gateway.enter('{stolen_assertion}', 'x', 1000)

-- attack: impersonate from free SQL
-- expect: 42501
SELECT gateway.impersonate('{other_principal}')

-- attack: a signature asked of the gateway
-- expect: 42501
SELECT encode(gateway.mac('context', 'x'), 'hex')

-- attack: a context asked of the gateway
-- expect: 42501
SELECT * FROM gateway.sign_context('{other_principal}')

-- attack: the gateway's assume from free SQL
-- expect: 42501
SELECT gateway.assume('head_office', 'x')

-- attack: the keys read
-- expect: 42501
SELECT name, inner_pad, outer_pad FROM gateway.keys

-- attack: the people read
-- expect: 42501
SELECT email, display_name FROM gateway.principals

-- attack: whose tenants are whose
-- expect: 42501
SELECT * FROM gateway.principal_tenants

-- attack: a new person
-- expect: 42501
SELECT gateway.put_principal('{own_store}', 'eve@leak.example', 'Eve', 'head_office')

-- attack: every tenant for oneself
-- expect: 42501
SELECT gateway.put_tenants('00000000-0000-4000-8000-000000000101', NULL)

-- attack: a new assertion key
-- expect: 42501
SELECT gateway.install_key('assertion', '\x00', true)

-- attack: a forged context in a definer function's setting
-- through: tool buggy_remember {"setting": "storekeeper.context", "content": "{attack}"}
-- expect: 42501
0000000000000000000000000000000000000000000000000000000000000000|{own_pid}|<now>|store_managers|00000000-0000-4000-8000-000000000102|{other_store}

-- attack: a forged context without a mac
-- through: tool buggy_remember {"setting": "storekeeper.context", "content": "{attack}"}
-- expect: 42501
|{own_pid}|<now>|store_managers|00000000-0000-4000-8000-000000000102|{other_store}

-- attack: a context of one character
-- through: tool buggy_remember {"setting": "storekeeper.context", "content": "{attack}"}
-- expect: 42501
x

-- attack: a context of separators
-- through: tool buggy_remember {"setting": "storekeeper.context", "content": "{attack}"}
-- expect: 42501
-- expand: "|" * 200

-- attack: a context that is a space
-- through: tool buggy_remember {"setting": "storekeeper.context", "content": "{attack} "}
-- expect: 42501

-- attack: an emptied context shows nothing
-- through: tool buggy_remember {"setting": "storekeeper.context", "content": "{attack}"}
-- expect: no rows

-- attack: another persona's role set by a definer function
-- through: tool buggy_remember {"setting": "role", "content": "{attack}"}
-- expect: 42501, 22023
head_office

-- attack: a context that was signed for another backend
-- through: tool buggy_replay {"person": "{attack}", "pid": {victim_pid}, "seconds_ago": 0}
-- expect: 42501
{other_principal}

-- attack: a context that was signed in an earlier transaction
-- through: tool buggy_replay {"person": "{attack}", "pid": {own_pid}, "seconds_ago": 1}
-- expect: 42501
{other_principal}

-- attack: a context that was signed for a later transaction
-- through: tool buggy_replay {"person": "{attack}", "pid": {own_pid}, "seconds_ago": -0.000001}
-- expect: 42501
{other_principal}

-- attack: a context that was signed in an earlier transaction of another backend
-- through: tool buggy_replay {"person": "{attack}", "pid": {victim_pid}, "seconds_ago": 60}
-- expect: 42501
{other_principal}

-- attack: the server's account has no rows of its own
-- as: store_managers
-- through: the login
-- expect: 42501
SELECT first_name FROM retail.customers

-- attack: the server's account as a persona, with no identity
-- as: store_managers
-- through: the login
-- expect: no rows
BEGIN; SET LOCAL ROLE head_office; SELECT first_name FROM retail.customers; COMMIT

-- attack: the server's account with a forged assertion
-- as: store_managers
-- through: the login
-- expect: SK401
BEGIN; SELECT gateway.enter('{forged_assertion}', 'x', 1000); SELECT first_name FROM retail.customers; COMMIT

-- attack: the server's account with an expired assertion
-- as: store_managers
-- through: the login
-- expect: SK401
BEGIN; SELECT gateway.enter('{expired_assertion}', 'x', 1000); SELECT first_name FROM retail.customers; COMMIT

-- attack: the server's account with the assertion of somebody who left
-- as: store_managers
-- through: the login
-- expect: SK401
BEGIN; SELECT gateway.enter('{inactive_assertion}', 'x', 1000); SELECT first_name FROM retail.customers; COMMIT

-- attack: the server's account with an assertion whose name was changed
-- as: store_managers
-- through: the login
-- expect: SK401
BEGIN; SELECT gateway.enter(replace('{own_assertion}', '{own_principal}', '{other_principal}'), 'x', 1000); SELECT first_name FROM retail.customers; COMMIT

-- attack: the server's account with an assertion whose expiry was changed
-- as: store_managers
-- through: the login
-- expect: SK401
BEGIN; SELECT gateway.enter(regexp_replace('{expired_assertion}', '\|\d{10}\|', '|9999999999|'), 'x', 1000); SELECT first_name FROM retail.customers; COMMIT

-- attack: the server's account with an assertion without a mac
-- as: store_managers
-- through: the login
-- expect: SK401
BEGIN; SELECT gateway.enter('v1|{other_principal}|9999999999|nonce', 'x', 1000); SELECT first_name FROM retail.customers; COMMIT

-- attack: the server's account with an assertion of more parts
-- as: store_managers
-- through: the login
-- expect: SK401
BEGIN; SELECT gateway.enter('{own_assertion}|{other_principal}', 'x', 1000); SELECT first_name FROM retail.customers; COMMIT

-- attack: the server's account with no assertion
-- as: store_managers
-- through: the login
-- expect: SK401
BEGIN; SELECT gateway.enter(NULL, 'x', 1000); SELECT first_name FROM retail.customers; COMMIT

-- attack: a second person in the transaction of the first
-- as: store_managers
-- through: the login
-- expect: SK403
BEGIN; SELECT gateway.enter('{own_assertion}', 'x', 1000); RESET ROLE; SELECT gateway.enter('{stolen_assertion}', 'x', 1000); SELECT first_name FROM retail.customers; COMMIT

-- attack: a second person after the persona's role was taken
-- as: store_managers
-- through: the login
-- expect: 42501
BEGIN; SELECT gateway.enter('{own_assertion}', 'x', 1000); SELECT gateway.enter('{stolen_assertion}', 'x', 1000); SELECT first_name FROM retail.customers; COMMIT

-- attack: an identity carried into the next transaction
-- as: store_managers
-- through: the login
-- expect: no rows, 42501
BEGIN; SELECT gateway.enter('{stolen_assertion}', 'x', 1000); COMMIT; BEGIN; SET LOCAL ROLE store_managers; SELECT first_name FROM retail.customers; COMMIT

-- attack: assume with a context that nobody signed
-- as: store_managers
-- through: the login
-- expect: 42501
BEGIN; SELECT gateway.assume('store_managers', repeat('0', 64) || '|' || pg_backend_pid() || '|' || extract(epoch FROM transaction_timestamp()) || '|store_managers|00000000-0000-4000-8000-000000000102|{other_store}'); SELECT first_name FROM retail.customers; COMMIT

-- attack: the server's account impersonates
-- as: store_managers
-- through: the login
-- expect: 42501
BEGIN; SELECT gateway.impersonate('{other_principal}'); SELECT first_name FROM retail.customers; COMMIT

-- attack: the server's account signs for a DBA
-- as: store_managers
-- through: the login
-- expect: 42501
SELECT * FROM gateway.sign_impersonation('{other_principal}')

-- attack: the server's account signs a context
-- as: store_managers
-- through: the login
-- expect: 42501
SELECT * FROM gateway.sign_context('{other_principal}')

-- attack: the server's account reads the keys
-- as: store_managers
-- through: the login
-- expect: 42501
SELECT name, inner_pad, outer_pad FROM gateway.keys

-- attack: the server's account reads who the people are
-- as: store_managers
-- through: the login
-- expect: 42501
SELECT email, display_name FROM gateway.people()

-- attack: the server's account becomes the owner
-- as: store_managers
-- through: the login
-- expect: 42501
SET ROLE storekeeper_owner; SELECT first_name FROM retail.customers

-- attack: the server's account becomes the definer of the gateway
-- as: store_managers
-- through: the login
-- expect: 42501
SET ROLE storekeeper_definer; SELECT inner_pad FROM gateway.keys

-- attack: the server's account becomes the loader
-- as: store_managers
-- through: the login
-- expect: 42501
SET ROLE storekeeper_loader; SELECT first_name FROM retail.customers

-- attack: the server's account takes a sandbox role
-- as: store_managers
-- through: the login
-- expect: 42501
SET ROLE sandbox_head_office; SELECT first_name FROM retail.customers

-- attack: the server's account authorizes itself as the superuser
-- as: store_managers
-- through: the login
-- expect: 42501
SET SESSION AUTHORIZATION postgres; SELECT first_name FROM retail.customers
