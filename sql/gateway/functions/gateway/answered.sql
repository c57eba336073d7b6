-- Ends a write that gateway.once began: keeps what it answers.
-- drop: DROP FUNCTION gateway.answered;
CREATE OR REPLACE FUNCTION gateway.answered(tool text, key text, answer jsonb)
RETURNS jsonb
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF answered.key IS NOT NULL THEN
        UPDATE gateway.answers AS a
        SET answer = coalesce(answered.answer, 'null')
        WHERE (a.principal_id, a.tool, a.key) = (gateway.principal_id(), answered.tool, answered.key)
          AND a.answer IS NULL
          -- Of this transaction: what was told once is never told otherwise.
          AND a.at = now();
        IF NOT FOUND THEN
            RAISE EXCEPTION USING
                ERRCODE = 'SK409',
                MESSAGE = format('No call of %s with idempotency_key %L is under way.', answered.tool, answered.key),
                HINT = 'Call gateway.once with the same tool and key first, in the same transaction.';
        END IF;
    END IF;
    RETURN answered.answer;
END
$function$;

COMMENT ON FUNCTION gateway.answered IS $comment$
For writing functions, last of all: keeps the answer under the tool and key that gateway.once was given in this
transaction, and returns it. Without a key (NULL) it only returns it. SK409 where gateway.once was not called.
$comment$;
REVOKE ALL ON FUNCTION gateway.answered FROM PUBLIC;
