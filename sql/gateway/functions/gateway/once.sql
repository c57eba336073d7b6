-- Begins a write that is to happen once, however often it is asked for.
-- drop: DROP FUNCTION gateway.once;
CREATE OR REPLACE FUNCTION gateway.once(tool text, key text, arguments jsonb)
RETURNS jsonb
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_principal_id uuid;
    v_digest       CONSTANT bytea := sha256(convert_to(coalesce(once.arguments, 'null')::text, 'UTF8'));
    v_known        gateway.answers;
BEGIN
    IF once.key IS NULL THEN
        RETURN NULL;
    END IF;
    v_principal_id := gateway.principal_id();
    IF v_principal_id IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK401',
            MESSAGE = 'Nobody is signed in, so nobody''s key can be kept.',
            HINT = 'Sign in; at psql: SELECT gateway.impersonate(''…'').';
    ELSIF length(once.key) NOT BETWEEN 1 AND 200 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = format('idempotency_key has %s characters.', length(once.key)),
            HINT = 'Give 1 to 200 characters that no other call uses, for example a UUID.';
    END IF;

    -- Waits for a call with this key that is under way, by the unique index.
    INSERT INTO gateway.answers (principal_id, tool, key, arguments_digest)
    VALUES (v_principal_id, once.tool, once.key, v_digest)
    ON CONFLICT DO NOTHING;
    IF FOUND THEN
        RETURN NULL;
    END IF;

    SELECT a.* INTO v_known
    FROM gateway.answers AS a
    WHERE (a.principal_id, a.tool, a.key) = (v_principal_id, once.tool, once.key);
    IF v_known.arguments_digest IS DISTINCT FROM v_digest THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK409',
            MESSAGE = format('idempotency_key %L was used for a call of %s with other arguments.', once.key, once.tool),
            HINT = 'Nothing was written now. A new call takes a new key; to repeat the earlier one, repeat its arguments.';
    ELSIF v_known.answer IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK409',
            MESSAGE = format('The call of %s with idempotency_key %L was done; its answer was not kept.', once.tool, once.key),
            HINT = 'Nothing was written now. Look at what the earlier call did before you write again.';
    END IF;
    RETURN v_known.answer;
END
$function$;

COMMENT ON FUNCTION gateway.once IS $comment$
For writing functions, first of all: NULL says do the work, then hand what you answer to gateway.answered with
the same tool and key. Anything else is the answer that this person's call with this key got, to be returned as
it is. Waits for a call with the same key that is under way. SK409 when the key was used with other arguments,
SK401 when nobody is signed in, SK400 for a key that is empty or longer than 200 characters. Without a key
(NULL) always NULL, and nothing is kept.
$comment$;
REVOKE ALL ON FUNCTION gateway.once FROM PUBLIC;
