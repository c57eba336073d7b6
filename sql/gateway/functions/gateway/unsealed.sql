-- The entries for which a seal may still be wanting.
-- drop: DROP FUNCTION gateway.unsealed;
CREATE OR REPLACE FUNCTION gateway.unsealed()
RETURNS int8multirange
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT int8multirange(int8range(w.entry, NULL)) - coalesce(
        (SELECT range_agg(s.entries) FROM gateway.seals AS s WHERE upper(s.entries) > w.entry), '{}'
    )
    FROM (
        -- Without a watermark all is looked at.
        SELECT coalesce((SELECT m.entry FROM gateway.watermarks AS m WHERE m.what = 'calls'), 1) AS entry
    ) AS w
$function$;

COMMENT ON FUNCTION gateway.unsealed IS $comment$
From the watermark on, the entries that no seal covers: few ranges, the last without an end.
$comment$;
REVOKE ALL ON FUNCTION gateway.unsealed FROM PUBLIC;
