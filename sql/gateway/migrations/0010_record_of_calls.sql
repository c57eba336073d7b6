-- The record of calls by month, with seals; what changed, for answers that are kept; and those who
-- look after the database: auditors and the persona operators.
-- depends: 0009_sandboxes_anew

DO $do$
DECLARE
    v_me     CONSTANT pg_roles NOT NULL := (SELECT r FROM pg_roles AS r WHERE r.rolname = current_user);
    v_todo   text[] := '{}';
    v_detail text;
BEGIN
    -- Roles belong to the whole server and may be there from another database.
    IF to_regrole('storekeeper_auditor') IS NULL THEN
        IF v_me.rolsuper OR v_me.rolcreaterole THEN
            CREATE ROLE storekeeper_auditor NOLOGIN;
        ELSE
            v_todo := v_todo || 'CREATE ROLE storekeeper_auditor NOLOGIN;'::text;
        END IF;
    END IF;
    BEGIN
        PERFORM gateway.add_persona('operators', 'Those who run the database: no tenant''s rows.');
    EXCEPTION WHEN SQLSTATE 'SK403' THEN
        GET STACKED DIAGNOSTICS v_detail = PG_EXCEPTION_DETAIL;
        v_todo := v_todo || v_detail;
    END;
    IF v_todo <> '{}' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK403',
            MESSAGE = format('The account %I may not make the auditors'' role and the persona operators.', current_user),
            DETAIL = array_to_string(v_todo, E'\n'),
            HINT = 'Have a superuser run the statements above, then migrate again.';
    END IF;
END
$do$;

SET LOCAL ROLE storekeeper_definer;

GRANT USAGE ON SCHEMA gateway TO storekeeper_auditor;

CREATE DOMAIN gateway.hours AS integer CHECK (VALUE BETWEEN 1 AND 744);
COMMENT ON DOMAIN gateway.hours IS 'A span back from now, in hours: 1 to 744.';

CREATE DOMAIN gateway.query_count AS integer CHECK (VALUE BETWEEN 0 AND 100);
COMMENT ON DOMAIN gateway.query_count IS 'How many queries to list: 0 to 100.';

ALTER TABLE gateway.calls RENAME TO calls_before;

CREATE TABLE gateway.calls (
    entry       bigint NOT NULL,
    at          timestamptz NOT NULL,
    tool        text NOT NULL,
    principal   text,
    outcome     text NOT NULL,
    sqlstate    text,
    duration_ms double precision NOT NULL,
    db_ms       double precision,
    row_count   integer,
    bytes       integer,
    retries     integer NOT NULL DEFAULT 0,
    request_id  text NOT NULL,
    trace_id    text,
    arguments   jsonb,
    cached      boolean NOT NULL DEFAULT false,
    server      text,
    statement   text,
    plan        text,
    PRIMARY KEY (at, entry)
) PARTITION BY RANGE (at);
CREATE INDEX calls_entry_idx ON gateway.calls (entry);
-- Not an identity: PostgreSQL 16 has none in partitions.
CREATE SEQUENCE gateway.calls_entry_seq OWNED BY gateway.calls.entry;
ALTER TABLE gateway.calls ALTER COLUMN entry SET DEFAULT nextval('gateway.calls_entry_seq');
COMMENT ON TABLE gateway.calls IS 'The record of calls: one row for each, by month. gateway.seals proves that nobody changed it.';
COMMENT ON COLUMN gateway.calls.entry IS 'Its number in the record. Numbers of transactions that were rolled back are missing.';
COMMENT ON COLUMN gateway.calls.at IS 'When the call began, by the server''s clock. The month, in UTC, is the partition.';
COMMENT ON COLUMN gateway.calls.tool IS 'The tool, resource, prompt or completion that was called.';
COMMENT ON COLUMN gateway.calls.principal IS 'Who called, as the server knew them: an id or e-mail. NULL: nobody was signed in.';
COMMENT ON COLUMN gateway.calls.outcome IS 'ok, or the error code that the caller was told, for example NOT_FOUND.';
COMMENT ON COLUMN gateway.calls.sqlstate IS 'PostgreSQL''s code for the error; NULL where there was none, or none of the database''s.';
COMMENT ON COLUMN gateway.calls.duration_ms IS 'Milliseconds from the request to its answer, waiting and retries included.';
COMMENT ON COLUMN gateway.calls.db_ms IS 'Milliseconds of it in which the database worked.';
COMMENT ON COLUMN gateway.calls.row_count IS 'Rows of the answer; NULL where an answer is no rows.';
COMMENT ON COLUMN gateway.calls.bytes IS 'Bytes of the answer.';
COMMENT ON COLUMN gateway.calls.retries IS 'How often the call was tried again.';
COMMENT ON COLUMN gateway.calls.request_id IS 'The id in the log line, in errors that the caller saw, and in application_name.';
COMMENT ON COLUMN gateway.calls.trace_id IS 'The W3C trace that the call belongs to: 32 hexadecimal digits.';
COMMENT ON COLUMN gateway.calls.arguments IS 'What the tool was given; secrets are masked, and of more than 8 kB only the size is kept.';
COMMENT ON COLUMN gateway.calls.cached IS 'Whether the answer came from the server''s cache.';
COMMENT ON COLUMN gateway.calls.server IS 'The server process that answered: host:pid.';
COMMENT ON COLUMN gateway.calls.statement IS 'The statement of a slow call without its literals: see gateway.normalise.';
COMMENT ON COLUMN gateway.calls.plan IS 'The plan of a slow call, its texts masked.';

CREATE TABLE gateway.calls_default PARTITION OF gateway.calls DEFAULT;
COMMENT ON TABLE gateway.calls_default IS 'Calls of months that have no partition yet; gateway.maintain moves them.';
DO $do$
DECLARE
    v_month date;
BEGIN
    FOR v_month IN
        SELECT date_trunc('month', c.at AT TIME ZONE 'UTC')::date FROM gateway.calls_before AS c
        UNION
        SELECT (date_trunc('month', now() AT TIME ZONE 'UTC') + n * interval '1 month')::date
        FROM generate_series(0, 2) AS n
    LOOP
        EXECUTE format(
            'CREATE TABLE gateway.%I PARTITION OF gateway.calls FOR VALUES FROM (%L) TO (%L)',
            to_char(v_month, '"calls_"YYYY_MM'),
            to_char(v_month, 'YYYY-MM-DD 00:00:00+00'),
            to_char(v_month + interval '1 month', 'YYYY-MM-DD 00:00:00+00')
        );
    END LOOP;
END
$do$;

INSERT INTO gateway.calls (at, tool, principal, outcome, duration_ms, row_count, request_id)
SELECT c.at, c.tool, c.principal, c.outcome, c.duration_ms, c.row_count, c.request_id
FROM gateway.calls_before AS c
ORDER BY c.at;
DROP TABLE gateway.calls_before;

CREATE TABLE gateway.seals (
    seal_id     bigint PRIMARY KEY,
    month       date NOT NULL,
    entries     int8multirange NOT NULL,
    calls       integer NOT NULL,
    rows_digest bytea NOT NULL,
    row_digests bytea,
    digest      bytea NOT NULL,
    sealed_at   timestamptz NOT NULL,
    pruned      boolean NOT NULL DEFAULT false
);
CREATE INDEX seals_upper_idx ON gateway.seals (upper(entries));
ALTER TABLE gateway.seals ALTER COLUMN row_digests SET STORAGE EXTERNAL;
COMMENT ON TABLE gateway.seals IS 'Seals on the record of calls. Each covers a batch of calls and holds on to the seal before it.';
COMMENT ON COLUMN gateway.seals.seal_id IS 'Its number; none is left out.';
COMMENT ON COLUMN gateway.seals.month IS 'First day of the month, in UTC, that its calls are of.';
COMMENT ON COLUMN gateway.seals.entries IS 'The entries of its calls.';
COMMENT ON COLUMN gateway.seals.calls IS 'How many they are.';
COMMENT ON COLUMN gateway.seals.rows_digest IS 'SHA-256 over the SHA-256 of each call, in the order of entries.';
COMMENT ON COLUMN gateway.seals.row_digests IS 'The first 8 bytes of each call''s SHA-256: they tell which one was altered. NULL once pruned.';
COMMENT ON COLUMN gateway.seals.digest IS 'SHA-256 over the digest of the seal before, rows_digest and the other facts.';
COMMENT ON COLUMN gateway.seals.sealed_at IS 'When it was made.';
COMMENT ON COLUMN gateway.seals.pruned IS 'Its calls were dropped by retention. It stays, as a link of the chain.';

CREATE TABLE gateway.retention (
    what text PRIMARY KEY CHECK (what IN ('calls', 'answers', 'changes')),
    keep interval NOT NULL CHECK (keep >= interval '1 hour')
);
COMMENT ON TABLE gateway.retention IS 'How long gateway.maintain keeps what; gateway.keep changes it.';
COMMENT ON COLUMN gateway.retention.what IS 'calls (whole months), answers or changes.';
INSERT INTO gateway.retention (what, keep)
VALUES ('calls', '13 months'), ('answers', '7 days'), ('changes', '2 hours');

CREATE TABLE gateway.changes (
    table_name text NOT NULL,
    xid        xid8 NOT NULL,
    at         timestamptz NOT NULL
);
CREATE INDEX changes_table_name_xid_idx ON gateway.changes (table_name, xid);
CREATE INDEX changes_at_idx ON gateway.changes USING brin (at);
COMMENT ON TABLE gateway.changes IS 'Which transaction changed which table: what gateway.unchanged_since asks. Only ever appended to.';
COMMENT ON COLUMN gateway.changes.table_name IS 'schema.table; ddl for a change of definitions or rights.';

CREATE TABLE gateway.watermarks (
    what  text PRIMARY KEY CHECK (what IN ('calls', 'changes')),
    entry bigint,
    high  bigint,
    xid   xid8
);
COMMENT ON TABLE gateway.watermarks IS 'How far the seals and the forgetting of changes have come.';
COMMENT ON COLUMN gateway.watermarks.entry IS 'calls: the lowest entry that a seal may still be wanting for.';
COMMENT ON COLUMN gateway.watermarks.high IS 'calls: where that moves to once no transaction before xid runs any more.';
COMMENT ON COLUMN gateway.watermarks.xid IS 'calls: see high. changes: the newest transaction whose changes were forgotten.';
INSERT INTO gateway.watermarks (what, entry) VALUES ('calls', 1), ('changes', NULL);

GRANT SELECT ON gateway.calls, gateway.seals TO storekeeper_auditor;

RESET ROLE;

SET LOCAL ROLE storekeeper_owner;
-- For tool.performance_summary; other tools are for personas alone.
GRANT USAGE ON SCHEMA tool TO storekeeper_dba;
RESET ROLE;

DO $do$
BEGIN
    -- yoyo's ledger is in the first schema of the path of whoever migrates.
    IF to_regclass('_yoyo_migration') IS NOT NULL THEN
        GRANT SELECT ON _yoyo_migration TO storekeeper_definer;
    END IF;
    IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        -- As 0003 made it, and for what else decides an answer: policies, views, triggers.
        DROP EVENT TRIGGER IF EXISTS storekeeper_catalog;
        CREATE EVENT TRIGGER storekeeper_catalog ON ddl_command_end
            WHEN TAG IN (
                'CREATE FUNCTION', 'ALTER FUNCTION', 'DROP FUNCTION', 'ALTER ROUTINE', 'DROP ROUTINE',
                'ALTER TYPE', 'ALTER DOMAIN', 'ALTER TABLE', 'ALTER SCHEMA', 'DROP SCHEMA', 'DROP OWNED',
                'COMMENT', 'GRANT', 'REVOKE',
                'CREATE POLICY', 'ALTER POLICY', 'DROP POLICY', 'CREATE VIEW', 'ALTER VIEW', 'DROP VIEW',
                'CREATE TRIGGER', 'ALTER TRIGGER', 'DROP TRIGGER', 'DROP TABLE'
            )
            EXECUTE FUNCTION gateway.notify_catalog();
    END IF;
END
$do$;
