-- Texts that wait for a vector from an embedding service.
-- depends: 0016_embedding

SET LOCAL ROLE storekeeper_definer;

CREATE TABLE embedding.queue (
    model_id   smallint NOT NULL REFERENCES embedding.models ON DELETE CASCADE,
    subject    text NOT NULL CHECK (subject ~ '^[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*$'),
    key        text COLLATE "C" NOT NULL,
    content    text NOT NULL,
    queued_at  timestamptz NOT NULL DEFAULT now(),
    attempts   integer NOT NULL DEFAULT 0,
    not_before timestamptz NOT NULL DEFAULT now(),
    ticket     bigint UNIQUE,
    last_error text,
    PRIMARY KEY (model_id, subject, key)
);
CREATE INDEX queue_model_id_not_before_idx ON embedding.queue (model_id, not_before);
CREATE SEQUENCE embedding.queue_ticket_seq OWNED BY embedding.queue.ticket;
COMMENT ON TABLE embedding.queue IS 'Texts that wait for a vector of a model outside; storekeeper embed, and each server, take them.';
COMMENT ON COLUMN embedding.queue.subject IS 'schema.what the text is of. The function <schema>.store_embeddings gets the vector.';
COMMENT ON COLUMN embedding.queue.key IS 'Which one of them, as text.';
COMMENT ON COLUMN embedding.queue.attempts IS 'How often somebody has taken it.';
COMMENT ON COLUMN embedding.queue.not_before IS 'When it may be taken: after a failure, or when who has it is given up for dead.';
COMMENT ON COLUMN embedding.queue.ticket IS 'By which who has taken it hands in its vector. NULL: nobody has, or the text is a newer one.';
COMMENT ON COLUMN embedding.queue.last_error IS 'Why it has no vector yet.';

RESET ROLE;
