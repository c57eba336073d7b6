-- The digest that a seal must have, given that of the seal before it.
-- drop: DROP FUNCTION gateway.seal_digest;
CREATE OR REPLACE FUNCTION gateway.seal_digest(previous bytea, seal gateway.seals)
RETURNS bytea
LANGUAGE sql
STABLE
RETURN sha256(coalesce(previous, '') || (seal).rows_digest || convert_to(jsonb_build_array(
    (seal).seal_id, to_char((seal).month, 'YYYY-MM-DD'), (seal).entries::text, (seal).calls,
    extract(epoch FROM (seal).sealed_at)::text
)::text, 'UTF8'));

COMMENT ON FUNCTION gateway.seal_digest IS $comment$
SHA-256 over the digest of the seal before (nothing for the first), rows_digest, and a seal's number, month,
entries, count and time.
$comment$;
REVOKE ALL ON FUNCTION gateway.seal_digest FROM PUBLIC;
