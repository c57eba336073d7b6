-- Asks for a review of one week.
-- drop: DROP FUNCTION prompt.weekly_review;
CREATE OR REPLACE FUNCTION prompt.weekly_review(
    store   text DEFAULT NULL,
    week_of date DEFAULT NULL
)
RETURNS TABLE (role text, content text)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_yesterday CONSTANT date := retail.today() - 1;
    -- Monday to Sunday; the last week that is over when none is given.
    v_monday    CONSTANT date
        := date_trunc('week', coalesce(weekly_review.week_of, v_yesterday - 6)::timestamp);
    v_last      CONSTANT date := least(v_monday + 6, v_yesterday);
    v_store     CONSTANT text := (
        SELECT s.name FROM retail.stores AS s
        WHERE weekly_review.store IS NOT NULL
          AND s.store_id = ANY (retail.find_stores(weekly_review.store))
    );
    v_argument  CONSTANT text := coalesce('store_name: ' || to_json(v_store) || ', ', '');
BEGIN
    IF v_last < v_monday THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = format('The week of %s has no full day yet.', weekly_review.week_of),
            HINT = 'The latest week that has one began on '
                || date_trunc('week', v_yesterday::timestamp)::date || '.';
    END IF;
    role := 'user';
    content := format(
        $text$Review the week from %1$s (a Monday) to %2$s for %3$s.

First collect the figures. These calls do not need one another, so make them together:
1. get_store_performance(%4$sdate_from: "%1$s", date_to: "%2$s"): the week against the week before,
   and against the same dates a year before (they fall on other weekdays, so do not lean on them).
2. get_store_performance(%4$sdate_from: "%5$s", date_to: "%2$s"): the four weeks that end
   with it, to tell a trend from the noise of one week.
3. top_products(%4$sdate_from: "%1$s", date_to: "%2$s", max_rows: 10)
4. top_products(%4$sdate_from: "%6$s", date_to: "%7$s", max_rows: 10): the week before, to
   see what rose and what fell.
If something moved by more than a tenth and these do not say why, look for the reason with
execute_sales_query (get_multiple_table_schemas first): by day, category, status or discount. Two or
three such queries are enough.

Then write, for someone who has five minutes:
- **Headline**: one sentence: was it a good week, and why.
- **Figures**: a table of revenue, orders, average basket, margin and discount percentages, each
  with its change against the week before where you have it.
- **What moved**: the two or three categories or products%8$s that explain the change, in dollars.
- **To do this week**: at most three actions, each resting on a figure above.
- **Doubts**: what the figures can't tell, such as open orders that may still be cancelled.

Use only numbers that the tools returned. A percentage of few orders says little: give the count
with it. Amounts are US dollars, net of discounts.$text$,
        v_monday, v_last, coalesce(v_store, 'all the stores you may see, together'), v_argument,
        v_last - 27, v_monday - 7, v_last - 7,
        CASE WHEN v_store IS NULL THEN ' or stores' ELSE '' END
    );
    RETURN NEXT;
END
$function$;

COMMENT ON FUNCTION prompt.weekly_review IS $comment$
A review of one week's sales: what happened, why, and what to do about it.
@title Weekly review
@param store    For example Seattle; left out: all your stores together.
@param week_of  Any day of the week to review, YYYY-MM-DD; left out: the last week that is over.
@return role     user.
@return content  The request, with dates and calls filled in.
@example SELECT content FROM prompt.weekly_review('Seattle', '2026-03-04');
$comment$;
REVOKE ALL ON FUNCTION prompt.weekly_review FROM PUBLIC;
GRANT EXECUTE ON FUNCTION prompt.weekly_review TO store_managers, regional_managers, head_office;
