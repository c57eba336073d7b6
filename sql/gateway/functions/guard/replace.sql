-- replace(), for texts that it can be done with soon.
-- drop: DROP FUNCTION guard.replace(text, text, text);
CREATE OR REPLACE FUNCTION guard.replace(string text, "from" text, "to" text)
RETURNS text
LANGUAGE plpgsql
IMMUTABLE
STRICT
PARALLEL SAFE
AS $function$
BEGIN
    RETURN CASE
        WHEN octet_length(string)::bigint * octet_length("from") > 100000000
            AND guard.exceeded('replace', octet_length(string), octet_length("from"), '100000000 steps')
        THEN NULL
        WHEN octet_length(string)::bigint * octet_length("to") > 100000000
            AND guard.exceeded('replace', octet_length(string), octet_length("to"), '100000000 bytes')
        THEN NULL
        ELSE pg_catalog.replace(string, "from", "to")
    END;
END
$function$;

COMMENT ON FUNCTION guard.replace(text, text, text) IS $comment$
The built-in function may compare each byte with each of "from", or put "to" in its place,
and can't be interrupted: SK429 for more than a hundred million.
$comment$;
REVOKE ALL ON FUNCTION guard.replace(text, text, text) FROM PUBLIC;
