-- polygon(), of up to a thousand points.
-- drop: DROP FUNCTION guard.polygon(integer, circle);
CREATE OR REPLACE FUNCTION guard.polygon(number integer, circle circle)
RETURNS polygon
LANGUAGE plpgsql
IMMUTABLE
STRICT
PARALLEL SAFE
AS $function$
BEGIN
    RETURN CASE
        WHEN number > 1000
            AND guard.exceeded('polygon', number, 1, '1000 points')
        THEN NULL
        ELSE pg_catalog.polygon(number, circle)
    END;
END
$function$;

COMMENT ON FUNCTION guard.polygon(integer, circle) IS $comment$
The built-in function, but SK429 for more than a thousand points.
$comment$;
REVOKE ALL ON FUNCTION guard.polygon(integer, circle) FROM PUBLIC;
