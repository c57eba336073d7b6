-- Puts a signed context and its persona in force until the transaction ends.
-- drop: DROP FUNCTION gateway.assume;
CREATE OR REPLACE FUNCTION gateway.assume(persona name, context text)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_before text := nullif(current_setting('storekeeper.context', true), '');
BEGIN
    IF v_before IS DISTINCT FROM assume.context AND v_before IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK403',
            MESSAGE = 'This transaction already speaks for somebody else.',
            HINT = 'End the transaction first.';
    END IF;
    PERFORM set_config('storekeeper.context', assume.context, true);
    -- Last: from here on nothing runs with more than the person's rights.
    PERFORM set_config('role', assume.persona, true);
END
$function$;

COMMENT ON FUNCTION gateway.assume IS $comment$
Makes a context that gateway signed the transaction's, and takes the persona's role. With a context
that nobody signed, the first policy that asks fails with 42501: it gives nobody anything.
$comment$;
REVOKE ALL ON FUNCTION gateway.assume FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.assume TO storekeeper_gateway, storekeeper_dba;
