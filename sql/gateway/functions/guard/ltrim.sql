-- ltrim(), for texts that it can be done with soon.
-- drop: DROP FUNCTION guard.ltrim(text, text);
CREATE OR REPLACE FUNCTION guard.ltrim(string text, characters text)
RETURNS text
LANGUAGE plpgsql
IMMUTABLE
STRICT
PARALLEL SAFE
AS $function$
BEGIN
    RETURN CASE
        WHEN octet_length(string)::bigint * octet_length(characters) > 100000000
            AND guard.exceeded('ltrim', octet_length(string), octet_length(characters), '100000000 steps')
        THEN NULL
        ELSE pg_catalog.ltrim(string, characters)
    END;
END
$function$;

COMMENT ON FUNCTION guard.ltrim(text, text) IS $comment$
The built-in function compares each character to go with each of those given, and can't be interrupted:
SK429 for more than a hundred million.
$comment$;
REVOKE ALL ON FUNCTION guard.ltrim(text, text) FROM PUBLIC;
