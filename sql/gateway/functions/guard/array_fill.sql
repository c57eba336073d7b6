-- array_fill(), for up to a megabyte.
-- drop: DROP FUNCTION guard.array_fill(anyelement, integer[]);
-- drop: DROP FUNCTION guard.array_fill(anyelement, integer[], integer[]);
CREATE OR REPLACE FUNCTION guard.array_fill(anyelement, integer[])
RETURNS anyarray
LANGUAGE plpgsql
IMMUTABLE
PARALLEL SAFE
AS $function$
DECLARE
    v_number bigint := 1;
    v_of     integer;
BEGIN
    FOREACH v_of IN ARRAY coalesce($2, '{}') LOOP
        v_number := least(v_number, 1000000) * coalesce(v_of, 0);
    END LOOP;
    IF v_number * coalesce(pg_column_size($1), 4) > 1000000 THEN
        PERFORM guard.exceeded('array_fill', coalesce(pg_column_size($1), 4), v_number, '1000000 bytes');
    END IF;
    RETURN pg_catalog.array_fill($1, $2);
END
$function$;

CREATE OR REPLACE FUNCTION guard.array_fill(anyelement, integer[], integer[])
RETURNS anyarray
LANGUAGE plpgsql
IMMUTABLE
PARALLEL SAFE
AS $function$
DECLARE
    v_number bigint := 1;
    v_of     integer;
BEGIN
    FOREACH v_of IN ARRAY coalesce($2, '{}') LOOP
        v_number := least(v_number, 1000000) * coalesce(v_of, 0);
    END LOOP;
    IF v_number * coalesce(pg_column_size($1), 4) > 1000000 THEN
        PERFORM guard.exceeded('array_fill', coalesce(pg_column_size($1), 4), v_number, '1000000 bytes');
    END IF;
    RETURN pg_catalog.array_fill($1, $2, $3);
END
$function$;

COMMENT ON FUNCTION guard.array_fill(anyelement, integer[]) IS $comment$
The built-in function, but SK429 for a result of more than a megabyte.
$comment$;
COMMENT ON FUNCTION guard.array_fill(anyelement, integer[], integer[]) IS 'As guard.array_fill(anyelement, integer[]).';
REVOKE ALL ON FUNCTION guard.array_fill(anyelement, integer[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION guard.array_fill(anyelement, integer[], integer[]) FROM PUBLIC;
