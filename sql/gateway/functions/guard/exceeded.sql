-- Refuses what a guard finds too large.
-- drop: DROP FUNCTION guard.exceeded;
CREATE OR REPLACE FUNCTION guard.exceeded(called text, size bigint, times bigint, most text)
RETURNS boolean
LANGUAGE plpgsql
STABLE
STRICT
PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'SK429',
        MESSAGE = format('%s() of %s × %s is too much: a query may ask for %s.', called, size, times, most),
        HINT = 'Use shorter texts, or do it to fewer of them at a time.';
END
$function$;

COMMENT ON FUNCTION guard.exceeded IS $comment$
Fails with SK429, naming the function called, the sizes that are multiplied, and how much is allowed.
$comment$;
REVOKE ALL ON FUNCTION guard.exceeded FROM PUBLIC;
