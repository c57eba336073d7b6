-- What PostgreSQL keeps on everybody: catalogs, statistics, sizes, privileges, counters.

-- attack: row estimates in pg_class
-- expect: 42501
SELECT relname, reltuples, relpages FROM pg_class WHERE relname = 'orders'

-- attack: row estimates under the catalog's schema
-- expect: SK403, 42501
SELECT reltuples FROM pg_catalog.pg_class WHERE oid = 'retail.orders'::regclass

-- attack: most common values
-- expect: 42501
SELECT attname, most_common_vals, most_common_freqs FROM pg_stats WHERE tablename = 'orders'

-- attack: histogram bounds
-- expect: 42501
SELECT histogram_bounds FROM pg_stats WHERE tablename = 'customers' AND attname = 'email'

-- attack: statistics as they are stored
-- expect: 42501
SELECT stavalues1 FROM pg_statistic WHERE starelid = 'retail.customers'::regclass

-- attack: extended statistics
-- expect: 42501
SELECT * FROM pg_stats_ext

-- attack: extended statistics of expressions
-- expect: 42501
SELECT * FROM pg_stats_ext_exprs

-- attack: how many rows others have written
-- expect: 42501
SELECT n_live_tup, n_tup_ins, n_tup_upd FROM pg_stat_user_tables WHERE relname = 'orders'

-- attack: how many rows this transaction's tables have
-- expect: 42501
SELECT * FROM pg_stat_xact_user_tables

-- attack: reads of blocks
-- expect: 42501
SELECT * FROM pg_statio_user_tables

-- attack: use of indexes
-- expect: 42501
SELECT indexrelname, idx_scan, idx_tup_read FROM pg_stat_user_indexes

-- attack: queries of other backends
-- expect: 42501
SELECT pid, usename, application_name, query FROM pg_stat_activity

-- attack: queries of other backends by function
-- expect: 42501
SELECT pid, query FROM pg_stat_get_activity(NULL)

-- attack: one backend's query
-- expect: 42501
SELECT pg_stat_get_backend_activity(n) FROM generate_series(1, 20) AS n

-- attack: one backend's client
-- expect: 42501
SELECT pg_stat_get_backend_client_addr(1), pg_stat_get_backend_userid(1)

-- attack: live rows by function
-- expect: 42501
SELECT pg_stat_get_live_tuples('retail.orders'::regclass)

-- attack: inserted rows by function
-- expect: 42501
SELECT pg_stat_get_tuples_inserted('retail.orders'::regclass)

-- attack: commits of the database
-- expect: 42501
SELECT xact_commit, tup_returned, temp_bytes FROM pg_stat_database

-- attack: commits of the database by function
-- expect: 42501
SELECT pg_stat_get_db_xact_commit(oid) FROM (SELECT 16384::oid AS oid) AS d

-- attack: the write-ahead log's counters
-- expect: 42501
SELECT wal_records, wal_bytes FROM pg_stat_wal

-- attack: where the write-ahead log is
-- expect: 42501
SELECT pg_current_wal_lsn(), pg_current_wal_insert_lsn()

-- attack: the next transaction's number
-- expect: 42501
SELECT pg_snapshot_xmax(pg_current_snapshot())

-- attack: the next transaction's number by the old name
-- expect: 42501
SELECT txid_snapshot_xmax(txid_current_snapshot())

-- attack: how many transactions there were since the third
-- expect: 42501
SELECT age('3'::xid)

-- attack: how many multixacts there were
-- expect: 42501
SELECT mxid_age('1'::xid)

-- attack: when others committed
-- expect: 42501
SELECT pg_xact_commit_timestamp('1000'::xid)

-- attack: the last commit
-- expect: 42501
SELECT * FROM pg_last_committed_xact()

-- attack: the settings, with the context
-- expect: 42501
SELECT name, setting FROM pg_settings WHERE name LIKE 'storekeeper%'

-- attack: the context by current_setting
-- expect: 42501
SELECT current_setting('storekeeper.context')

-- attack: the context by current_setting, quietly
-- expect: 42501
SELECT current_setting('storekeeper.context', true)

-- attack: SHOW of the context
-- expect: SK403, SK400, 42501, 42601
SHOW storekeeper.context

-- attack: SHOW of everything
-- expect: SK403, SK400, 42501, 42601
SHOW ALL

-- attack: the roles
-- expect: 42501
SELECT rolname, rolsuper FROM pg_roles

-- attack: the password hashes
-- expect: 42501
SELECT rolname, rolpassword FROM pg_authid

-- attack: the users
-- expect: 42501
SELECT * FROM pg_user

-- attack: who is a member of what
-- expect: 42501
SELECT * FROM pg_auth_members

-- attack: the policies' text
-- expect: 42501
SELECT tablename, policyname, qual FROM pg_policies

-- attack: the policies as they are stored
-- expect: 42501
SELECT polname, polqual FROM pg_policy

-- attack: the text of the gateway's functions
-- expect: 42501
SELECT proname, prosrc FROM pg_proc WHERE proname = 'mac'

-- attack: a function's definition
-- expect: 42501
SELECT pg_get_functiondef('gateway.enter'::regproc)

-- attack: a policy's expression
-- expect: 42501
SELECT pg_get_expr(polqual, polrelid) FROM pg_policy

-- attack: the tables of the database
-- expect: 42501
SELECT schemaname, tablename, tableowner FROM pg_tables

-- attack: the tables in the information schema
-- expect: 42501
SELECT table_schema, table_name FROM information_schema.tables

-- attack: the columns in the information schema
-- expect: 42501
SELECT table_name, column_name FROM information_schema.columns

-- attack: the grants in the information schema
-- expect: 42501
SELECT grantee, privilege_type FROM information_schema.role_table_grants

-- attack: the roles in the information schema
-- expect: 42501
SELECT * FROM information_schema.enabled_roles

-- attack: the databases
-- expect: 42501
SELECT datname FROM pg_database

-- attack: the size of a table
-- expect: 42501
SELECT pg_relation_size('retail.orders')

-- attack: the size of a table with all that belongs to it
-- expect: 42501
SELECT pg_total_relation_size('retail.orders')

-- attack: the size of a table's indexes
-- expect: 42501
SELECT pg_indexes_size('retail.orders'), pg_table_size('retail.orders')

-- attack: the size of the database
-- expect: 42501
SELECT pg_database_size(current_database())

-- attack: the size of a tablespace
-- expect: 42501
SELECT pg_tablespace_size('pg_default')

-- attack: privileges of others
-- expect: 42501
SELECT has_table_privilege('head_office', 'retail.orders', 'SELECT')

-- attack: memberships of others
-- expect: 42501
SELECT pg_has_role('storekeeper_gateway', 'head_office', 'MEMBER')

-- attack: privileges on a function
-- expect: 42501
SELECT has_function_privilege('gateway.mac(text,text)', 'EXECUTE')

-- attack: the comment on a table
-- expect: 42501
SELECT obj_description('gateway.keys'::regclass, 'pg_class')

-- attack: the comment on a column
-- expect: 42501
SELECT col_description('gateway.keys'::regclass, 1)

-- attack: the comment on the database
-- expect: 42501
SELECT shobj_description(oid, 'pg_database') FROM pg_database

-- attack: who a user number is
-- expect: 42501
SELECT pg_get_userbyid(10)

-- attack: what an object number is
-- expect: 42501
SELECT pg_describe_object('pg_class'::regclass, 'retail.orders'::regclass, 0)

-- attack: a sequence's last value
-- expect: 42501
SELECT sequencename, last_value FROM pg_sequences

-- attack: a sequence's last value by function
-- expect: 42501
SELECT pg_sequence_last_value('retail.orders'::regclass)

-- attack: the last value of the session
-- expect: 55000, 42501
SELECT lastval()

-- attack: prepared statements of the session
-- expect: 42501
SELECT name, statement FROM pg_prepared_statements

-- attack: cursors of the session
-- expect: 42501
SELECT name, statement FROM pg_cursors

-- attack: prepared transactions
-- expect: 42501
SELECT * FROM pg_prepared_xacts

-- attack: replication slots
-- expect: 42501
SELECT * FROM pg_replication_slots

-- attack: statements that were run by anybody
-- expect: 42P01, 42501
SELECT query FROM pg_stat_statements

-- attack: the shared buffers
-- expect: 42P01, 42501
SELECT * FROM pg_buffercache

-- attack: memory of the backend
-- expect: 42501
SELECT * FROM pg_backend_memory_contexts

-- attack: when the server started
-- expect: 42501
SELECT pg_postmaster_start_time(), pg_conf_load_time()

-- attack: where a row lies
-- expect: 42501
SELECT ctid FROM orders

-- attack: which transaction wrote a row
-- expect: 42501
SELECT xmin, xmax, cmin, cmax FROM orders

-- attack: which table a row is of
-- expect: 42501
SELECT tableoid FROM customers

-- attack: where a row lies, by its whole row
-- expect: 42501, 42703
SELECT (o).ctid FROM orders AS o

-- attack: a row that is found by its place
-- expect: 42501
SELECT * FROM orders WHERE ctid = '(0,1)'

-- attack: the newest place of a row
-- expect: 42501
SELECT currtid2('retail.orders', '(0,1)'::tid)

-- attack: a whole row of a table without grants
-- expect: 42501
SELECT k FROM gateway.keys AS k

-- attack: a whole row of the people
-- expect: 42501
SELECT to_jsonb(p) FROM gateway.principals AS p

-- attack: the record of calls
-- expect: 42501
SELECT * FROM gateway.calls

-- attack: a sample of blocks, which are chosen by number, as a measure of the table's size
-- expect: SK403, 42501, 42809
SELECT order_id FROM orders TABLESAMPLE SYSTEM (50) REPEATABLE (1)

-- attack: a sample of rows, which are chosen by their place
-- expect: SK403, 42501, 42809
SELECT customer_id FROM customers TABLESAMPLE BERNOULLI (99) REPEATABLE (7)

-- attack: a name for each object number
-- expect: own rows, 42501
SELECT n, n::regclass::text FROM generate_series(16384, 18384) AS n WHERE n::regclass::text !~ '^[0-9]'

-- attack: a name for each role number
-- expect: own rows, 42501
SELECT n::oid::regrole::text FROM generate_series(16384, 17384) AS n WHERE n::oid::regrole::text !~ '^[0-9]'

-- attack: whether a table of a schema without rights exists
-- expect: 42501
SELECT 'sample.people'::regclass

-- attack: whether a table of a schema without rights exists, quietly
-- expect: 42501
SELECT to_regclass('sample.people')

-- attack: a person's e-mail taken for a role
-- expect: 42704, 42601, 42602
SELECT '{other_email}'::regrole

-- attack: a row type of the keys
-- expect: own rows
SELECT * FROM jsonb_populate_record(NULL::gateway.keys, '{}')
