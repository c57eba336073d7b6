-- Can a client call this function by its name, with named arguments of types it can know?
-- drop: DROP FUNCTION gateway.publishable;
CREATE OR REPLACE FUNCTION gateway.publishable(function_oid oid)
RETURNS boolean
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT p.prokind = 'f'
        AND p.proname ~ '^[A-Za-z0-9_.-]{1,64}$'
        AND p.provariadic = 0
        -- Types that only a call could settle, or that no call returns: anyelement, trigger, record.
        AND NOT EXISTS (
            SELECT
            FROM unnest(coalesce(p.proallargtypes, p.proargtypes::oid[])) AS a (type_oid)
            JOIN pg_type AS t ON t.oid = a.type_oid AND t.typtype = 'p'
        )
        AND NOT EXISTS (
            SELECT
            FROM pg_type AS t
            WHERE t.oid = p.prorettype AND t.typtype = 'p' AND t.typname <> 'void'
              AND NOT (t.typname = 'record' AND p.proallargtypes IS NOT NULL)
        )
        AND p.pronargs = (
            SELECT count(*)
            FROM unnest(p.proargnames) WITH ORDINALITY AS a (name, n)
            WHERE a.name <> '' AND coalesce(p.proargmodes[a.n], 'i') IN ('i', 'b')
        )
        -- Of two functions with one name the older one has it.
        AND NOT EXISTS (
            SELECT FROM pg_proc AS o
            WHERE o.pronamespace = p.pronamespace AND o.proname = p.proname AND o.oid < p.oid
        )
    FROM pg_proc AS p
    WHERE p.oid = publishable.function_oid
$function$;

COMMENT ON FUNCTION gateway.publishable IS $comment$
Whether a function in a published schema can be told to clients: a plain function with a plain name,
named arguments, concrete types and no older namesake.
$comment$;
REVOKE ALL ON FUNCTION gateway.publishable FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.publishable TO storekeeper_dba;
