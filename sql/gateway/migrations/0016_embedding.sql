-- Models that make vectors of texts, and the tokens of the built-in one.
-- depends: 0015_writes_for_personas

DO $do$
BEGIN
    IF (SELECT e.extnamespace <> 'public'::regnamespace FROM pg_extension AS e WHERE e.extname = 'vector') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK409',
            MESSAGE = 'pgvector is in another schema than public.',
            HINT = 'Have its owner run ALTER EXTENSION vector SET SCHEMA public, then migrate again.';
    END IF;
    -- A copy that CREATE DATABASE … TEMPLATE made comes without the rights on the database.
    IF NOT has_database_privilege('storekeeper_owner', current_database(), 'CREATE')
        OR NOT has_database_privilege('storekeeper_definer', current_database(), 'CREATE')
    THEN
        EXECUTE format('GRANT CREATE ON DATABASE %I TO storekeeper_owner, storekeeper_definer', current_database());
    END IF;
END
$do$;

SET LOCAL ROLE storekeeper_definer;

CREATE SCHEMA embedding;
COMMENT ON SCHEMA embedding IS 'Vectors of texts: the models that make them, and the built-in one itself.';
GRANT USAGE ON SCHEMA embedding TO storekeeper_owner, storekeeper_dba, storekeeper_loader;

CREATE TABLE embedding.models (
    model_id   smallint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL UNIQUE,
    provider   text NOT NULL CHECK (provider IN ('built-in', 'openai')),
    dimension  integer NOT NULL CHECK (dimension BETWEEN 1 AND 16000),
    distance   text NOT NULL DEFAULT 'cosine' CHECK (distance IN ('cosine')),
    is_active  boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX models_active_key ON embedding.models (is_active) WHERE is_active;
COMMENT ON TABLE embedding.models IS 'The models that make vectors of texts. One at most is the one that is used.';
COMMENT ON COLUMN embedding.models.name IS 'As its provider calls it.';
COMMENT ON COLUMN embedding.models.provider IS 'built-in: embedding.embed. openai: a service that speaks /v1/embeddings.';
COMMENT ON COLUMN embedding.models.dimension IS 'How many numbers its vectors have.';
COMMENT ON COLUMN embedding.models.distance IS 'How near two of its vectors are is told by this distance.';
COMMENT ON COLUMN embedding.models.is_active IS 'Whether texts are searched by its vectors now.';

CREATE TABLE embedding.tokens (
    token_id integer PRIMARY KEY,
    piece    text COLLATE "C" UNIQUE,
    rank     integer,
    vector   public.halfvec(256) NOT NULL
);
COMMENT ON TABLE embedding.tokens IS 'The tokens of the built-in model; storekeeper init loads them. Empty: it is not loaded.';
COMMENT ON COLUMN embedding.tokens.piece IS 'The piece of text, with ▁ for a space. NULL: a control token, or a byte of what has no piece; its id is the byte + 3.';
COMMENT ON COLUMN embedding.tokens.rank IS 'When pairs of pieces are joined, those of the lowest rank come first. NULL: no pair makes this piece.';

GRANT SELECT (model_id, name, provider, dimension, distance, is_active), REFERENCES (model_id)
    ON embedding.models TO storekeeper_owner, storekeeper_dba, storekeeper_loader;
GRANT SELECT (token_id, piece, rank, vector) ON embedding.tokens TO storekeeper_owner, storekeeper_dba, storekeeper_loader;

RESET ROLE;

DO $do$
DECLARE
    v_persona name;
BEGIN
    -- What add_persona gives those that come later.
    SET LOCAL ROLE storekeeper_definer;
    FOR v_persona IN SELECT n.role FROM gateway.personas AS n LOOP
        EXECUTE format('GRANT USAGE ON SCHEMA embedding TO %I', v_persona);
        EXECUTE format(
            'GRANT SELECT (model_id, name, provider, dimension, distance, is_active) ON embedding.models TO %I', v_persona
        );
        EXECUTE format('GRANT SELECT (token_id, piece, rank, vector) ON embedding.tokens TO %I', v_persona);
    END LOOP;
    RESET ROLE;
END
$do$;
