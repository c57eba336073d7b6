-- The record of calls, its seals and what servers keep: reading what others did, forging it, taking it away.

-- attack: the record from free SQL
-- expect: 42501
SELECT principal, arguments FROM gateway.calls

-- attack: a month of the record from free SQL
-- expect: 42501
SELECT * FROM gateway.calls_default

-- attack: the record by a reading tool
-- through: a buggy reading tool
-- expect: 42501
SELECT c::text FROM gateway.calls AS c

-- attack: the part of the record that fits no month
-- through: a buggy reading tool
-- expect: 42501
SELECT c::text FROM gateway.calls_default AS c

-- attack: this month of the record
-- through: a buggy reading tool
-- expect: 42501
SELECT c::text FROM gateway.{this_month} AS c

-- attack: the seals
-- through: a buggy reading tool
-- expect: 42501
SELECT encode(digest, 'hex') FROM gateway.seals

-- attack: how far the seals have come
-- through: a buggy reading tool
-- expect: 42501
SELECT w::text FROM gateway.watermarks AS w

-- attack: who changed what, by transaction
-- through: a buggy reading tool
-- expect: 42501
SELECT c::text FROM gateway.changes AS c

-- attack: how many calls there were, by the sequence
-- through: a buggy reading tool
-- expect: 42501
SELECT last_value::text FROM gateway.calls_entry_seq

-- attack: a number of the record used up
-- through: a buggy writing tool
-- expect: 42501
SELECT nextval('gateway.calls_entry_seq')::text

-- attack: the figures of all calls
-- through: tool performance_summary {"tool_name": "{attack}"}
-- expect: NOT_FOUND
record_order

-- attack: the figures of all calls by a tool with a bug
-- through: a buggy reading tool
-- expect: 42501
SELECT tool.performance_summary()::text

-- attack: the figures of all calls from the gateway
-- through: a buggy reading tool
-- expect: 42501
SELECT gateway.performance()::text

-- attack: the statistics of all calls
-- through: a buggy reading tool
-- expect: 42501
SELECT s::text FROM gateway.stats() AS s

-- attack: a look whether the record was altered
-- through: a buggy reading tool
-- expect: 42501
SELECT v::text FROM gateway.verify_calls() AS v

-- attack: the health of the database
-- through: a buggy reading tool
-- expect: 42501
SELECT gateway.health()::text

-- attack: what the business's doctors find
-- through: a buggy reading tool
-- expect: 42501
SELECT e.finding FROM gateway.examine_business() AS e

-- attack: which transactions run
-- through: a buggy reading tool
-- expect: 42501
SELECT gateway.snapshot()

-- attack: whether another's table changed
-- through: a buggy reading tool
-- expect: 42501
SELECT gateway.unchanged_since('1:1:', '{gateway.principals}')::text

-- attack: when the server was started
-- through: a buggy reading tool
-- expect: 42501
SELECT gateway.run_id()

-- attack: which migrations were applied
-- through: a buggy reading tool
-- expect: 42501
SELECT gateway.applied_migrations()::text

-- attack: a call that was never made
-- through: a buggy writing tool
-- expect: 42501
SELECT gateway.record_calls('[{"at": "2026-01-01", "tool": "record_order", "principal": "{other_principal}", "outcome": "ok", "duration_ms": 1, "request_id": "forged"}]')::text

-- attack: a row in the record
-- through: a buggy writing tool
-- expect: 42501
INSERT INTO gateway.calls (at, tool, outcome, duration_ms, request_id) VALUES (now(), 'record_order', 'ok', 1, 'forged')

-- attack: one's own calls taken out of the record
-- through: a buggy writing tool
-- expect: 42501
DELETE FROM gateway.calls WHERE principal = '{own_principal}'

-- attack: the record altered
-- through: a buggy writing tool
-- expect: 42501
UPDATE gateway.calls SET principal = '{other_principal}'

-- attack: the record emptied
-- through: a buggy writing tool
-- expect: 42501
TRUNCATE gateway.calls

-- attack: a month of the record dropped
-- through: a buggy writing tool
-- expect: 42501
DROP TABLE gateway.{this_month}

-- attack: a month of the record detached
-- through: a buggy writing tool
-- expect: 42501
ALTER TABLE gateway.calls DETACH PARTITION gateway.{this_month}

-- attack: seals removed
-- through: a buggy writing tool
-- expect: 42501
DELETE FROM gateway.seals

-- attack: a seal of one's own
-- through: a buggy writing tool
-- expect: 42501
SELECT s::text FROM gateway.seal_calls() AS s

-- attack: a digest for a seal
-- through: a buggy writing tool
-- expect: 42501
SELECT encode(gateway.seal_digest(NULL, NULL), 'hex')

-- attack: the record cleared up
-- through: a buggy writing tool
-- expect: 42501
SELECT gateway.maintain()::text

-- attack: the record kept for an hour only
-- through: a buggy writing tool
-- expect: 42501
SELECT gateway.keep('calls', '1 hour')::text

-- attack: the retention set in its table
-- through: a buggy writing tool
-- expect: 42501
UPDATE gateway.retention SET keep = '1 hour'

-- attack: a change hidden, so that old answers are served on
-- through: a buggy writing tool
-- expect: 42501
DELETE FROM gateway.changes

-- attack: a trigger on another's table that notes changes
-- through: a buggy writing tool
-- expect: 42501
CREATE TRIGGER note_change AFTER INSERT ON retail.orders FOR EACH STATEMENT EXECUTE FUNCTION gateway.note_change()

-- attack: the trigger switched off that notes changes
-- through: a buggy writing tool
-- expect: 42501
ALTER TABLE gateway.principals DISABLE TRIGGER note_change

-- attack: the server's account reads the record
-- as: store_managers
-- through: the login
-- expect: 42501
SELECT c::text FROM gateway.calls AS c

-- attack: the server's account reads the seals
-- as: store_managers
-- through: the login
-- expect: 42501
SELECT encode(digest, 'hex') FROM gateway.seals

-- attack: the server's account reads the answers
-- as: store_managers
-- through: the login
-- expect: 42501
SELECT a::text FROM gateway.answers AS a

-- attack: the server's account takes calls out of the record
-- as: store_managers
-- through: the login
-- expect: 42501
DELETE FROM gateway.calls

-- attack: the server's account shortens what is kept
-- as: store_managers
-- through: the login
-- expect: 42501
SELECT gateway.keep('calls', '1 hour')

-- attack: the server's account becomes the auditor
-- as: store_managers
-- through: the login
-- expect: 42501
SET ROLE storekeeper_auditor; SELECT c::text FROM gateway.calls AS c

-- attack: the server's account as an operator that nobody signed in
-- as: store_managers
-- through: the login
-- expect: SK403
BEGIN; SET LOCAL ROLE operators; SELECT gateway.performance()::text; COMMIT

-- attack: the server's account as an operator in somebody else's call
-- as: store_managers
-- through: the login
-- expect: SK403
BEGIN; SELECT gateway.enter('{own_assertion}', 'x', 1000); RESET ROLE; SET LOCAL ROLE operators; SELECT tool.performance_summary()::text; COMMIT

-- attack: the server's account notes changes that were none
-- as: store_managers
-- through: the login
-- expect: 42501
INSERT INTO gateway.changes (table_name, xid, at) VALUES ('ddl', '1', now())

-- attack: a writing tool becomes the server's account, and asks how the database is
-- through: a buggy writing tool
-- expect: own rows
RESET ROLE;
SELECT gateway.health()::text

-- attack: a writing tool becomes the server's account, and seals
-- through: a buggy writing tool
-- expect: own rows, no rows
RESET ROLE;
SELECT s.digest FROM gateway.seal_calls() AS s

-- attack: a writing tool becomes the server's account, and clears up
-- through: a buggy writing tool
-- expect: own rows
RESET ROLE;
SELECT gateway.maintain()::text

-- attack: a writing tool becomes the server's account, and an operator's
-- through: a buggy writing tool
-- expect: SK403
RESET ROLE;
SET LOCAL ROLE operators;
SELECT gateway.performance()::text
