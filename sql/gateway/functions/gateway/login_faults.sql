-- Why the account that is logged in must not serve.
-- drop: DROP FUNCTION gateway.login_faults;
CREATE OR REPLACE FUNCTION gateway.login_faults()
RETURNS SETOF text
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT DISTINCT ON (f.n, f.fault) f.fault
    FROM pg_roles AS r
    CROSS JOIN LATERAL (
        VALUES (1, r.rolsuper, 'is a superuser'),
               (2, r.rolbypassrls, 'has BYPASSRLS'),
               (3, r.rolcreaterole, 'may create roles (CREATEROLE)'),
               (4, r.rolreplication, 'may replicate (REPLICATION)')
        UNION ALL
        SELECT 5, NOT r.rolsuper, format('is a member of %I', g.rolname)
        FROM pg_auth_members AS m
        JOIN pg_roles AS g ON g.oid = m.roleid
        WHERE m.member = r.oid
          AND g.rolname NOT IN (SELECT p.role FROM gateway.personas AS p)
          -- Memberships belong to the whole server. Another database's persona, which has a sandbox
          -- role too, is no fault as long as it has no right and owns nothing in this database.
          AND NOT (
                to_regrole(quote_ident('sandbox_' || g.rolname)) IS NOT NULL
            AND NOT EXISTS (
                SELECT FROM pg_shdepend AS d
                JOIN pg_database AS b ON b.oid = d.dbid AND b.datname = current_database()
                WHERE d.refclassid = 'pg_authid'::regclass AND d.refobjid = g.oid
            )
          )
        UNION ALL
        SELECT 6, NOT r.rolsuper, format('inherits the rights of %I', g.rolname)
        FROM pg_auth_members AS m
        JOIN pg_roles AS g ON g.oid = m.roleid
        WHERE m.member = r.oid
          AND m.inherit_option
        UNION ALL
        SELECT 7, NOT r.rolsuper, format('owns %s', c.oid::regclass)
        FROM pg_class AS c
        WHERE c.relowner = r.oid AND c.relkind IN ('r', 'p', 'v', 'm')
    ) AS f (n, found, fault)
    WHERE r.rolname = session_user AND f.found
    ORDER BY f.n, f.fault
$function$;

COMMENT ON FUNCTION gateway.login_faults IS $comment$
What makes the logged-in account unfit to serve calls, a line each; none when it is fit.
$comment$;
REVOKE ALL ON FUNCTION gateway.login_faults FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.login_faults TO storekeeper_gateway, storekeeper_dba;
