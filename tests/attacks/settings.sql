-- Settings that would lift a limit, change what a name means, or outlive the call.

-- attack: the statement timeout lifted
-- expect: 42501
SELECT set_config('statement_timeout', '0', false)

-- attack: the statement timeout lifted for the transaction
-- expect: 42501
SELECT set_config('statement_timeout', '0', true), count(*) FROM orders

-- attack: the statement timeout lifted by a statement
-- expect: SK403
SET statement_timeout = 0

-- attack: the statement timeout lifted by a local statement
-- expect: SK403
SET LOCAL statement_timeout = 0

-- attack: a setting taken back
-- expect: SK403
RESET statement_timeout

-- attack: all settings taken back
-- expect: SK403
RESET ALL

-- attack: everything discarded
-- expect: SK403
DISCARD ALL

-- attack: row security switched off by set_config
-- expect: 42501
SELECT set_config('row_security', 'off', true), max(total_amount) FROM orders

-- attack: row security switched off by a statement
-- expect: SK403
SET row_security = off

-- attack: row security switched off before a buggy tool reads
-- through: a buggy writing tool
-- expect: 42501
SET LOCAL row_security = off;
SELECT first_name::text FROM retail.customers

-- attack: read-write by set_config
-- expect: 42501
SELECT set_config('transaction_read_only', 'off', true)

-- attack: read-write by a statement
-- expect: SK403
SET TRANSACTION READ WRITE

-- attack: read-write by the characteristics of the session
-- expect: SK403
SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE

-- attack: another snapshot
-- expect: SK403
SET TRANSACTION SNAPSHOT '00000003-0000001B-1'

-- attack: more memory
-- expect: 42501
SELECT set_config('work_mem', '10GB', true)

-- attack: more temporary files
-- expect: 42501
SELECT set_config('temp_file_limit', '-1', false)

-- attack: the search path by set_config
-- expect: 42501
SELECT set_config('search_path', 'gateway, retail', true)

-- attack: the search path by a statement
-- expect: SK403
SET search_path = gateway

-- attack: another application name
-- expect: 42501
SELECT set_config('application_name', '{other_email}', false)

-- attack: client encoding
-- expect: 42501
SELECT set_config('client_encoding', 'SQL_ASCII', true)

-- attack: triggers switched off
-- expect: 42501
SELECT set_config('session_replication_role', 'replica', true)

-- attack: statements logged with their parameters
-- expect: 42501
SELECT set_config('log_statement', 'all', true)

-- attack: plans in the client's messages
-- expect: 42501
SELECT set_config('client_min_messages', 'debug5', true), set_config('debug_print_plan', 'on', true)

-- attack: a library to load
-- expect: 42501
SELECT set_config('local_preload_libraries', '/tmp/evil', false)

-- attack: a setting read by name
-- expect: 42501
SELECT current_setting('statement_timeout')

-- attack: a file's place read by name
-- expect: 42501
SELECT current_setting('config_file')

-- attack: a setting that no one has
-- expect: 42501
SELECT current_setting('storekeeper.assertion', true)

-- attack: the settings' view
-- expect: 42501
SELECT name, setting FROM pg_settings

-- attack: settings from pg_show_all_settings
-- expect: 42501
SELECT * FROM pg_show_all_settings()

-- attack: settings of roles and databases
-- expect: 42501
SELECT * FROM pg_db_role_setting

-- attack: a setting shown
-- expect: SK403, 42501
SHOW data_directory

-- attack: a setting for the whole server
-- expect: SK403
ALTER SYSTEM SET log_statement = 'all'

-- attack: a setting for the persona
-- expect: SK403
ALTER ROLE store_managers SET statement_timeout = 0

-- attack: a setting for one's own persona in a buggy tool
-- as: store_managers
-- through: a buggy writing tool
-- expect: 42501
-- open: PostgreSQL lets each role set defaults of its own; a persona's never apply, for it can't log in
ALTER ROLE store_managers SET statement_timeout = 0

-- attack: a setting for another persona in a buggy tool
-- as: regional_managers head_office
-- through: a buggy writing tool
-- expect: 42501
ALTER ROLE store_managers SET statement_timeout = 0

-- attack: a setting for the database in a buggy tool
-- through: a buggy writing tool
-- expect: 42501
DO 'BEGIN EXECUTE ''ALTER DATABASE '' || current_database() || '' SET statement_timeout = 0''; END'

-- attack: an update of pg_settings in a buggy tool
-- through: a buggy writing tool
-- expect: 42501
UPDATE pg_settings SET setting = 'x' WHERE name = 'storekeeper.context'

-- attack: the reload of the settings
-- expect: 42501
SELECT pg_reload_conf()

-- attack: the seed of random numbers
-- expect: 42501, own rows
SELECT setseed(0.5)

-- attack: a setting through a function that takes its name
-- expect: 42501
SELECT string_agg(set_config(k, v, false), ',') FROM (VALUES ('attack.trace', '1'), ('role', 'none')) AS t (k, v)

-- attack: a setting for each order
-- expect: 42501
SELECT set_config('attack.trace', total_amount::text, false) FROM orders
