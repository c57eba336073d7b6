-- The days that a question is about, checked, and the instants between which they lie.
-- drop: DROP FUNCTION retail.sales_period;
CREATE OR REPLACE FUNCTION retail.sales_period(
    INOUT date_from date,
    INOUT date_to   date,
    OUT starts      timestamptz,
    OUT ends        timestamptz
)
LANGUAGE plpgsql
STABLE
PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    date_to := coalesce(date_to, greatest(date_from, retail.today() - 1));
    date_from := coalesce(date_from, date_to - 89);
    IF date_from > date_to THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = format('date_from %s is after date_to %s.', date_from, date_to),
            HINT = 'Give the first and the last day counted, or neither for the last 90 days.';
    ELSIF date_to >= date_from + interval '5 years' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = format('%s to %s is more than five years.', date_from, date_to),
            HINT = 'Ask for five years or less at a time.';
    END IF;
    -- Of the column's type: only then can the comparison reach an index below row security.
    starts := date_from::timestamp AT TIME ZONE retail.time_zone();
    ends := (date_to + 1)::timestamp AT TIME ZONE retail.time_zone();
END
$function$;

COMMENT ON FUNCTION retail.sales_period IS $comment$
Fills in what is missing (the last 90 full days; a period of 90 days when only date_to is given) and
checks the rest: SK400 when the days are in the wrong order or span more than five years.
Orders with order_date >= starts AND order_date < ends are those of the period.
@title Period of a question
@param date_from  First day counted, or NULL.
@param date_to    Last day counted, or NULL.
@return date_from  First day counted.
@return date_to    Last day counted.
@return starts     Midnight before the first day, where the stores are.
@return ends       Midnight after the last day.
@example SELECT * FROM retail.sales_period(NULL, NULL);
$comment$;
REVOKE ALL ON FUNCTION retail.sales_period FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.sales_period TO store_managers, regional_managers, head_office;
