-- string_to_array(), for texts that it can be done with soon.
-- drop: DROP FUNCTION guard.string_to_array(text, text);
-- drop: DROP FUNCTION guard.string_to_array(text, text, text);
CREATE OR REPLACE FUNCTION guard.string_to_array(string text, delimiter text)
RETURNS text[]
LANGUAGE plpgsql
IMMUTABLE
PARALLEL SAFE
AS $function$
BEGIN
    RETURN CASE
        WHEN octet_length(string)::bigint * octet_length(delimiter) > 100000000
            AND guard.exceeded('string_to_array', octet_length(string), octet_length(delimiter), '100000000 steps')
        THEN NULL
        ELSE pg_catalog.string_to_array(string, delimiter)
    END;
END
$function$;

CREATE OR REPLACE FUNCTION guard.string_to_array(string text, delimiter text, null_string text)
RETURNS text[]
LANGUAGE plpgsql
IMMUTABLE
PARALLEL SAFE
AS $function$
BEGIN
    RETURN CASE
        WHEN octet_length(string)::bigint * octet_length(delimiter) > 100000000
            AND guard.exceeded('string_to_array', octet_length(string), octet_length(delimiter), '100000000 steps')
        THEN NULL
        ELSE pg_catalog.string_to_array(string, delimiter, null_string)
    END;
END
$function$;

COMMENT ON FUNCTION guard.string_to_array(text, text) IS $comment$
The built-in function may compare each byte with each of the delimiter, and can't be interrupted:
SK429 for more than a hundred million.
$comment$;
COMMENT ON FUNCTION guard.string_to_array(text, text, text) IS 'As guard.string_to_array(text, text).';
REVOKE ALL ON FUNCTION guard.string_to_array(text, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION guard.string_to_array(text, text, text) FROM PUBLIC;
