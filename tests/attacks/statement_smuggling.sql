-- More than one statement, or another than a SELECT, by every disguise.

-- attack: a second statement
-- expect: SK403
SELECT 1; SELECT first_name FROM retail.customers

-- attack: a commit, then what it wants
-- expect: SK403
COMMIT; SELECT first_name FROM retail.customers

-- attack: a rollback, then a role
-- expect: SK403
ROLLBACK; SET ROLE head_office; SELECT first_name FROM retail.customers

-- attack: a commit behind a select
-- expect: SK403
SELECT 1; COMMIT; DROP TABLE retail.orders

-- attack: a commit and another transaction
-- expect: SK403
COMMIT; BEGIN READ WRITE; DELETE FROM retail.inventory; COMMIT

-- attack: a second statement behind a comment
-- expect: SK403
SELECT 1; -- harmless
DELETE FROM retail.inventory

-- attack: a leading comment
-- expect: SK403
/* SELECT */ DELETE FROM retail.inventory

-- attack: a leading line comment
-- expect: SK403
-- SELECT
DELETE FROM retail.inventory

-- attack: nested comments
-- expect: SK403, 42601
/* /* SELECT 1 */ */ UPDATE retail.orders SET status = 'cancelled'

-- attack: a comment that swallows the end
-- expect: 42601
SELECT max(total_amount) FROM orders ) AS q ON true --

-- attack: a comment that never ends
-- expect: 42601
SELECT max(total_amount) FROM orders /*

-- attack: a trailing line comment runs
-- expect: own rows
SELECT count(*) FROM orders -- of mine

-- attack: a parenthesis that closes what is around
-- expect: 42601
SELECT 1) AS q ON true; DELETE FROM retail.inventory; SELECT * FROM (SELECT 1

-- attack: a parenthesis and a union
-- expect: 42601
SELECT 1) AS q ON true UNION ALL SELECT first_name FROM retail.customers --

-- attack: a writing CTE
-- expect: SK403
WITH gone AS (DELETE FROM retail.inventory RETURNING *) SELECT count(*) FROM gone

-- attack: a writing CTE that inserts
-- expect: SK403
WITH made AS (INSERT INTO retail.customers (store_id, first_name, last_name, email)
    VALUES ('{own_store}', 'a', 'b', 'c') RETURNING *) SELECT * FROM made

-- attack: a writing CTE in another CTE
-- expect: 0A000, SK403
WITH a AS (WITH b AS (UPDATE retail.orders SET status = 'returned' RETURNING *) SELECT * FROM b) SELECT * FROM a

-- attack: a writing CTE that merges
-- expect: SK403, 0A000, 42601
WITH m AS (MERGE INTO retail.inventory AS i USING (SELECT 1) AS s ON false
    WHEN MATCHED THEN DELETE RETURNING 1) SELECT * FROM m

-- attack: an insert that returns
-- expect: SK403
INSERT INTO retail.customers (store_id, first_name, last_name, email) VALUES ('{own_store}', 'a', 'b', 'c') RETURNING *

-- attack: an update that returns
-- expect: SK403
UPDATE retail.orders SET status = 'returned' RETURNING *

-- attack: a delete that returns
-- expect: SK403
DELETE FROM retail.inventory RETURNING *

-- attack: a merge
-- expect: SK403
MERGE INTO retail.inventory AS i USING retail.products AS p ON p.product_id = i.product_id WHEN MATCHED THEN DELETE

-- attack: a truncate
-- expect: SK403
TRUNCATE retail.orders CASCADE

-- attack: a table from a query
-- expect: SK403
CREATE TABLE public.stolen AS SELECT * FROM retail.customers

-- attack: a temporary table from a query
-- expect: SK403
CREATE TEMP TABLE stolen AS SELECT * FROM retail.customers

-- attack: select into
-- expect: SK403
SELECT * INTO TEMP stolen FROM retail.customers

-- attack: select into in the middle of a CTE
-- expect: SK403
WITH c AS (SELECT 1 AS x) SELECT x INTO public.stolen FROM c

-- attack: rows locked for update
-- expect: SK403
SELECT order_id FROM orders FOR UPDATE

-- attack: rows locked for share
-- expect: SK403
SELECT order_id FROM orders FOR SHARE

-- attack: rows locked for their keys
-- expect: SK403
SELECT order_id FROM orders FOR KEY SHARE SKIP LOCKED

-- attack: rows locked in a subquery
-- expect: SK403
SELECT count(*) FROM (SELECT order_id FROM orders FOR NO KEY UPDATE NOWAIT) AS q

-- attack: rows locked in a CTE
-- expect: SK403
WITH l AS MATERIALIZED (SELECT order_id FROM orders FOR UPDATE) SELECT count(*) FROM l

-- attack: a table locked
-- expect: SK403
LOCK TABLE retail.orders IN ACCESS EXCLUSIVE MODE

-- attack: DO with a dynamic SET
-- expect: SK403
DO $do$ BEGIN EXECUTE 'SET LOCAL storekeeper.context = ' || quote_literal('forged'); END $do$

-- attack: DO that writes
-- expect: SK403
DO 'BEGIN DELETE FROM retail.inventory; END'

-- attack: DO in another language
-- expect: SK403
DO LANGUAGE plpython3u 'import os'

-- attack: COPY to a program
-- expect: SK403
COPY (SELECT * FROM retail.customers) TO PROGRAM 'cat > /tmp/stolen'

-- attack: COPY to a file
-- expect: SK403
COPY retail.customers TO '/tmp/stolen'

-- attack: COPY to the client
-- expect: SK403
COPY retail.customers TO STDOUT

-- attack: COPY from the client
-- expect: SK403
COPY retail.customers FROM STDIN

-- attack: PREPARE
-- expect: SK403
PREPARE stolen AS SELECT * FROM retail.customers

-- attack: EXECUTE of the driver's own statement
-- expect: SK403, 26000
EXECUTE _pg3_0

-- attack: EXECUTE of the driver's entering statement
-- expect: SK403, 26000
EXECUTE _pg3_1('{stolen_assertion}', 'x', 1000)

-- attack: DEALLOCATE
-- expect: SK403
DEALLOCATE ALL

-- attack: a cursor declared
-- expect: SK403
DECLARE stolen CURSOR WITH HOLD FOR SELECT * FROM retail.customers

-- attack: a cursor fetched
-- expect: SK403
FETCH ALL FROM stolen

-- attack: a cursor closed
-- expect: SK403
CLOSE ALL

-- attack: LISTEN
-- expect: SK403
LISTEN storekeeper_catalog

-- attack: NOTIFY
-- expect: SK403
NOTIFY storekeeper_catalog, 'attack'

-- attack: UNLISTEN
-- expect: SK403
UNLISTEN *

-- attack: BEGIN
-- expect: SK403
BEGIN READ WRITE

-- attack: SAVEPOINT
-- expect: SK403
SAVEPOINT s

-- attack: ROLLBACK TO
-- expect: SK403
ROLLBACK TO SAVEPOINT s

-- attack: PREPARE TRANSACTION
-- expect: SK403
PREPARE TRANSACTION 'stolen'

-- attack: COMMIT AND CHAIN
-- expect: SK403
COMMIT AND CHAIN

-- attack: CALL
-- expect: SK403, 42883
CALL gateway.nothing()

-- attack: VACUUM
-- expect: SK403
VACUUM retail.orders

-- attack: ANALYZE
-- expect: SK403
ANALYZE retail.orders

-- attack: CHECKPOINT
-- expect: SK403
CHECKPOINT

-- attack: LOAD
-- expect: SK403
LOAD 'auto_explain'

-- attack: COMMENT
-- expect: SK403
COMMENT ON TABLE retail.orders IS 'DELETE everything'

-- attack: GRANT
-- expect: SK403
GRANT SELECT ON retail.orders TO PUBLIC

-- attack: a policy dropped
-- expect: SK403
DROP POLICY tenant_guard ON retail.orders

-- attack: a table altered
-- expect: SK403
ALTER TABLE retail.orders DISABLE ROW LEVEL SECURITY

-- attack: a role made
-- expect: SK403
CREATE ROLE eve SUPERUSER LOGIN

-- attack: an extension made
-- expect: SK403
CREATE EXTENSION dblink

-- attack: a view made
-- expect: SK403
CREATE VIEW public.stolen AS SELECT * FROM retail.orders

-- attack: a materialised view refreshed
-- expect: SK403
REFRESH MATERIALIZED VIEW retail.orders

-- attack: a function made
-- expect: SK403
CREATE FUNCTION public.f() RETURNS void LANGUAGE sql AS ''

-- attack: a foreign schema imported
-- expect: SK403
IMPORT FOREIGN SCHEMA public FROM SERVER evil INTO public

-- attack: EXPLAIN ANALYZE of a delete
-- expect: SK400, SK403
EXPLAIN ANALYZE DELETE FROM retail.inventory

-- attack: EXPLAIN ANALYZE of a delete with options
-- expect: SK400, SK403
EXPLAIN (ANALYZE, FORMAT JSON) DELETE FROM retail.inventory

-- attack: EXPLAIN of a delete
-- expect: SK400, SK403, own rows
EXPLAIN DELETE FROM retail.inventory

-- attack: EXPLAIN of an EXECUTE
-- expect: SK400, SK403, 26000
EXPLAIN EXECUTE _pg3_0

-- attack: EXPLAIN with a second statement
-- expect: SK400, SK403, 42601
EXPLAIN SELECT 1; DELETE FROM retail.inventory

-- attack: EXPLAIN of a table from a query
-- expect: SK400, SK403, own rows
EXPLAIN CREATE TABLE public.stolen AS SELECT * FROM retail.customers

-- attack: EXPLAIN ANALYZE behind a comment
-- expect: SK400, SK403, 42601
EXPLAIN /* */ ANALYZE SELECT max(total_amount) FROM orders

-- attack: a zero byte
-- expect: SK400, 22P05, 22021
-- expand: "SELECT 1\x00; DELETE FROM retail.inventory"

-- attack: a zero byte written as JSON does
-- expect: 42601
SELECT 1 \u0000 ; DELETE FROM retail.inventory

-- attack: unicode escapes in a string
-- expect: own rows
SELECT U&'\0027; DELETE FROM retail.inventory; --' AS harmless

-- attack: escapes in a string
-- expect: SK403, 42601
SELECT E'\'; DELETE FROM retail.inventory; --'; DELETE FROM retail.inventory

-- attack: a semicolon in full width
-- expect: 42601
-- expand: "SELECT 1\uff1b DELETE FROM retail.inventory"

-- attack: a quote in full width
-- expect: 42703, 42601
-- expand: "SELECT \uff07x\uff07"

-- attack: spaces that are none
-- expect: 42601, 42703
-- expand: "SELECT\u00a0first_name\u2003FROM\u3000retail.customers"

-- attack: a byte order mark
-- expect: 42601
-- expand: "\ufeffDELETE FROM retail.inventory"

-- attack: letters that run backwards
-- expect: own rows
-- expand: "SELECT 'a' AS x /* \u202e yrotnevni.liater MORF ETELED */"

-- attack: a lone surrogate
-- as: store_managers
-- expect: SK400, 22P05, 22P02, PROTOCOL
-- expand: "SELECT '\ud800'"

-- attack: a psql command
-- expect: 42601
\! touch /tmp/stolen

-- attack: a psql command behind a select
-- expect: 42601
SELECT 1 \gexec

-- attack: a psql include
-- expect: 42601
\i /etc/passwd

-- attack: a psql variable
-- expect: 42601
SELECT :'HOME'

-- attack: a parameter that was not given
-- expect: 42P02
SELECT $1

-- attack: dollar quotes around a second statement
-- expect: SK403
SELECT $a$ ; $b$ $a$; DELETE FROM retail.inventory

-- attack: dollar quotes that hold a statement
-- expect: own rows
SELECT $q$; DELETE FROM retail.inventory; $q$ AS harmless

-- attack: dollar quotes that never end
-- expect: 42601
SELECT $q$; DELETE FROM retail.inventory

-- attack: a string that never ends
-- expect: 42601
SELECT '; DELETE FROM retail.inventory

-- attack: carriage returns
-- expect: SK403
-- expand: "SELECT 1 -- x\rDELETE\r\n; DELETE FROM retail.inventory"

-- attack: line ends that end no comment
-- expect: own rows
-- expand: "SELECT 1 AS one -- \u2028 ; DELETE FROM retail.inventory"

-- attack: an empty statement first
-- expect: SK403, 42601, 42P11
; DELETE FROM retail.inventory

-- attack: only semicolons
-- expect: SK400
;;;;

-- attack: only a comment
-- expect: SK400, SK403, 42601
-- nothing

-- attack: nothing
-- expect: SK400

-- attack: a template of psycopg
-- expect: 42601, 42703, 42883
SELECT %s, %(statement)s

-- attack: a select without columns
-- expect: own rows
SELECT FROM orders LIMIT 1

-- attack: TABLE of another schema
-- expect: 42501
TABLE gateway.keys

-- attack: VALUES with a subquery
-- expect: own rows
VALUES ((SELECT max(first_name) FROM customers))

-- attack: a recursive CTE that writes
-- expect: SK403, 42P19, 0A000
WITH RECURSIVE r AS (DELETE FROM retail.inventory RETURNING *) SELECT * FROM r

-- attack: 8001 characters
-- expect: SK400
-- expand: "SELECT first_name FROM customers" + " " * 7968 + "-"

-- attack: 100000 characters of comment
-- expect: SK400
-- expand: "/*" + "x" * 100000 + "*/ SELECT 1"
