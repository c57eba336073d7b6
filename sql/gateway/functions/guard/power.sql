-- power() and the operator ^, for results of some thousand digits.
-- drop: DROP OPERATOR guard.^ (numeric, numeric);
-- drop: DROP FUNCTION guard.pow(numeric, numeric);
-- drop: DROP FUNCTION guard.power(numeric, numeric);
CREATE OR REPLACE FUNCTION guard.power(base numeric, exponent numeric)
RETURNS numeric
LANGUAGE plpgsql
IMMUTABLE
STRICT
PARALLEL SAFE
AS $function$
BEGIN
    RETURN CASE
        WHEN (abs(exponent) > 10000 OR pg_column_size(base) > 100)
            AND guard.exceeded('power', pg_column_size(base), least(abs(exponent), 1e18)::bigint, 'an exponent of 10000')
        THEN NULL
        ELSE pg_catalog.power(base, exponent)
    END;
END
$function$;

CREATE OR REPLACE FUNCTION guard.pow(base numeric, exponent numeric)
RETURNS numeric
LANGUAGE sql
IMMUTABLE
STRICT
PARALLEL SAFE
AS $function$
    SELECT guard.power(base, exponent)
$function$;

DROP OPERATOR IF EXISTS guard.^ (numeric, numeric);
CREATE OPERATOR guard.^ (LEFTARG = numeric, RIGHTARG = numeric, FUNCTION = guard.power);

COMMENT ON FUNCTION guard.power(numeric, numeric) IS $comment$
The built-in function makes up to 131072 digits, and can't be interrupted: SK429 for an exponent beyond ten
thousand, or a base of hundreds of digits.
$comment$;
COMMENT ON FUNCTION guard.pow(numeric, numeric) IS 'As guard.power(numeric, numeric).';
COMMENT ON OPERATOR guard.^ (numeric, numeric) IS 'As guard.power(numeric, numeric).';
REVOKE ALL ON FUNCTION guard.power(numeric, numeric) FROM PUBLIC;
REVOKE ALL ON FUNCTION guard.pow(numeric, numeric) FROM PUBLIC;
