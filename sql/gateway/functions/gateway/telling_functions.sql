-- The built-in functions that would tell free SQL about the server and about other people's work.
-- drop: DROP FUNCTION gateway.telling_functions;
CREATE OR REPLACE FUNCTION gateway.telling_functions()
RETURNS TABLE (function_oid oid, family text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT
        p.oid,
        CASE
            WHEN p.proname ~ '^pg_sleep' THEN 'waiting'
            WHEN p.proname ~ '^pg_stat_|^pg_relation_file|^pg_(database|indexes|relation|table|tablespace|total_relation)_size$'
                THEN 'statistics'
            ELSE 'introspection'
        END
    FROM pg_proc AS p
    WHERE p.pronamespace = 'pg_catalog'::regnamespace
      -- By rule, not by name, so that what a newer PostgreSQL brings is in it.
      AND (
            p.provolatile = 'v'
         OR p.proname ~ '^(_?pg_|has_|inet_(client|server)_|txid_|current_(setting|query|schemas)$)'
         OR (p.proname IN ('age', 'mxid_age') AND p.proargtypes[0] = 'xid'::regtype)
      )
      AND p.proname <> ALL ('{
            array_sample, array_shuffle, clock_timestamp, currval, gen_random_uuid, lastval, nextval,
            pg_basetype, pg_collation_for, pg_column_compression, pg_column_size, pg_input_error_info,
            pg_input_is_valid, pg_size_bytes, pg_size_pretty, pg_typeof, random, random_normal, setval,
            timeofday, uuidv4, uuidv7}'::name[])
      AND p.oid NOT IN (SELECT a.function_oid FROM gateway.acting_functions() AS a)
      -- SQL calls these by an operator, a cast, an index or a type, or can't call them at all.
      AND p.prokind IN ('f', 'p')
      AND p.prorettype NOT IN (SELECT t.oid FROM pg_type AS t WHERE t.typname IN ('cstring', 'internal', 'trigger'))
      AND NOT p.proargtypes::oid[] && ARRAY['cstring'::regtype, 'internal'::regtype]::oid[]
      AND p.proname !~ '^pg_lsn'
      AND NOT EXISTS (SELECT FROM pg_operator AS o WHERE o.oprcode = p.oid)
      AND NOT EXISTS (SELECT FROM pg_cast AS c WHERE c.castfunc = p.oid)
      AND NOT EXISTS (SELECT FROM pg_type AS t WHERE p.oid IN (t.typsend, t.typreceive))
$function$;

COMMENT ON FUNCTION gateway.telling_functions IS $comment$
Built-in functions by family (statistics, introspection, waiting) that a database of our own takes from
everybody but storekeeper_trusted: all volatile ones and those about the server, but for a list of
harmless ones such as random and pg_typeof.
$comment$;
REVOKE ALL ON FUNCTION gateway.telling_functions FROM PUBLIC;
