-- Why the account that is logged in must not serve.
-- drop: DROP FUNCTION gateway.login_faults;
CREATE OR REPLACE FUNCTION gateway.login_faults()
RETURNS SETOF text
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT f.fault
    FROM pg_roles AS r
    CROSS JOIN LATERAL (
        VALUES (1, r.rolsuper, 'is a superuser'),
               (2, r.rolbypassrls, 'has BYPASSRLS'),
               (3, r.rolcreaterole, 'may create roles (CREATEROLE)'),
               (4, r.rolreplication, 'may replicate (REPLICATION)')
        UNION ALL
        SELECT 5, NOT r.rolsuper, format('is a member of %I', m.roleid::regrole)
        FROM pg_auth_members AS m
        WHERE m.member = r.oid
          AND m.roleid::regrole::name NOT IN (SELECT p.role FROM gateway.personas AS p)
        UNION ALL
        SELECT 6, NOT r.rolsuper, format('inherits the rights of %I', m.roleid::regrole)
        FROM pg_auth_members AS m
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
