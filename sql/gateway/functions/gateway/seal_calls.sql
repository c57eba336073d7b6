-- Seals the calls that were recorded since the last time.
-- drop: DROP FUNCTION gateway.seal_calls;
CREATE OR REPLACE FUNCTION gateway.seal_calls()
RETURNS TABLE (seal_id bigint, digest text, calls integer)
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
-- Entries become visible in another order than they were given out in. A number that is missing now may
-- still come, from a transaction that had it before this one looked. Each of those had its id before
-- its number (gateway.record_calls sees to that), hence one below the id that this transaction takes
-- after it has looked. Once no transaction below that id runs any more, the highest entry seen then,
-- and all before it, are settled: the watermark moves there, and only what is above it is looked at.
DECLARE
    v_most     CONSTANT integer := 10000;
    -- In a transaction that has its id already that id says nothing.
    v_fresh    CONSTANT boolean := pg_current_xact_id_if_assigned() IS NULL;
    v_oldest   xid8;
    v_mark     gateway.watermarks;
    v_gaps     int8multirange;
    v_seal     gateway.seals;
    v_previous bytea;
    v_batch    record;
    v_rows     integer := 0;
    v_seen     bigint;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('storekeeper'), hashtext('seals')) THEN
        RETURN;
    END IF;
    v_oldest := pg_snapshot_xmin(pg_current_snapshot());
    SELECT w.* INTO v_mark FROM gateway.watermarks AS w WHERE w.what = 'calls';
    v_gaps := gateway.unsealed();
    SELECT s.* INTO v_seal FROM gateway.seals AS s ORDER BY s.seal_id DESC LIMIT 1;

    FOR v_batch IN
        SELECT
            date_trunc('month', r.at AT TIME ZONE 'UTC')::date AS month,
            range_agg(int8range(r.entry, r.entry, '[]')) AS entries,
            count(*)::integer AS calls,
            max(r.entry) AS highest,
            sha256(string_agg(r.digest, '' ORDER BY r.entry, r.at)) AS rows_digest,
            string_agg(substr(r.digest, 1, 8), '' ORDER BY r.entry, r.at) AS row_digests
        FROM (
            -- Gap by gap, each by the index: the order alone would have the planner read all of it.
            SELECT c.entry, c.at, gateway.call_digest(c.call) AS digest
            FROM unnest(v_gaps) AS g (entries)
            CROSS JOIN LATERAL (
                SELECT w.entry, w.at, w AS call
                FROM gateway.calls AS w
                WHERE w.entry >= lower(g.entries) AND w.entry < coalesce(upper(g.entries), 9223372036854775807)
                ORDER BY w.entry
                LIMIT v_most
            ) AS c
            ORDER BY c.entry
            LIMIT v_most
        ) AS r
        GROUP BY date_trunc('month', r.at AT TIME ZONE 'UTC')
        ORDER BY min(r.entry)
    LOOP
        v_previous := v_seal.digest;
        v_seal.seal_id := coalesce(v_seal.seal_id, 0) + 1;
        v_seal.month := v_batch.month;
        v_seal.entries := v_batch.entries;
        v_seal.calls := v_batch.calls;
        v_seal.rows_digest := v_batch.rows_digest;
        v_seal.row_digests := v_batch.row_digests;
        v_seal.sealed_at := clock_timestamp();
        v_seal.pruned := false;
        v_seal.digest := gateway.seal_digest(v_previous, v_seal);
        INSERT INTO gateway.seals SELECT (v_seal).*;
        v_rows := v_rows + v_batch.calls;
        v_seen := greatest(v_seen, v_batch.highest);
        RETURN QUERY SELECT v_seal.seal_id, encode(v_seal.digest, 'hex'), v_seal.calls;
    END LOOP;

    IF v_oldest >= v_mark.xid AND (v_rows < v_most OR v_seen >= v_mark.high) THEN
        v_mark.entry := v_mark.high + 1;
        v_mark.high := NULL;
        v_mark.xid := NULL;
    ELSIF v_mark.xid IS NOT NULL OR v_seen IS NULL OR NOT v_fresh THEN
        RETURN;
    END IF;
    IF v_seen IS NOT NULL AND v_fresh THEN
        v_mark.high := v_seen;
        v_mark.xid := pg_current_xact_id();
    END IF;
    UPDATE gateway.watermarks AS w
    SET entry = v_mark.entry, high = v_mark.high, xid = v_mark.xid
    WHERE w.what = 'calls';
END
$function$;

COMMENT ON FUNCTION gateway.seal_calls IS $comment$
Puts the committed calls that no seal covers, 10,000 at most, under a seal for each month, and returns the
seals it made: none when there is nothing to seal, or when another transaction is at it. Nobody who
records a call waits for it. Whoever owns the tables can take away the newest seals together with their
calls, and only an outside witness shows it: therefore the server writes each digest to its log.
$comment$;
REVOKE ALL ON FUNCTION gateway.seal_calls FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.seal_calls TO storekeeper_gateway;
