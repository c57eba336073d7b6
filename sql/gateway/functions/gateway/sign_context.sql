-- Makes the signed context of a person for this backend and this transaction.
-- drop: DROP FUNCTION gateway.sign_context;
CREATE OR REPLACE FUNCTION gateway.sign_context(
    principal   text,
    OUT persona name,
    OUT context text
)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_id      uuid := CASE
        WHEN sign_context.principal ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN sign_context.principal
    END;
    v_person  gateway.principals;
    v_tenants text;
BEGIN
    SELECT p.* INTO v_person
    FROM gateway.principals AS p
    WHERE (p.principal_id = v_id OR lower(p.email) = lower(sign_context.principal)) AND p.active;
    IF NOT FOUND THEN
        RETURN;
    END IF;

    -- Apart: together they take several times as long, and this is done in each call.
    IF v_person.all_tenants THEN
        SELECT string_agg(t.tenant_id::text, ',' ORDER BY t.tenant_id) INTO v_tenants
        FROM gateway.tenants AS t;
    ELSE
        SELECT string_agg(t.tenant_id::text, ',' ORDER BY t.tenant_id) INTO v_tenants
        FROM gateway.principal_tenants AS t
        WHERE t.principal_id = v_person.principal_id;
    END IF;

    persona := v_person.role;
    context := concat_ws(
        '|', pg_backend_pid(), extract(epoch FROM transaction_timestamp()),
        v_person.role, v_person.principal_id, coalesce(v_tenants, '')
    );
    context := encode(gateway.mac('context', context), 'hex') || '|' || context;
    IF context IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK401',
            MESSAGE = 'This database has no context key, so nobody can be told apart.',
            HINT = 'The DBA installs one: SELECT gateway.install_key(''context'', <64 random bytes>)';
    END IF;
END
$function$;

COMMENT ON FUNCTION gateway.sign_context IS $comment$
The persona and the signed context of an active person (id or e-mail); NULLs for anybody else, and
SK401 where the database has no context key.
The context is mac|backend pid|transaction start|persona|principal|tenants, worthless in any other
backend or transaction. For gateway's own functions only: it asks for no proof.
$comment$;
REVOKE ALL ON FUNCTION gateway.sign_context FROM PUBLIC;
