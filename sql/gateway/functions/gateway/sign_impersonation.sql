-- Signs a person's context for a DBA, and writes down that it did.
-- drop: DROP FUNCTION gateway.sign_impersonation;
CREATE OR REPLACE FUNCTION gateway.sign_impersonation(
    principal   text,
    OUT persona name,
    OUT context text
)
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_principal_id uuid;
BEGIN
    SELECT s.persona, s.context INTO sign_impersonation.persona, sign_impersonation.context
    FROM gateway.sign_context(sign_impersonation.principal) AS s;
    IF sign_impersonation.persona IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK401',
            MESSAGE = format('There is no active person %L.', sign_impersonation.principal),
            HINT = 'SELECT * FROM gateway.people() lists the people.';
    END IF;
    v_principal_id := split_part(sign_impersonation.context, '|', 5);
    -- The log keeps what a rollback would take from the table.
    RAISE LOG 'storekeeper: % impersonates %', session_user, v_principal_id;
    IF current_setting('transaction_read_only') = 'off' THEN
        INSERT INTO gateway.impersonations (dba, principal_id) VALUES (session_user, v_principal_id);
    END IF;
END
$function$;

COMMENT ON FUNCTION gateway.sign_impersonation IS $comment$
The persona and signed context of an active person for a DBA's transaction, recorded in
gateway.impersonations and in the server log.
$comment$;
REVOKE ALL ON FUNCTION gateway.sign_impersonation FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.sign_impersonation TO storekeeper_dba;
