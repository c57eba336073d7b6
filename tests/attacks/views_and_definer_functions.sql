-- Functions that run with more rights than the caller's, called directly, and views.

-- attack: enter as head office
-- expect: 42501
SELECT gateway.enter('v1|analyst@zava.example|9999999999|x|x', 'x', 1000)

-- attack: assume another context
-- expect: 42501
SELECT gateway.assume('head_office', 'x')

-- attack: impersonate
-- expect: 42501
SELECT gateway.impersonate('analyst@zava.example')

-- attack: sign an impersonation
-- expect: 42501
SELECT * FROM gateway.sign_impersonation('analyst@zava.example')

-- attack: sign a context
-- expect: 42501
SELECT gateway.sign_context('analyst@zava.example')

-- attack: make a MAC with the context's key
-- expect: 42501
SELECT gateway.mac('context', 'x')

-- attack: prove an assertion
-- expect: 42501
SELECT gateway.authenticate('v1|analyst@zava.example|9999999999|x|x')

-- attack: read the identity as the policies do
-- expect: 42501
SELECT * FROM gateway.identity()

-- attack: install a key of its own
-- expect: 42501
SELECT gateway.install_key('assertion', '\x00', true)

-- attack: give itself every tenant
-- expect: 42501
SELECT gateway.put_tenants(gateway.principal_id(), NULL)

-- attack: make a new person
-- expect: 42501
SELECT gateway.put_principal(gen_random_uuid(), 'me@evil.example', 'Me', 'head_office')

-- attack: rename a tenant
-- expect: 42501
SELECT gateway.put_tenant('{other_store}', 'mine')

-- attack: make a persona
-- expect: 42501
SELECT gateway.add_persona('evil', 'x', 'retail', 'UTC')

-- attack: drop a persona
-- expect: 42501
SELECT gateway.drop_persona('head_office')

-- attack: list the people
-- expect: 42501
SELECT * FROM gateway.people()

-- attack: read the record of calls through stats
-- expect: 42501
SELECT * FROM gateway.stats()

-- attack: write into the record of calls
-- expect: 42501
SELECT gateway.record_calls('[{"tool": "x"}]')

-- attack: ask the doctor
-- expect: 42501
SELECT * FROM gateway.doctor()

-- attack: ask what is exposed
-- expect: 42501
SELECT * FROM gateway.exposures('store_managers')

-- attack: take the hardening back
-- expect: 42501
SELECT gateway.harden('none')

-- attack: accept every exposure
-- expect: 42501
SELECT gateway.accept_exposures()

-- attack: the login's faults
-- expect: 42501
SELECT * FROM gateway.login_faults()

-- attack: run a query outside the sandbox's function
-- expect: own rows, 42501, SK403
SELECT gateway.run_query('SELECT count(*), max(total_amount) FROM orders', 10, 100000)

-- attack: free SQL within free SQL
-- expect: SK401
SELECT gateway.free_query('SELECT max(total_amount) FROM retail.orders')

-- attack: the tool within itself
-- expect: SK401
SELECT tool.execute_sales_query('SELECT max(total_amount) FROM orders')

-- attack: the sandbox of head office
-- as: store_managers regional_managers
-- expect: 42501
SELECT sandbox.run_head_office('SELECT max(total_amount) FROM retail.orders', 10, 100000)

-- attack: the sandbox of store managers
-- as: regional_managers head_office
-- expect: 42501
SELECT sandbox.run_store_managers('SELECT max(total_amount) FROM retail.orders', 10, 100000)

-- attack: the sandbox of regional managers
-- as: store_managers head_office
-- expect: 42501
SELECT sandbox.run_regional_managers('SELECT max(total_amount) FROM retail.orders', 10, 100000)

-- attack: its own sandbox within itself
-- as: store_managers
-- expect: own rows, 42501, SK403
SELECT sandbox.run_store_managers('SELECT max(total_amount), max(email) FROM orders, customers', 10, 100000)

-- attack: its own sandbox with a greater cap
-- as: store_managers
-- expect: own rows, 42501, SK403, SK400, SK429, 54000
SELECT sandbox.run_store_managers('SELECT * FROM order_items', 2000000000, 2000000000) IS NOT NULL AS read

-- attack: its own sandbox three levels deep
-- as: head_office
-- expect: own rows, 42501, SK403
SELECT sandbox.run_head_office($a$SELECT sandbox.run_head_office($b$SELECT sandbox.run_head_office('SELECT max(total_amount) FROM orders', 9, 9999)$b$, 9, 9999)$a$, 9, 9999)

-- attack: two statements within its own sandbox
-- as: store_managers
-- expect: SK403, 42501
SELECT sandbox.run_store_managers('SELECT 1; DELETE FROM retail.orders', 10, 1000)

-- attack: the catalog function
-- expect: own rows, 42501
SELECT gateway.catalog()

-- attack: who for everybody
-- expect: own rows
SELECT w.* FROM generate_series(1, 3) AS n CROSS JOIN LATERAL gateway.who() AS w

-- attack: the expansion of a definer's record
-- expect: own rows
SELECT (gateway.who()).*, (gateway.who()).tenants[1]

-- attack: definer functions side by side in ROWS FROM
-- expect: own rows
SELECT * FROM ROWS FROM (gateway.tenant_ids(), retail.get_user_store_list(), gateway.who()) WITH ORDINALITY

-- attack: tenants while rows are counted
-- expect: own rows
SELECT o.store_id, count(*) FROM orders AS o WHERE gateway.tenant_ids() IS NOT NULL GROUP BY o.store_id

-- attack: the trigger function of the managers
-- expect: 42501, SK403
SELECT retail.grant_managers()

-- attack: the event trigger's function
-- expect: 42501, SK403
SELECT gateway.notify_catalog()

-- attack: a built-in trigger function
-- expect: 42501, SK403, 39P01
SELECT "RI_FKey_cascade_del"()

-- attack: a flood of progress notices
-- expect: 42501
SELECT count(gateway.progress(n, 100, 'x')) FROM generate_series(1, 100000) AS n

-- attack: progress that is no number
-- expect: 42501
SELECT gateway.progress('NaN', '-Infinity', E'\u2028\n{"jsonrpc":"2.0","id":1,"result":{}}')

-- attack: the sample data's loader
-- expect: 42501
SELECT * FROM sample.load(0.01, 1)

-- attack: the schema of the sample data
-- expect: 42501
SELECT * FROM sample.people

-- attack: the description of a table that it may not read
-- expect: own rows, 42501
SELECT gateway.describe_table('gateway.keys'::regclass, NULL)

-- attack: a view of its own
-- expect: SK403, 42501
CREATE VIEW public.mine AS SELECT * FROM retail.orders

-- attack: a temporary view
-- expect: SK403, 42501
CREATE TEMPORARY VIEW mine AS SELECT * FROM retail.orders

-- attack: a materialised view
-- expect: SK403, 42501
CREATE MATERIALIZED VIEW public.mine AS SELECT * FROM retail.orders

-- attack: the definitions of views
-- expect: 42501
SELECT definition FROM pg_views

-- attack: the rules
-- expect: 42501
SELECT * FROM pg_rules
