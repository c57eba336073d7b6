-- strpos(), for texts that it can be done with soon.
-- drop: DROP FUNCTION guard.strpos(text, text);
CREATE OR REPLACE FUNCTION guard.strpos(string text, sought text)
RETURNS integer
LANGUAGE plpgsql
IMMUTABLE
STRICT
PARALLEL SAFE
AS $function$
BEGIN
    RETURN CASE
        WHEN octet_length(string)::bigint * octet_length(sought) > 100000000
            AND guard.exceeded('strpos', octet_length(string), octet_length(sought), '100000000 steps')
        THEN NULL
        ELSE pg_catalog.strpos(string, sought)
    END;
END
$function$;

COMMENT ON FUNCTION guard.strpos(text, text) IS $comment$
The built-in function may compare each byte with each of those sought, and can't be interrupted:
SK429 for more than a hundred million.
$comment$;
REVOKE ALL ON FUNCTION guard.strpos(text, text) FROM PUBLIC;
