-- The business day that it is now.
-- drop: DROP FUNCTION retail.today;
CREATE OR REPLACE FUNCTION retail.today()
RETURNS date
LANGUAGE sql
STABLE
PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT (now() AT TIME ZONE retail.time_zone())::date
$function$;

COMMENT ON FUNCTION retail.today IS $comment$
Today's date where the stores are; the last full business day is the day before.
@title Today's business day
@return The date.
@example SELECT retail.today() - 1 AS last_full_day;
$comment$;
REVOKE ALL ON FUNCTION retail.today FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.today TO store_managers, regional_managers, head_office;
