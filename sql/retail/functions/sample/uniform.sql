-- The n-th number of a stream: evenly spread over [0, 1), the same on every run and every version.
-- drop: DROP FUNCTION sample.uniform;
-- Hash partitioning rests on hashint8extended, so its results never change. No search_path is
-- pinned, as that would keep the planner from inlining; the body is bound when it is created.
CREATE OR REPLACE FUNCTION sample.uniform(seed bigint, stream text, n bigint)
RETURNS double precision
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN (hashint8extended(n, hashtextextended(stream, seed)) & 9007199254740991)::double precision
    / 9007199254740992;  -- 53 bits: what a double holds exactly

COMMENT ON FUNCTION sample.uniform IS $comment$
Number n of the stream of this name, evenly spread over [0, 1). Streams are independent.
$comment$;
REVOKE ALL ON FUNCTION sample.uniform FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sample.uniform TO storekeeper_loader;
