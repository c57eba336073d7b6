-- rpad(), for up to a million characters.
-- drop: DROP FUNCTION guard.rpad(text, integer);
-- drop: DROP FUNCTION guard.rpad(text, integer, text);
CREATE OR REPLACE FUNCTION guard.rpad(string text, length integer)
RETURNS text
LANGUAGE plpgsql
IMMUTABLE
STRICT
PARALLEL SAFE
AS $function$
BEGIN
    RETURN CASE
        WHEN length > 1000000
            AND guard.exceeded('rpad', length, 1, '1000000 characters')
        THEN NULL
        ELSE pg_catalog.rpad(string, length)
    END;
END
$function$;

CREATE OR REPLACE FUNCTION guard.rpad(string text, length integer, fill text)
RETURNS text
LANGUAGE plpgsql
IMMUTABLE
STRICT
PARALLEL SAFE
AS $function$
BEGIN
    RETURN CASE
        WHEN length > 1000000
            AND guard.exceeded('rpad', length, 1, '1000000 characters')
        THEN NULL
        ELSE pg_catalog.rpad(string, length, fill)
    END;
END
$function$;

COMMENT ON FUNCTION guard.rpad(text, integer) IS $comment$
The built-in function, but SK429 for a result of more than a million characters.
$comment$;
COMMENT ON FUNCTION guard.rpad(text, integer, text) IS 'As guard.rpad(text, integer).';
REVOKE ALL ON FUNCTION guard.rpad(text, integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION guard.rpad(text, integer, text) FROM PUBLIC;
