-- What free SQL of a persona could reach that a hardened database keeps from it.
-- drop: DROP FUNCTION gateway.exposures;
CREATE OR REPLACE FUNCTION gateway.exposures(persona name)
RETURNS TABLE (family text, acting boolean, what text[])
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
    WITH sandbox AS (
        SELECT to_regrole(quote_ident('sandbox_' || exposures.persona))::oid AS role
    ),
    exposed (family, acting, what) AS (
        SELECT a.family, true, p.proname::text
        FROM sandbox AS s, gateway.acting_functions() AS a
        JOIN pg_proc AS p ON p.oid = a.function_oid
        WHERE has_function_privilege(s.role, a.function_oid, 'EXECUTE')
        UNION ALL
        SELECT t.family, false, p.proname::text
        FROM sandbox AS s, gateway.telling_functions() AS t
        JOIN pg_proc AS p ON p.oid = t.function_oid
        WHERE has_function_privilege(s.role, t.function_oid, 'EXECUTE')
        UNION ALL
        SELECT 'catalog', false, c.relname::text
        FROM sandbox AS s, pg_class AS c
        WHERE c.relnamespace IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
          AND c.relkind IN ('r', 'v')
          AND has_any_column_privilege(s.role, c.oid, 'SELECT')
        UNION ALL
        SELECT 'temporary tables', false, d.datname::text
        FROM sandbox AS s, pg_database AS d
        WHERE d.datname = current_database() AND has_database_privilege(s.role, d.oid, 'TEMP')
        UNION ALL
        SELECT 'languages', false, l.lanname::text
        FROM sandbox AS s, pg_language AS l
        WHERE l.lanpltrusted AND has_language_privilege(s.role, l.oid, 'USAGE')
        UNION ALL
        SELECT 'creating', false, n.nspname::text
        FROM sandbox AS s, pg_namespace AS n
        WHERE has_schema_privilege(s.role, n.oid, 'CREATE') AND n.nspname !~ '^pg_(toast_)?temp_'
    )
    SELECT e.family, e.acting, array_agg(DISTINCT e.what ORDER BY e.what)
    FROM exposed AS e
    GROUP BY e.family, e.acting
$function$;

COMMENT ON FUNCTION gateway.exposures IS $comment$
By family, what the sandbox role of a persona holds and gateway.harden would take from it. acting: no free
SQL is served with it, unless the DBA has accepted it.
$comment$;
REVOKE ALL ON FUNCTION gateway.exposures FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.exposures TO storekeeper_dba;
