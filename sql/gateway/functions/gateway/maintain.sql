-- Makes room in the record of calls, and drops what was kept for long enough.
-- drop: DROP FUNCTION gateway.maintain;
CREATE OR REPLACE FUNCTION gateway.maintain()
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
-- Who has to wait longer for a lock tries again the next time: calls are recorded meanwhile.
SET lock_timeout = '100ms'
AS $function$
DECLARE
    v_this   CONSTANT date := date_trunc('month', now() AT TIME ZONE 'UTC');
    v_oldest CONSTANT date NOT NULL := (
        SELECT date_trunc('month', (now() - r.keep) AT TIME ZONE 'UTC')
        FROM gateway.retention AS r
        WHERE r.what = 'calls'
    );
    v_month  date;
    v_name   name;
    v_old    name[];
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('storekeeper'), hashtext('maintain')) THEN
        RETURN;
    END IF;

    FOR v_month IN
        SELECT (v_this + n * interval '1 month')::date FROM generate_series(0, 2) AS n
        UNION
        SELECT date_trunc('month', c.at AT TIME ZONE 'UTC')::date
        FROM gateway.calls_default AS c
        WHERE c.at >= v_oldest::timestamp AT TIME ZONE 'UTC'
          AND c.at < (v_this + interval '3 months') AT TIME ZONE 'UTC'
        ORDER BY 1
    LOOP
        v_name := to_char(v_month, '"calls_"YYYY_MM');
        CONTINUE WHEN to_regclass('gateway.' || v_name) IS NOT NULL;
        BEGIN
            -- To attach a table lets others go on with gateway.calls, as PARTITION OF would not.
            LOCK TABLE gateway.calls_default IN ACCESS EXCLUSIVE MODE;
            EXECUTE format('CREATE TABLE gateway.%I (LIKE gateway.calls INCLUDING DEFAULTS)', v_name);
            EXECUTE format(
                'WITH moved AS ('
                'DELETE FROM gateway.calls_default AS c WHERE c.at >= %L AND c.at < %L RETURNING c.*'
                ') INSERT INTO gateway.%I SELECT * FROM moved',
                to_char(v_month, 'YYYY-MM-DD 00:00:00+00'),
                to_char(v_month + interval '1 month', 'YYYY-MM-DD 00:00:00+00'), v_name
            );
            EXECUTE format(
                'ALTER TABLE gateway.calls ATTACH PARTITION gateway.%I FOR VALUES FROM (%L) TO (%L)', v_name,
                to_char(v_month, 'YYYY-MM-DD 00:00:00+00'),
                to_char(v_month + interval '1 month', 'YYYY-MM-DD 00:00:00+00')
            );
        EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
            CONTINUE;
        END;
    END LOOP;

    SELECT array_agg(c.relname) INTO v_old
    FROM pg_inherits AS i
    JOIN pg_class AS c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'gateway.calls'::regclass
      AND c.relname ~ '^calls_\d{4}_\d{2}$'
      AND c.relname < to_char(v_oldest, '"calls_"YYYY_MM') COLLATE "C";
    IF (v_old IS NOT NULL OR EXISTS (
            SELECT FROM gateway.calls_default AS c WHERE c.at < v_oldest::timestamp AT TIME ZONE 'UTC'
        ))
        -- No seal is put on what goes.
        AND pg_try_advisory_xact_lock(hashtext('storekeeper'), hashtext('seals'))
    THEN
        BEGIN
            FOREACH v_name IN ARRAY coalesce(v_old, '{}') LOOP
                EXECUTE format('DROP TABLE gateway.%I', v_name);
            END LOOP;
            DELETE FROM gateway.calls_default AS c WHERE c.at < v_oldest::timestamp AT TIME ZONE 'UTC';
            UPDATE gateway.seals AS s
            SET pruned = true, row_digests = NULL
            WHERE s.month < v_oldest AND NOT s.pruned;
        EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
            NULL;
        END;
    END IF;

    IF to_regclass('gateway.answers') IS NOT NULL THEN
        EXECUTE 'DELETE FROM gateway.answers AS a USING gateway.retention AS r'
            ' WHERE r.what = ''answers'' AND a.at < now() - r.keep';
    END IF;

    WITH gone AS (
        DELETE FROM gateway.changes AS c USING gateway.retention AS r
        WHERE r.what = 'changes' AND c.at < now() - r.keep
        RETURNING c.xid
    ),
    newest AS (
        SELECT g.xid FROM gone AS g ORDER BY g.xid DESC LIMIT 1
    )
    UPDATE gateway.watermarks AS w
    SET xid = CASE WHEN w.xid > n.xid THEN w.xid ELSE n.xid END
    FROM newest AS n
    WHERE w.what = 'changes';
END
$function$;

COMMENT ON FUNCTION gateway.maintain IS $comment$
For the server, now and then: partitions of gateway.calls for this month and the next two, rows of
gateway.calls_default moved into theirs, and what is older than gateway.retention says dropped: whole
months of calls (their seals stay, pruned), answers, changes. Where a lock is not had at once it is left
for the next time. One at a time.
$comment$;
REVOKE ALL ON FUNCTION gateway.maintain FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.maintain TO storekeeper_gateway;
