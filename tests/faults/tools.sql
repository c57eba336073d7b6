-- Tools that are slow, quarrel, or break where it hurts most; beside those of fixtures/every_type.sql.
SET ROLE storekeeper_owner;
-- Counts what is rolled back, too.
CREATE SEQUENCE fixture.tries;
GRANT USAGE ON SEQUENCE fixture.tries TO store_managers;
CREATE TABLE fixture.counters (counter_id integer PRIMARY KEY, value integer NOT NULL DEFAULT 0);
INSERT INTO fixture.counters VALUES (1), (2);
CREATE TABLE fixture.switches (name text PRIMARY KEY, is_on boolean NOT NULL);
INSERT INTO fixture.switches VALUES ('conflict', true), ('slow', true);
GRANT SELECT, UPDATE ON fixture.counters TO store_managers;
GRANT SELECT ON fixture.switches TO store_managers;

CREATE FUNCTION tool.plain_write(note text, seconds double precision DEFAULT 0) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $function$
BEGIN
    PERFORM nextval('fixture.tries');
    INSERT INTO fixture.notes VALUES (plain_write.note);
    PERFORM pg_sleep(seconds);
    RETURN jsonb_build_object('note', plain_write.note);
END
$function$;

CREATE FUNCTION tool.once_write(note text, seconds double precision DEFAULT 0, idempotency_key text DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $function$
DECLARE
    v_try bigint := nextval('fixture.tries');
    v_answer jsonb := gateway.once('once_write', idempotency_key, jsonb_build_object('note', once_write.note));
BEGIN
    IF v_answer IS NOT NULL THEN
        RETURN v_answer;
    END IF;
    INSERT INTO fixture.notes VALUES (once_write.note);
    PERFORM pg_sleep(seconds);
    RETURN gateway.answered('once_write', idempotency_key, jsonb_build_object('note', once_write.note, 'try', v_try));
END
$function$;

-- Conflicts: the first `times` tries fail.
CREATE FUNCTION tool.conflicting_write(note text, times integer, idempotency_key text DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $function$
DECLARE
    v_try bigint := nextval('fixture.tries');
    v_answer jsonb := gateway.once('conflicting_write', idempotency_key, jsonb_build_object('note', conflicting_write.note));
BEGIN
    IF v_answer IS NOT NULL THEN
        RETURN v_answer;
    END IF;
    INSERT INTO fixture.notes VALUES (conflicting_write.note);
    IF v_try <= times THEN
        RAISE serialization_failure;
    END IF;
    RETURN gateway.answered('conflicting_write', idempotency_key, jsonb_build_object('try', v_try));
END
$function$;

-- Waits for a lock that the test holds, and sees the switch as it was before.
CREATE FUNCTION tool.conflicting_read() RETURNS jsonb LANGUAGE plpgsql STABLE AS $function$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(7);
    IF (SELECT s.is_on FROM fixture.switches AS s WHERE s.name = 'conflict') THEN
        RAISE serialization_failure;
    END IF;
    RETURN '{"read": true}'::jsonb;
END
$function$;

CREATE FUNCTION tool.lock_both(first integer, second integer) RETURNS jsonb LANGUAGE plpgsql STABLE AS $function$
BEGIN
    PERFORM pg_advisory_xact_lock(first);
    PERFORM pg_sleep(0.3);
    PERFORM pg_advisory_xact_lock(second);
    RETURN '{"locked": true}'::jsonb;
END
$function$;

CREATE FUNCTION tool.count_both(first integer, second integer, idempotency_key text DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql VOLATILE AS $function$
DECLARE
    v_answer jsonb := gateway.once('count_both', idempotency_key, jsonb_build_array(first, second));
BEGIN
    IF v_answer IS NOT NULL THEN
        RETURN v_answer;
    END IF;
    UPDATE fixture.counters SET value = value + 1 WHERE counter_id = first;
    PERFORM pg_sleep(0.3);
    UPDATE fixture.counters SET value = value + 1 WHERE counter_id = second;
    RETURN gateway.answered('count_both', idempotency_key, '{"counted": true}'::jsonb);
END
$function$;

CREATE FUNCTION tool.count_both_plainly(first integer, second integer) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $function$
BEGIN
    UPDATE fixture.counters SET value = value + 1 WHERE counter_id = first;
    PERFORM pg_sleep(0.3);
    UPDATE fixture.counters SET value = value + 1 WHERE counter_id = second;
    RETURN '{"counted": true}'::jsonb;
END
$function$;

CREATE FUNCTION tool.big_sort(rows integer) RETURNS bigint LANGUAGE sql STABLE AS $function$
    SELECT count(*) FROM (SELECT g FROM generate_series(1, rows) AS g ORDER BY repeat(g::text, 5) DESC OFFSET 1) AS sorted
$function$;

GRANT EXECUTE ON FUNCTION
    tool.plain_write, tool.once_write, tool.conflicting_write, tool.conflicting_read, tool.lock_both, tool.count_both,
    tool.count_both_plainly, tool.big_sort
    TO store_managers;
RESET ROLE;

-- At COMMIT a note that begins with "slow" takes long, one with "lost" half a second, and the first that begins with "fatal" ends its backend.
CREATE FUNCTION fixture.at_commit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF NEW.note LIKE 'slow%' THEN
        PERFORM pg_sleep(60) FROM fixture.switches AS s WHERE s.name = 'slow' AND s.is_on;
    ELSIF NEW.note LIKE 'lost%' THEN
        PERFORM pg_sleep(0.5);
    ELSIF (SELECT t.last_value FROM fixture.tries AS t) = 1 THEN
        PERFORM pg_terminate_backend(pg_backend_pid());
    END IF;
    RETURN NULL;
END
$function$;
CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON fixture.notes DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.note ~ '^(slow|lost|fatal)') EXECUTE FUNCTION fixture.at_commit();

GRANT EXECUTE ON FUNCTION pg_advisory_xact_lock(bigint), pg_advisory_xact_lock_shared(bigint) TO store_managers;
