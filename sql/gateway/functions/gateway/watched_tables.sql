-- The tables of which every change is noted.
-- drop: DROP FUNCTION gateway.watched_tables;
CREATE OR REPLACE FUNCTION gateway.watched_tables()
RETURNS text[]
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT coalesce(array_agg(w.name ORDER BY w.name), '{}')
    FROM (
        SELECT n.nspname || '.' || c.relname AS name
        FROM pg_trigger AS t
        JOIN pg_class AS c ON c.oid = t.tgrelid
        JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE t.tgfoid = 'gateway.note_change'::regproc
          AND t.tgenabled IN ('O', 'A')
          -- After each statement, whatever it is about: neither FOR EACH ROW (1), BEFORE (2) nor OF columns.
          AND t.tgtype & 3 = 0
          AND cardinality(t.tgattr::smallint[]) = 0
        GROUP BY n.nspname, c.relname
        -- INSERT, DELETE, UPDATE and TRUNCATE
        HAVING bit_or(t.tgtype) & 60 = 60
    ) AS w
$function$;

COMMENT ON FUNCTION gateway.watched_tables IS $comment$
Tables (schema.table) with the trigger of gateway.note_change after insert, update, delete and truncate: those
that a @cache tag may name.
$comment$;
REVOKE ALL ON FUNCTION gateway.watched_tables FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.watched_tables TO storekeeper_gateway;
