-- Keeps a key as the two padded blocks that HMAC needs.
-- drop: DROP FUNCTION gateway.install_key;
CREATE OR REPLACE FUNCTION gateway.install_key(
    key_name text,
    key      bytea,
    replace  boolean DEFAULT false
)
RETURNS boolean
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_inner bytea := decode(repeat('36', 64), 'hex');
    v_outer bytea := decode(repeat('5c', 64), 'hex');
BEGIN
    IF octet_length(install_key.key) NOT BETWEEN 32 AND 64 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = format('A key of %s bytes is too short or too long.', octet_length(install_key.key)),
            HINT = 'Use 32 to 64 random bytes.';
    END IF;
    FOR i IN 0 .. octet_length(install_key.key) - 1 LOOP
        v_inner := set_byte(v_inner, i, get_byte(v_inner, i) # get_byte(install_key.key, i));
        v_outer := set_byte(v_outer, i, get_byte(v_outer, i) # get_byte(install_key.key, i));
    END LOOP;
    INSERT INTO gateway.keys AS k (name, inner_pad, outer_pad)
    VALUES (install_key.key_name, v_inner, v_outer)
    ON CONFLICT (name) DO UPDATE
        SET inner_pad = excluded.inner_pad, outer_pad = excluded.outer_pad, created_at = now()
        WHERE install_key.replace;
    RETURN EXISTS (
        SELECT FROM gateway.keys AS k WHERE k.name = install_key.key_name AND k.inner_pad = v_inner
    );
END
$function$;

COMMENT ON FUNCTION gateway.install_key IS $comment$
Installs the key 'assertion' (shared with the servers) or 'context' (the database's own), unless
there is one already and replace is false. Returns whether this key is now the one in force.
$comment$;
REVOKE ALL ON FUNCTION gateway.install_key FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.install_key TO storekeeper_dba;
