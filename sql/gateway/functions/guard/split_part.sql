-- split_part(), for texts that it can be done with soon.
-- drop: DROP FUNCTION guard.split_part(text, text, integer);
CREATE OR REPLACE FUNCTION guard.split_part(string text, delimiter text, n integer)
RETURNS text
LANGUAGE plpgsql
IMMUTABLE
STRICT
PARALLEL SAFE
AS $function$
BEGIN
    RETURN CASE
        WHEN octet_length(string)::bigint * octet_length(delimiter) > 100000000
            AND guard.exceeded('split_part', octet_length(string), octet_length(delimiter), '100000000 steps')
        THEN NULL
        ELSE pg_catalog.split_part(string, delimiter, n)
    END;
END
$function$;

COMMENT ON FUNCTION guard.split_part(text, text, integer) IS $comment$
The built-in function may compare each byte with each of the delimiter, and can't be interrupted:
SK429 for more than a hundred million.
$comment$;
REVOKE ALL ON FUNCTION guard.split_part(text, text, integer) FROM PUBLIC;
