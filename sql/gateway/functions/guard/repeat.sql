-- repeat(), for up to a megabyte.
-- drop: DROP FUNCTION guard.repeat(text, integer);
CREATE OR REPLACE FUNCTION guard.repeat(string text, number integer)
RETURNS text
LANGUAGE plpgsql
IMMUTABLE
STRICT
PARALLEL SAFE
AS $function$
BEGIN
    RETURN CASE
        WHEN octet_length(string)::bigint * number > 1000000
            AND guard.exceeded('repeat', octet_length(string), number, '1000000 bytes')
        THEN NULL
        ELSE pg_catalog.repeat(string, number)
    END;
END
$function$;

COMMENT ON FUNCTION guard.repeat(text, integer) IS $comment$
The built-in function, but SK429 for a result of more than a megabyte.
$comment$;
REVOKE ALL ON FUNCTION guard.repeat(text, integer) FROM PUBLIC;
