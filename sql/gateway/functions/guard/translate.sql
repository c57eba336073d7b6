-- translate(), for texts that it can be done with soon.
-- drop: DROP FUNCTION guard.translate(text, text, text);
CREATE OR REPLACE FUNCTION guard.translate(string text, "from" text, "to" text)
RETURNS text
LANGUAGE plpgsql
IMMUTABLE
STRICT
PARALLEL SAFE
AS $function$
BEGIN
    RETURN CASE
        WHEN octet_length(string)::bigint * octet_length("from") > 100000000
            AND guard.exceeded('translate', octet_length(string), octet_length("from"), '100000000 steps')
        THEN NULL
        ELSE pg_catalog.translate(string, "from", "to")
    END;
END
$function$;

COMMENT ON FUNCTION guard.translate(text, text, text) IS $comment$
The built-in function compares each character with each of "from", and can't be interrupted:
SK429 for more than a hundred million.
$comment$;
REVOKE ALL ON FUNCTION guard.translate(text, text, text) FROM PUBLIC;
