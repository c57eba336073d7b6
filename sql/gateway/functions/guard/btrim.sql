-- btrim(), for texts that it can be done with soon.
-- drop: DROP FUNCTION guard.btrim(text, text);
CREATE OR REPLACE FUNCTION guard.btrim(string text, characters text)
RETURNS text
LANGUAGE plpgsql
IMMUTABLE
STRICT
PARALLEL SAFE
AS $function$
BEGIN
    RETURN CASE
        WHEN octet_length(string)::bigint * octet_length(characters) > 100000000
            AND guard.exceeded('btrim', octet_length(string), octet_length(characters), '100000000 steps')
        THEN NULL
        ELSE pg_catalog.btrim(string, characters)
    END;
END
$function$;

COMMENT ON FUNCTION guard.btrim(text, text) IS $comment$
The built-in function compares each character to go with each of those given, and can't be interrupted:
SK429 for more than a hundred million.
$comment$;
REVOKE ALL ON FUNCTION guard.btrim(text, text) FROM PUBLIC;
