-- The id of a category by its name.
-- drop: DROP FUNCTION retail.find_category;
CREATE OR REPLACE FUNCTION retail.find_category(category text)
RETURNS smallint
LANGUAGE plpgsql
STABLE
STRICT
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_category_id smallint;
BEGIN
    SELECT c.category_id INTO v_category_id
    FROM retail.categories AS c
    WHERE lower(c.name) = lower(trim(find_category.category));
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK404',
            MESSAGE = format('There is no category %L.', find_category.category),
            HINT = (
                SELECT 'The categories: ' || string_agg(c.name, ', ' ORDER BY c.name) || '.'
                FROM retail.categories AS c
            );
    END IF;
    RETURN v_category_id;
END
$function$;

COMMENT ON FUNCTION retail.find_category IS $comment$
The category of this name, in any letter case; NULL for NULL. SK404, with the names in the hint,
when there is none.
@title Find a category
@param category  For example Power Tools.
@return The category id.
@example SELECT retail.find_category('power tools');
$comment$;
REVOKE ALL ON FUNCTION retail.find_category FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.find_category TO store_managers, regional_managers, head_office;
