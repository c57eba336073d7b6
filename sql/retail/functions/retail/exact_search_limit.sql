-- Up to how many vectors are compared one by one.
-- drop: DROP FUNCTION retail.exact_search_limit;
CREATE OR REPLACE FUNCTION retail.exact_search_limit(dimension integer)
RETURNS integer
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
-- 2.56 million numbers take some 4 ms, 10 where vectors are too long to be in the row (sql/README.md).
RETURN greatest(2560000 / greatest(dimension, 1), 100);

COMMENT ON FUNCTION retail.exact_search_limit IS $comment$
How many vectors of this dimension are searched exactly, one by one; beyond it an index is faster.
@title Limit of exact search
@param dimension  How many numbers a vector has.
@return Vectors: 10,000 of 256 numbers, 1,666 of 1536.
@example SELECT retail.exact_search_limit(256);
$comment$;
REVOKE ALL ON FUNCTION retail.exact_search_limit FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.exact_search_limit
    TO store_managers, regional_managers, head_office, storekeeper_definer;
