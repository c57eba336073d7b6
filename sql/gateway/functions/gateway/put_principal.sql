-- Adds a person, or changes who they are.
-- drop: DROP FUNCTION gateway.put_principal;
CREATE OR REPLACE FUNCTION gateway.put_principal(
    principal_id uuid,
    email        text,
    display_name text,
    role         name,
    active       boolean DEFAULT true
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF NOT EXISTS (SELECT FROM gateway.personas AS n WHERE n.role = put_principal.role) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = format('role %L is no persona.', put_principal.role),
            HINT = 'The personas: ' || (SELECT string_agg(n.role, ', ' ORDER BY n.role) FROM gateway.personas AS n)
                || '. SELECT gateway.add_persona(…) adds one.';
    END IF;
    -- Another persona's tenants are not theirs: who changes persona starts with none.
    IF EXISTS (
        SELECT FROM gateway.principals AS p
        WHERE p.principal_id = put_principal.principal_id AND p.role <> put_principal.role
    ) THEN
        PERFORM gateway.put_tenants(put_principal.principal_id, '{}');
    END IF;
    INSERT INTO gateway.principals AS p (principal_id, email, display_name, role, active)
    VALUES (put_principal.principal_id, put_principal.email, put_principal.display_name,
            put_principal.role, put_principal.active)
    ON CONFLICT ON CONSTRAINT principals_pkey DO UPDATE
        SET email = excluded.email, display_name = excluded.display_name,
            role = excluded.role, active = excluded.active;
    NOTIFY storekeeper_catalog;
END
$function$;

COMMENT ON FUNCTION gateway.put_principal IS $comment$
Adds a person, or changes the one of this id; with another role they lose their tenants. active = false shuts them out from the next call on.
$comment$;
REVOKE ALL ON FUNCTION gateway.put_principal FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.put_principal TO storekeeper_dba, storekeeper_loader;
