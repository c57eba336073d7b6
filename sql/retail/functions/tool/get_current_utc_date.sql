-- What time it is.
-- drop: DROP FUNCTION tool.get_current_utc_date;
CREATE OR REPLACE FUNCTION tool.get_current_utc_date()
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
$function$;

COMMENT ON FUNCTION tool.get_current_utc_date IS $comment$
The current date and time in UTC, ISO 8601. Call it first when a question says today, yesterday,
last week, this quarter or so, and work the dates out from the answer: do not guess them.
Business days run from midnight to midnight in America/Los_Angeles, 7 or 8 hours behind UTC: in the
first hours of a UTC day it is still the day before in the stores.
@title Current date and time
@return For example 2026-03-01T06:30:00Z.
@example get_current_utc_date()
$comment$;
REVOKE ALL ON FUNCTION tool.get_current_utc_date FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tool.get_current_utc_date
    TO store_managers, regional_managers, head_office;
