-- Whether free SQL may run now; from here on the transaction, or its savepoint, only reads.
-- drop: DROP FUNCTION gateway.admit_free_query;
CREATE OR REPLACE FUNCTION gateway.admit_free_query(persona name)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_slot    CONSTANT text := 'storekeeper free SQL of ' || coalesce((gateway.identity()).principal_id::text, 'nobody');
    v_sandbox CONSTANT oid := to_regrole(quote_ident('sandbox_' || admit_free_query.persona));
    v_exposed text;
BEGIN
    IF v_sandbox IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK401',
            MESSAGE = format('Free SQL runs as a persona, which %I is not.', admit_free_query.persona),
            HINT = 'At psql: BEGIN; SELECT gateway.impersonate(''e-mail or id'');';
    END IF;
    SELECT string_agg(DISTINCT a.family, ', ') INTO v_exposed
    FROM gateway.acting_functions() AS a
    WHERE has_function_privilege(v_sandbox, a.function_oid, 'EXECUTE')
      AND NOT EXISTS (SELECT FROM gateway.hardening AS h WHERE a.family = ANY (h.accepted));
    IF v_exposed IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK403',
            MESSAGE = format('Free SQL is not served: it could reach %s.', v_exposed),
            HINT = 'The DBA runs storekeeper harden own, or shared where others use the database too.';
    END IF;

    -- Two at a time; who comes third waits as long as lock_timeout says.
    IF NOT pg_try_advisory_xact_lock(hashtextextended(v_slot, 1)) THEN
        BEGIN
            PERFORM pg_advisory_xact_lock(hashtextextended(v_slot, 2));
        EXCEPTION WHEN lock_not_available THEN
            RAISE EXCEPTION USING
                ERRCODE = 'SK429',
                MESSAGE = 'Two queries of yours are running already.',
                HINT = 'Wait for one of them to end, then try again.';
        END;
    END IF;
    PERFORM set_config('transaction_read_only', 'on', true);
END
$function$;

COMMENT ON FUNCTION gateway.admit_free_query IS $comment$
Fails with SK403 while the persona's sandbox can reach built-in functions that act (gateway.harden) and with
SK429 when two free queries of the caller run already; otherwise makes the transaction read only.
$comment$;
REVOKE ALL ON FUNCTION gateway.admit_free_query FROM PUBLIC;
