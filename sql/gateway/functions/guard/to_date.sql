-- to_date(), for texts of a human length.
-- drop: DROP FUNCTION guard.to_date(text, text);
CREATE OR REPLACE FUNCTION guard.to_date(string text, format text)
RETURNS date
LANGUAGE plpgsql
STABLE
STRICT
PARALLEL SAFE
AS $function$
BEGIN
    RETURN CASE
        WHEN octet_length(string)::bigint * octet_length(format) > 1000000
            AND guard.exceeded('to_date', octet_length(string), octet_length(format), '1000000 steps')
        THEN NULL
        ELSE pg_catalog.to_date(string, format)
    END;
END
$function$;

COMMENT ON FUNCTION guard.to_date(text, text) IS $comment$
The built-in function looks at the rest of the string for each part of the format, and can't be
interrupted: SK429 for more than a million steps.
$comment$;
REVOKE ALL ON FUNCTION guard.to_date(text, text) FROM PUBLIC;
