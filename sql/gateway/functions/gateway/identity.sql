-- Who this transaction speaks for, verified; nobody when no call was entered.
-- drop: DROP FUNCTION gateway.identity;
CREATE OR REPLACE FUNCTION gateway.identity(
    OUT principal_id uuid,
    OUT persona      name,
    OUT tenant_ids   uuid[]
)
LANGUAGE plpgsql
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_context text := current_setting('storekeeper.context', true);
    v_signed  text := substr(v_context, 66);
    v_parts   text[] := string_to_array(v_signed, '|');
BEGIN
    tenant_ids := '{}';
    IF coalesce(v_context, '') = '' THEN
        RETURN;
    END IF;
    IF left(v_context, 64) IS DISTINCT FROM encode(gateway.mac('context', v_signed), 'hex')
       OR v_parts[1] IS DISTINCT FROM pg_backend_pid()::text
       OR v_parts[2] IS DISTINCT FROM extract(epoch FROM transaction_timestamp())::text
    THEN
        RAISE EXCEPTION USING
            ERRCODE = '42501',
            MESSAGE = 'The identity of this transaction is not one that the gateway signed for it.',
            HINT = 'Identity can''t be set from SQL. It is that of the person who is signed in.';
    END IF;
    persona := v_parts[3];
    principal_id := v_parts[4];
    tenant_ids := string_to_array(v_parts[5], ',')::uuid[];
END
$function$;

COMMENT ON FUNCTION gateway.identity IS $comment$
The verified principal, persona and tenants of this transaction. Without a context: NULL, NULL and
no tenants. A forged one, or one from another transaction, fails with 42501.
$comment$;
REVOKE ALL ON FUNCTION gateway.identity FROM PUBLIC;
