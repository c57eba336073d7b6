-- The time zone whose midnight ends a business day.
-- drop: DROP FUNCTION retail.time_zone;
CREATE OR REPLACE FUNCTION retail.time_zone()
RETURNS text
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT 'America/Los_Angeles'
$function$;

COMMENT ON FUNCTION retail.time_zone IS $comment$
The time zone of the business: order_date AT TIME ZONE retail.time_zone() is the clock on the wall.
@title Time zone of the business
@return A name that AT TIME ZONE takes.
@example SELECT (order_date AT TIME ZONE retail.time_zone())::date FROM retail.orders;
$comment$;
REVOKE ALL ON FUNCTION retail.time_zone FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.time_zone TO store_managers, regional_managers, head_office;
