-- Refuses the texts that PostgreSQL's privileges can't.
-- drop: DROP FUNCTION guard.check_query;
CREATE OR REPLACE FUNCTION guard.check_query(query text)
RETURNS void
LANGUAGE plpgsql
IMMUTABLE
PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF length(query) > 8000 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = format('The query has %s characters; 8000 are allowed.', length(query)),
            HINT = 'Ask for less in one query, or use a tool made for the question.';
    ELSIF query ~* '\mpg_catalog"?\s*(?:\.|--|/\*)|\mu&"' THEN
        -- Written in full, a built-in function would pass by its limited namesake in this schema. No
        -- comment may come between: they nest, and end in more ways than a pattern should know.
        RAISE EXCEPTION USING
            ERRCODE = 'SK403',
            MESSAGE = 'A query may not name the schema pg_catalog, nor quote names with U&.',
            HINT = 'Built-in functions, types and operators are found without a schema.';
    ELSIF query ~* 'tablesample' THEN
        -- No privilege is asked for a sampling method, and the blocks that one draws are found out.
        RAISE EXCEPTION USING
            ERRCODE = 'SK403',
            MESSAGE = 'TABLESAMPLE is not served: it draws from the blocks of everybody''s rows.',
            HINT = 'WHERE random() < 0.1 draws a tenth of your own.';
    END IF;
END
$function$;

COMMENT ON FUNCTION guard.check_query IS $comment$
Fails with SK400 for more than 8000 characters; with SK403 where the text names pg_catalog, which would pass
by the functions of this schema, or TABLESAMPLE.
$comment$;
REVOKE ALL ON FUNCTION guard.check_query FROM PUBLIC;
