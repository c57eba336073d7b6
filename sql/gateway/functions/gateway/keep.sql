-- How long a part of the record is kept.
-- drop: DROP FUNCTION gateway.keep;
CREATE OR REPLACE FUNCTION gateway.keep(what text, keep interval)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF keep.keep IS NULL OR keep.keep < interval '1 hour' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = format('keep is %s; an hour is the least.', coalesce(keep.keep::text, 'NULL')),
            HINT = 'For example: SELECT gateway.keep(''calls'', ''2 years'')';
    END IF;
    UPDATE gateway.retention AS r SET keep = keep.keep WHERE r.what = keep.what;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK404',
            MESSAGE = format('Nothing that is kept is named %s.', coalesce(keep.what, 'NULL')),
            HINT = 'calls, answers or changes.';
    END IF;
END
$function$;

COMMENT ON FUNCTION gateway.keep IS $comment$
For the DBA: how long gateway.maintain keeps calls (by whole months), answers of writes, or changes (what
servers ask before they answer from a cache). An hour is the least.
$comment$;
REVOKE ALL ON FUNCTION gateway.keep FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.keep TO storekeeper_dba;
