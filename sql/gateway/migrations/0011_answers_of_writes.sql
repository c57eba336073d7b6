-- What writing functions answered, by the key that a client gave the call.
-- depends: 0010_record_of_calls

SET LOCAL ROLE storekeeper_definer;

CREATE TABLE gateway.answers (
    principal_id     uuid NOT NULL REFERENCES gateway.principals ON DELETE CASCADE,
    tool             text NOT NULL,
    key              text NOT NULL CHECK (length(key) BETWEEN 1 AND 200),
    arguments_digest bytea NOT NULL,
    answer           jsonb,
    at               timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (principal_id, tool, key)
);
CREATE INDEX answers_at_idx ON gateway.answers (at);
COMMENT ON TABLE gateway.answers IS 'What a writing call was told, so that the same call again is told it and writes nothing.';
COMMENT ON COLUMN gateway.answers.arguments_digest IS 'SHA-256 of the arguments: a key is for one call, not for another.';
COMMENT ON COLUMN gateway.answers.answer IS 'NULL only until the transaction that writes has called gateway.answered.';

RESET ROLE;
