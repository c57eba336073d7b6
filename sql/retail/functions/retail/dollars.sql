-- An amount as a sentence has it.
-- drop: DROP FUNCTION retail.dollars;
-- The planner puts the expression in the function's place. Hence no pinned search_path; the body is
-- bound when it is created.
CREATE OR REPLACE FUNCTION retail.dollars(amount numeric)
RETURNS text
LANGUAGE sql
STABLE
PARALLEL SAFE
RETURN CASE WHEN amount < 0 THEN '-$' ELSE '$' END
    || to_char(
        abs(amount),
        CASE WHEN abs(amount) < 999.995 THEN 'FM990.00' ELSE 'FM999,999,999,999,990' END
    );

COMMENT ON FUNCTION retail.dollars IS $comment$
US dollars for people: cents below a thousand, whole dollars with commas above.
@title Dollars
@param amount  US dollars.
@return For example $1,234.
@example SELECT retail.dollars(1234.5);
$comment$;
REVOKE ALL ON FUNCTION retail.dollars FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.dollars TO store_managers, regional_managers, head_office;
