-- HMAC-SHA256 of a text under one of our keys.
-- drop: DROP FUNCTION gateway.mac;
CREATE OR REPLACE FUNCTION gateway.mac(key_name text, message text)
RETURNS bytea
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT sha256(k.outer_pad || sha256(k.inner_pad || convert_to(message, 'UTF8')))
    FROM gateway.keys AS k
    WHERE k.name = key_name
$function$;

COMMENT ON FUNCTION gateway.mac IS $comment$
HMAC-SHA256 under the named key; NULL when there is no such key. For gateway's own functions only.
$comment$;
REVOKE ALL ON FUNCTION gateway.mac FROM PUBLIC;
