-- Locks that others wait for, signals to other backends, and notices that reach them.

-- attack: cancel another backend's query
-- expect: 42501
SELECT pg_cancel_backend({victim_pid})

-- attack: end another backend
-- expect: 42501
SELECT pg_terminate_backend({victim_pid})

-- attack: end another backend and wait for it
-- expect: 42501
SELECT pg_terminate_backend({victim_pid}, 1000)

-- attack: end every backend
-- expect: 42501
SELECT pg_terminate_backend(pid) FROM pg_stat_activity

-- attack: guess pids with generate_series
-- expect: 42501
SELECT count(*) FROM generate_series(1, 100000) AS pid WHERE pg_cancel_backend(pid)

-- attack: end its own backend
-- expect: 42501
SELECT pg_terminate_backend(pg_backend_pid())

-- attack: log another backend's memory
-- expect: 42501
SELECT pg_log_backend_memory_contexts({victim_pid})

-- attack: a session's advisory lock
-- expect: 42501
SELECT pg_advisory_lock(1)

-- attack: a session's advisory lock of two numbers
-- expect: 42501
SELECT pg_advisory_lock(1, 2)

-- attack: a shared advisory lock
-- expect: 42501
SELECT pg_advisory_lock_shared(1)

-- attack: an advisory lock of the transaction
-- expect: 42501
SELECT pg_advisory_xact_lock(1)

-- attack: an advisory lock of the transaction, shared
-- expect: 42501
SELECT pg_advisory_xact_lock_shared(1, 2)

-- attack: a lock that is only tried
-- expect: 42501
SELECT pg_try_advisory_lock(1)

-- attack: a lock of the transaction that is only tried
-- expect: 42501
SELECT pg_try_advisory_xact_lock(1)

-- attack: somebody else's locks as an oracle
-- expect: 42501
SELECT n FROM generate_series(0, 100) AS n WHERE NOT pg_try_advisory_xact_lock_shared(n)

-- attack: every lock of the table of locks
-- expect: 42501
SELECT pg_advisory_lock(n) FROM generate_series(1, 1000000) AS n

-- attack: locks that are given back
-- expect: 42501
SELECT pg_advisory_unlock_all()

-- attack: who blocks whom
-- expect: 42501
SELECT pg_blocking_pids({victim_pid})

-- attack: who blocks whom safely
-- expect: 42501
SELECT pg_safe_snapshot_blocking_pids({victim_pid})

-- attack: the view of locks
-- expect: 42501
SELECT relation::regclass, pid, mode FROM pg_locks

-- attack: rows locked for update
-- expect: SK403, 42501
SELECT * FROM orders FOR UPDATE

-- attack: rows locked for share
-- expect: SK403, 42501
SELECT * FROM orders FOR SHARE

-- attack: rows locked in a common table expression
-- expect: SK403, 42501
WITH o AS MATERIALIZED (SELECT order_id FROM orders FOR KEY SHARE) SELECT count(*) FROM o

-- attack: rows locked in a subquery
-- expect: SK403, 42501
SELECT (SELECT count(*) FROM (SELECT 1 FROM inventory FOR NO KEY UPDATE SKIP LOCKED) AS i)

-- attack: a locked table
-- expect: SK403, 42501
LOCK TABLE retail.orders IN ACCESS EXCLUSIVE MODE

-- attack: a notification
-- expect: 42501
SELECT pg_notify('storekeeper_catalog', '')

-- attack: many notifications fill the queue
-- expect: 42501
SELECT pg_notify('storekeeper_catalog', n::text) FROM generate_series(1, 100000) AS n

-- attack: NOTIFY as a statement
-- expect: SK403, 42501
NOTIFY storekeeper_catalog

-- attack: LISTEN as a statement
-- expect: SK403, 42501
LISTEN storekeeper_catalog

-- attack: which channels are listened to
-- expect: 42501
SELECT pg_listening_channels()

-- attack: how full the queue of notifications is
-- expect: 42501
SELECT pg_notification_queue_usage()

-- attack: a snapshot for others
-- expect: 42501
SELECT pg_export_snapshot()

-- attack: a sleep
-- expect: 42501
SELECT pg_sleep(20)

-- attack: a sleep for each row
-- expect: 42501
SELECT pg_sleep_for('1 second') FROM orders

-- attack: a sleep until tomorrow
-- expect: 42501
SELECT pg_sleep_until('tomorrow')

-- attack: a message in the write-ahead log
-- expect: 42501
SELECT pg_logical_emit_message(false, 'x', 'hello')

-- attack: a replication slot
-- expect: 42501
SELECT pg_create_logical_replication_slot('mine', 'pgoutput')

-- attack: a replication origin
-- expect: 42501
SELECT pg_replication_origin_create('mine')

-- attack: a transaction id is spent
-- expect: 42501
SELECT pg_current_xact_id()

-- attack: a transaction id is spent by the old name
-- expect: 42501
SELECT txid_current()
