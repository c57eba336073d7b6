-- Verifies the server's word for a person and signs their context.
-- drop: DROP FUNCTION gateway.authenticate;
CREATE OR REPLACE FUNCTION gateway.authenticate(
    assertion   text,
    OUT persona name,
    OUT context text
)
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    -- v1 | principal | expiry, seconds since 1970 | nonce | mac
    v_parts text[] := string_to_array(authenticate.assertion, '|');
    v_mac   bytea := gateway.mac('assertion', array_to_string(v_parts[1:4], '|'));
BEGIN
    IF NOT EXISTS (SELECT FROM gateway.keys AS k WHERE k.name = 'assertion') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK401',
            MESSAGE = 'This database has no assertion key yet, so nobody can sign in.',
            HINT = 'Run: storekeeper init';
    END IF;
    IF cardinality(v_parts) = 5
       AND v_parts[1] = 'v1'
       AND encode(v_mac, 'hex') = v_parts[5]
       AND v_parts[3] ~ '^\d{10}$'
       AND v_parts[3] > trunc(extract(epoch FROM clock_timestamp()))::text COLLATE "C"
    THEN
        SELECT s.persona, s.context INTO authenticate.persona, authenticate.context
        FROM gateway.sign_context(v_parts[2]) AS s;
    END IF;
    -- One answer for a bad mac, an expired one, an unknown and an inactive person: it tells nothing apart.
    IF authenticate.persona IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK401',
            MESSAGE = 'Nobody is signed in: the principal is unknown or inactive, or the server''s key does not fit.',
            HINT = 'Set STOREKEEPER_PRINCIPAL to the id or e-mail of an active person '
                || '(storekeeper people lists them) and start the server again.';
    END IF;
END
$function$;

COMMENT ON FUNCTION gateway.authenticate IS $comment$
Checks an assertion and returns the persona and the signed context, or fails with SK401.
$comment$;
REVOKE ALL ON FUNCTION gateway.authenticate FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.authenticate TO storekeeper_gateway;
