-- The n-th UUID of a stream, of the form that gen_random_uuid() gives (version 4).
-- drop: DROP FUNCTION sample.make_uuid;
-- Inlined like sample.uniform, hence no pinned search_path.
CREATE OR REPLACE FUNCTION sample.make_uuid(seed bigint, stream text, n bigint)
RETURNS uuid
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN encode(
    int8send((hashint8extended(n, hashtextextended(stream, seed)) & ~0xF000::bigint) | 0x4000)
    || int8send((hashint8extended(n, ~hashtextextended(stream, seed)) & 0x3FFFFFFFFFFFFFFF)
        | ~0x7FFFFFFFFFFFFFFF),
    'hex'
)::uuid;

COMMENT ON FUNCTION sample.make_uuid IS $comment$
UUID n of the stream of this name: shaped like a random one, the same on every run.
$comment$;
REVOKE ALL ON FUNCTION sample.make_uuid FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sample.make_uuid TO storekeeper_loader;
