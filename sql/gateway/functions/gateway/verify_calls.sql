-- Is the record of calls as it was sealed?
-- drop: DROP FUNCTION gateway.verify_calls;
CREATE OR REPLACE FUNCTION gateway.verify_calls()
RETURNS TABLE (seal_id bigint, month date, problem text)
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_seal   gateway.seals;
    v_next   bigint := 1;
    v_stored bytea;  -- the digest that the seal before bears
    v_proper bytea;  -- the one that it should bear
    v_digest bytea;
    v_calls  bigint;
    v_rows   bytea;
    v_named  boolean;
BEGIN
    FOR v_seal IN SELECT s.* FROM gateway.seals AS s ORDER BY s.seal_id LOOP
        seal_id := v_seal.seal_id;
        month := v_seal.month;

        -- The chain. Where a seal before is missing, nothing tells what this one should bear.
        v_digest := gateway.seal_digest(v_stored, v_seal);
        IF v_seal.seal_id <> v_next THEN
            problem := CASE
                WHEN v_seal.seal_id < v_next THEN format('a seal with number %s was added', v_seal.seal_id)
                WHEN v_seal.seal_id = v_next + 1 THEN format('seal %s was removed', v_next)
                ELSE format('seals %s to %s were removed', v_next, v_seal.seal_id - 1)
            END;
            RETURN NEXT;
            v_digest := v_seal.digest;
        ELSIF v_seal.digest IS DISTINCT FROM v_digest
              AND v_seal.digest IS DISTINCT FROM gateway.seal_digest(v_proper, v_seal) THEN
            problem := format('seal %s was altered, or stands where another was', v_seal.seal_id);
            RETURN NEXT;
        END IF;
        v_stored := v_seal.digest;
        v_proper := v_digest;
        v_next := v_seal.seal_id + 1;

        CONTINUE WHEN v_seal.pruned AND to_regclass(to_char(v_seal.month, '"gateway.calls_"YYYY_MM')) IS NULL;

        -- The calls
        SELECT count(*), sha256(coalesce(string_agg(gateway.call_digest(c), '' ORDER BY c.entry, c.at), ''))
        INTO v_calls, v_rows
        FROM unnest(v_seal.entries) AS e (entries)
        JOIN gateway.calls AS c ON c.entry >= lower(e.entries) AND c.entry < upper(e.entries);
        CONTINUE WHEN v_calls = v_seal.calls AND v_rows = v_seal.rows_digest;
        IF v_calls = 0 THEN
            problem := format('all %s calls were removed: entries %s', v_seal.calls, v_seal.entries);
            RETURN NEXT;
            CONTINUE;
        END IF;
        v_named := false;
        FOR problem IN
            SELECT
                CASE
                    WHEN f.entry IS NULL THEN format('the call with entry %s was removed', s.entry)
                    WHEN f.copy > 1 THEN format('call %s was added with entry %s of another', f.request_id, f.entry)
                    ELSE format('call %s, entry %s, was altered', f.request_id, f.entry)
                END
            FROM (
                SELECT n.entry, substr(v_seal.row_digests, (8 * row_number() OVER (ORDER BY n.entry) - 7)::integer, 8) AS digest
                FROM unnest(v_seal.entries) AS e (entries)
                CROSS JOIN generate_series(lower(e.entries), upper(e.entries) - 1) AS n (entry)
            ) AS s
            LEFT JOIN LATERAL (
                SELECT c.entry, c.request_id, substr(gateway.call_digest(c), 1, 8) AS digest,
                    row_number() OVER (ORDER BY substr(gateway.call_digest(c), 1, 8) = s.digest DESC) AS copy
                FROM gateway.calls AS c
                WHERE c.entry = s.entry
            ) AS f ON true
            WHERE f.entry IS NULL OR f.copy > 1 OR f.digest IS DISTINCT FROM s.digest
            ORDER BY s.entry
            LIMIT 1000
        LOOP
            v_named := true;
            RETURN NEXT;
        END LOOP;
        IF NOT v_named THEN
            problem := format('the calls of seal %s are not those that it was put on', v_seal.seal_id);
            RETURN NEXT;
        END IF;
    END LOOP;

    -- Under no seal
    seal_id := NULL;
    FOR month, problem IN
        SELECT
            date_trunc('month', c.at AT TIME ZONE 'UTC')::date,
            CASE
                WHEN c.entry < w.entry THEN
                    'the record has moved on, and under no seal '
                        || CASE
                            WHEN count(*) = 1 THEN format('is call %s, entry %s', min(c.request_id), min(c.entry))
                            ELSE format('are %s calls, entries %s to %s', count(*), min(c.entry), max(c.entry))
                        END
                        || ': put in past the server, or its seal was removed'
                ELSE format(
                    'calls older than an hour are under no seal: %s, entries %s to %s; no server seals them, or they were '
                        || 'put in past the server', count(*), min(c.entry), max(c.entry)
                )
            END
        FROM (
            SELECT coalesce((SELECT m.entry FROM gateway.watermarks AS m WHERE m.what = 'calls'), 1) AS entry
        ) AS w
        CROSS JOIN LATERAL unnest(
            '{(,)}'::int8multirange - coalesce((SELECT range_agg(s.entries) FROM gateway.seals AS s), '{}')
        ) AS g (entries)
        JOIN gateway.calls AS c
            ON c.entry >= coalesce(lower(g.entries), -9223372036854775808)
           AND c.entry < coalesce(upper(g.entries), 9223372036854775807)
        WHERE c.entry < w.entry OR c.at < now() - interval '1 hour'
        GROUP BY
            date_trunc('month', c.at AT TIME ZONE 'UTC'), c.entry < w.entry, w.entry,
            CASE WHEN c.entry < w.entry THEN g.entries END
        ORDER BY min(c.entry)
    LOOP
        RETURN NEXT;
    END LOOP;
END
$function$;

COMMENT ON FUNCTION gateway.verify_calls IS $comment$
No row when every call is as it was sealed; otherwise one for each call or seal that was altered, removed or
added, and one for calls older than an hour that are under no seal. Reads the whole record. Seals of
months that retention dropped count as links of the chain only. That the newest seals are missing
together with their calls is seen by the digests in the servers' logs alone: compare the last one.
$comment$;
REVOKE ALL ON FUNCTION gateway.verify_calls FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.verify_calls TO storekeeper_auditor, storekeeper_dba;
