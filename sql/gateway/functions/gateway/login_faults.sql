-- Why the account that is logged in must not serve.
-- drop: DROP FUNCTION gateway.login_faults;
CREATE OR REPLACE FUNCTION gateway.login_faults()
RETURNS SETOF text
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
    WITH RECURSIVE reached AS (
        -- Every role that the login could become, step by step.
        SELECT r.oid FROM pg_roles AS r WHERE r.rolname = session_user
        UNION
        SELECT m.roleid FROM reached JOIN pg_auth_members AS m ON m.member = reached.oid
    ),
    role AS (
        SELECT
            r.*,
            r.rolname = session_user AS is_login,
            CASE WHEN r.rolname <> session_user THEN format('can become %I, which ', r.rolname) ELSE '' END AS via
        FROM reached
        JOIN pg_roles AS r USING (oid)
    )
    SELECT DISTINCT ON (f.n, f.fault) f.fault
    FROM role AS r
    CROSS JOIN LATERAL (
        VALUES (1, r.rolsuper, r.via || 'is a superuser'),
               (2, r.rolbypassrls, r.via || 'has BYPASSRLS'),
               (3, r.rolcreaterole, r.via || 'may create roles (CREATEROLE)'),
               (4, r.rolreplication, r.via || 'may replicate (REPLICATION)'),
               (
                   5,
                   NOT r.is_login
                   AND r.rolname NOT IN (SELECT p.role FROM gateway.personas AS p)
                   -- It comes with the roles of ours that are named already.
                   AND NOT (
                        r.rolname = 'storekeeper_trusted'
                    AND NOT EXISTS (
                        SELECT FROM pg_auth_members AS m
                        JOIN role AS l ON l.oid = m.member AND l.is_login
                        WHERE m.roleid = r.oid
                    )
                   )
                   -- Memberships belong to the whole server. Another database's persona is no fault
                   -- as long as it has no right and owns nothing in this database.
                   AND NOT (
                        to_regrole(quote_ident('sandbox_' || r.rolname)) IS NOT NULL
                    AND NOT EXISTS (
                        SELECT FROM pg_shdepend AS d
                        JOIN pg_database AS b ON b.oid = d.dbid AND b.datname = current_database()
                        WHERE d.refclassid = 'pg_authid'::regclass AND d.refobjid = r.oid
                    )
                   ),
                   format('is a member of %I', r.rolname)
               ),
               (
                   6,
                   r.is_login AND EXISTS (
                       SELECT FROM pg_auth_members AS m WHERE m.member = r.oid AND m.inherit_option
                   ),
                   'inherits the rights of a role'
               ),
               (
                   7,
                   r.is_login AND EXISTS (
                       SELECT FROM pg_shdepend AS d
                       JOIN pg_database AS b ON b.oid = d.dbid AND b.datname = current_database()
                       WHERE d.refclassid = 'pg_authid'::regclass AND d.refobjid = r.oid AND d.deptype = 'o'
                   ),
                   'owns objects of this database'
               )
    ) AS f (n, found, fault)
    WHERE f.found
      -- A superuser is that first of all: every right follows from it.
      AND (f.n = 1 OR NOT EXISTS (SELECT FROM role AS l WHERE l.is_login AND l.rolsuper))
    ORDER BY f.n, f.fault
$function$;

COMMENT ON FUNCTION gateway.login_faults IS $comment$
What makes the logged-in account unfit to serve calls, a line each; none when it is fit.
$comment$;
REVOKE ALL ON FUNCTION gateway.login_faults FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.login_faults TO storekeeper_gateway, storekeeper_dba;
