-- The plan of a query, without the planner's figures, which count everybody's rows.
-- drop: DROP FUNCTION gateway.explain_query;
CREATE OR REPLACE FUNCTION gateway.explain_query(query text)
RETURNS SETOF text
LANGUAGE plpgsql
VOLATILE
AS $function$
-- VOLATILE because PostgreSQL lets no other function EXPLAIN. The search path is the sandbox's.
DECLARE
    v_line text;
BEGIN
    PERFORM guard.check_query(explain_query.query);
    -- A loop takes one statement only. After these options no other can follow, ANALYZE neither.
    FOR v_line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || explain_query.query LOOP
        RETURN NEXT v_line;
    END LOOP;
END
$function$;

COMMENT ON FUNCTION gateway.explain_query IS $comment$
The lines of EXPLAIN (COSTS OFF) for one statement. Only the sandbox functions call it.
$comment$;
REVOKE ALL ON FUNCTION gateway.explain_query FROM PUBLIC;
