-- What the next call on the same connection would meet.

-- attack: a setting for the session
-- through: a buggy writing tool
-- expect: no rows, 42501
SET attack.trace = 'here'

-- attack: a setting for the transaction
-- through: a buggy writing tool
-- expect: no rows, 42501
SET LOCAL attack.trace = 'here'

-- attack: a setting for the session by a function
-- through: a buggy writing tool
-- expect: 42501
SELECT set_config('attack.trace', 'here', false)

-- attack: a setting for the session by a reading tool
-- through: a buggy reading tool
-- expect: 42501
SELECT set_config('attack.trace', 'here', false)

-- attack: a search path
-- through: a buggy writing tool
-- expect: no rows, 42501
SET search_path = pg_temp, retail

-- attack: a time zone
-- through: a buggy writing tool
-- expect: no rows, 42501
SET timezone = 'Pacific/Kiritimati'

-- attack: a date style
-- through: a buggy writing tool
-- expect: no rows, 42501
SET datestyle = 'SQL, DMY'

-- attack: row security off for the session
-- through: a buggy writing tool
-- expect: no rows, 42501
SET row_security = off

-- attack: backslashes that escape
-- through: a buggy writing tool
-- expect: no rows, 42501
SET standard_conforming_strings = off

-- attack: a read-only session
-- through: a buggy writing tool
-- expect: no rows, 42501
SET default_transaction_read_only = on

-- attack: a serializable session
-- through: a buggy writing tool
-- expect: no rows, 42501
SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE

-- attack: no statement timeout for the session
-- through: a buggy writing tool
-- expect: no rows, 42501
SET statement_timeout = 0

-- attack: no lock timeout for the session
-- through: a buggy writing tool
-- expect: no rows, 42501
SET lock_timeout = 0

-- attack: more memory for the session
-- through: a buggy writing tool
-- expect: no rows, 42501
SET work_mem = '1GB'

-- attack: another application's name
-- through: a buggy writing tool
-- expect: no rows, 42501
SET application_name = 'somebody else'

-- attack: a client encoding
-- through: a buggy writing tool
-- expect: no rows, 42501
SET client_encoding = 'LATIN1'

-- attack: every setting of before
-- through: a buggy writing tool
-- expect: no rows, 42501
RESET ALL

-- attack: the role for the session
-- through: a buggy writing tool
-- expect: no rows, 42501
SET ROLE head_office

-- attack: no role for the session
-- through: a buggy writing tool
-- expect: no rows, 42501
RESET ROLE

-- attack: no role at all for the session
-- through: a buggy writing tool
-- expect: no rows, 42501
SET ROLE NONE

-- attack: a context for the session
-- through: a buggy writing tool
-- expect: no rows, 42501
SET storekeeper.context = 'forged'

-- attack: an empty context for the session
-- through: a buggy writing tool
-- expect: no rows, 42501
SET SESSION storekeeper.context = ''

-- attack: a channel
-- through: a buggy writing tool
-- expect: no rows, 42501
LISTEN storekeeper_catalog

-- attack: a channel, by a reading tool
-- through: a buggy reading tool
-- expect: 0A000, 42601
LISTEN storekeeper_catalog

-- attack: a prepared statement
-- through: a buggy writing tool
-- expect: no rows, 42501
PREPARE left_behind AS SELECT first_name FROM retail.customers

-- attack: a prepared statement in the driver's name
-- through: a buggy writing tool
-- expect: no rows, 42501, 42P05
PREPARE sk_0123456789abcdef AS SELECT first_name FROM retail.customers

-- attack: the driver's prepared statements gone
-- through: a buggy writing tool
-- expect: no rows, 42501
DEALLOCATE ALL

-- attack: all plans gone
-- through: a buggy writing tool
-- expect: no rows, 42501
DISCARD PLANS

-- attack: a cursor that outlives the call
-- through: a buggy writing tool
-- expect: no rows, 42501, 0A000
DECLARE left_behind CURSOR WITH HOLD FOR SELECT first_name FROM retail.customers

-- attack: a cursor of the transaction
-- through: a buggy writing tool
-- expect: no rows, 42501, 0A000
DECLARE left_behind CURSOR FOR SELECT first_name FROM retail.customers

-- attack: a temporary table
-- through: a buggy writing tool
-- expect: 42501
CREATE TEMP TABLE left_behind AS SELECT first_name FROM retail.customers

-- attack: a temporary table until the commit
-- through: a buggy writing tool
-- expect: 42501
CREATE TEMP TABLE left_behind (x integer) ON COMMIT DROP

-- attack: a temporary view
-- through: a buggy writing tool
-- expect: 42501
CREATE TEMP VIEW left_behind AS SELECT first_name FROM retail.customers

-- attack: a temporary sequence
-- through: a buggy writing tool
-- expect: 42501
CREATE TEMP SEQUENCE left_behind

-- attack: a temporary function
-- through: a buggy writing tool
-- expect: 42501
CREATE FUNCTION pg_temp.left_behind() RETURNS integer LANGUAGE sql AS 'SELECT 1'

-- attack: a session's advisory lock by a writing tool
-- through: a buggy writing tool
-- expect: 42501
SELECT pg_advisory_lock(4711)::text

-- attack: a shared advisory lock by a writing tool
-- through: a buggy writing tool
-- expect: 42501
SELECT pg_advisory_lock_shared(4711)::text

-- attack: a loaded library
-- through: a buggy writing tool
-- expect: 42501
LOAD 'auto_explain'

-- attack: a notice to everybody
-- through: a buggy writing tool
-- expect: no rows, 42501
NOTIFY attack_channel, 'here'

-- attack: an export of the snapshot
-- through: a buggy writing tool
-- expect: 42501
SELECT pg_export_snapshot()

-- attack: constraints put off
-- through: a buggy writing tool
-- expect: no rows, 42501
SET CONSTRAINTS ALL DEFERRED

-- attack: a failed call with a setting
-- through: a buggy writing tool
-- expect: 22012, 42501
SET attack.trace = 'here';
SELECT (1 / 0)::text

-- attack: a failed call with a role
-- through: a buggy writing tool
-- expect: 22012, 42501
SET ROLE head_office;
SELECT (1 / 0)::text

-- attack: a free query that fails after a setting
-- expect: 42501, 22012
SELECT set_config('attack.trace', 'here', false), 1 / 0

-- attack: a free query with a lock and an error
-- expect: 42501, 22012
SELECT pg_advisory_lock(4711), 1 / 0

-- attack: a definer function's setting by a reading tool
-- through: tool buggy_remember {"setting": "attack.trace", "content": "{attack}"}
-- expect: own rows
here
