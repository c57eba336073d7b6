-- The engine's half: roles, schemas, who may call, and the keys that prove it.
--
-- Roles belong to the whole server, so each is made only when missing. Whoever runs this needs
-- superuser rights, or what the first block asks for.

DO $do$
DECLARE
    v_me      CONSTANT pg_roles NOT NULL := (SELECT r FROM pg_roles AS r WHERE r.rolname = current_user);
    v_todo    text[] := '{}';
    v_role    text;
    v_options text;
BEGIN
    FOR v_role, v_options IN
        VALUES ('storekeeper_owner', 'NOLOGIN'),
               ('storekeeper_definer', 'NOLOGIN'),
               ('storekeeper_dba', 'NOLOGIN'),
               ('storekeeper_loader', 'NOLOGIN BYPASSRLS'),
               ('storekeeper_gateway', 'LOGIN NOINHERIT CONNECTION LIMIT 200')
    LOOP
        IF to_regrole(v_role) IS NULL THEN
            IF v_me.rolsuper OR (v_me.rolcreaterole AND (v_options !~ 'BYPASSRLS' OR v_me.rolbypassrls)) THEN
                EXECUTE format('CREATE ROLE %I %s', v_role, v_options);
            ELSE
                v_todo := v_todo || format('CREATE ROLE %I %s;', v_role, v_options);
            END IF;
        END IF;
        IF NOT v_me.rolsuper AND v_role <> 'storekeeper_gateway' THEN
            IF to_regrole(v_role) IS NULL THEN
                v_todo := v_todo || format('GRANT %I TO %I WITH ADMIN TRUE, SET TRUE;', v_role, current_user);
            ELSIF NOT pg_has_role(current_user, v_role, 'SET') THEN
                IF pg_has_role(current_user, v_role, 'MEMBER WITH ADMIN OPTION') THEN
                    EXECUTE format('GRANT %I TO %I WITH SET TRUE', v_role, current_user);
                ELSE
                    v_todo := v_todo || format('GRANT %I TO %I WITH ADMIN TRUE, SET TRUE;', v_role, current_user);
                END IF;
            END IF;
        END IF;
    END LOOP;

    IF NOT has_database_privilege(current_database(), 'CREATE') THEN
        v_todo := v_todo || format('GRANT CREATE ON DATABASE %I TO %I;', current_database(), current_user);
    END IF;
    IF NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'vector') THEN
        IF NOT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'vector') THEN
            RAISE EXCEPTION USING
                ERRCODE = 'SK404',
                MESSAGE = 'This PostgreSQL server has no pgvector.',
                HINT = 'Install pgvector 0.8 or newer on the server (Debian: postgresql-NN-pgvector), then migrate again.';
        ELSIF NOT v_me.rolsuper AND NOT (SELECT bool_or(trusted) FROM pg_available_extension_versions WHERE name = 'vector') THEN
            v_todo := v_todo || 'CREATE EXTENSION vector SCHEMA public;'::text;
        END IF;
    END IF;

    IF v_todo <> '{}' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK403',
            MESSAGE = format('The account %I may not set up everything that Storekeeper needs.', current_user),
            DETAIL = array_to_string(v_todo, E'\n'),
            HINT = format('Have a superuser run the statements above in database %I, then migrate again.', current_database());
    END IF;
END
$do$;

CREATE EXTENSION IF NOT EXISTS vector SCHEMA public;

DO $do$
BEGIN
    -- CREATE is needed while this migration runs as these roles; only the schemas remain.
    EXECUTE format('GRANT CREATE ON DATABASE %I TO storekeeper_owner, storekeeper_definer', current_database());
END
$do$;

GRANT storekeeper_owner TO storekeeper_loader;

SET LOCAL ROLE storekeeper_definer;

CREATE SCHEMA gateway;
CREATE SCHEMA sandbox;
COMMENT ON SCHEMA gateway IS 'Storekeeper''s engine: who calls, as whom, and what is published.';
COMMENT ON SCHEMA sandbox IS 'Where free SQL runs: one function a persona, each owned by that persona''s powerless role.';
GRANT USAGE ON SCHEMA gateway TO storekeeper_owner, storekeeper_gateway, storekeeper_dba, storekeeper_loader;

CREATE TABLE gateway.personas (
    role           name PRIMARY KEY,
    description    text NOT NULL,
    free_sql_path  text NOT NULL,
    free_sql_zone  text NOT NULL
);
COMMENT ON TABLE gateway.personas IS 'The roles that calls run as.';
COMMENT ON COLUMN gateway.personas.free_sql_path IS 'The schemas whose tables free SQL may name unqualified.';
COMMENT ON COLUMN gateway.personas.free_sql_zone IS 'The time zone in which free SQL tells days apart.';

CREATE TABLE gateway.tenants (
    tenant_id uuid PRIMARY KEY,
    name      text NOT NULL
);
COMMENT ON TABLE gateway.tenants IS 'The tenants: whom rows belong to.';

CREATE TABLE gateway.principals (
    principal_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    email        text NOT NULL,
    display_name text NOT NULL,
    role         name NOT NULL REFERENCES gateway.personas,
    active       boolean NOT NULL DEFAULT true,
    all_tenants  boolean NOT NULL DEFAULT false,
    created_at   timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX principals_email_key ON gateway.principals (lower(email));
COMMENT ON TABLE gateway.principals IS 'The people who may call, and the persona that each is.';

CREATE TABLE gateway.principal_tenants (
    principal_id uuid NOT NULL REFERENCES gateway.principals ON DELETE CASCADE,
    tenant_id    uuid NOT NULL REFERENCES gateway.tenants ON DELETE CASCADE,
    PRIMARY KEY (principal_id, tenant_id)
);
CREATE INDEX principal_tenants_tenant_id_idx ON gateway.principal_tenants (tenant_id);
COMMENT ON TABLE gateway.principal_tenants IS 'Whose rows a person may see, unless all_tenants says every one.';

-- HMAC-SHA256 needs no extension when the key is kept as its two padded blocks.
CREATE TABLE gateway.keys (
    name       text PRIMARY KEY CHECK (name IN ('assertion', 'context')),
    inner_pad  bytea NOT NULL CHECK (octet_length(inner_pad) = 64),
    outer_pad  bytea NOT NULL CHECK (octet_length(outer_pad) = 64),
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE gateway.keys IS 'assertion: shared with the server. context: born here, never leaves.';

CREATE TABLE gateway.impersonations (
    at           timestamptz NOT NULL DEFAULT clock_timestamp(),
    dba          name NOT NULL,
    principal_id uuid NOT NULL
);
COMMENT ON TABLE gateway.impersonations IS 'Which DBA entered as whom at psql. The server log has those that were rolled back.';

CREATE TABLE gateway.calls (
    at           timestamptz NOT NULL,
    tool         text NOT NULL,
    principal    text,
    outcome      text NOT NULL,
    duration_ms  double precision NOT NULL,
    row_count    integer,
    request_id   text NOT NULL
);
CREATE INDEX calls_at_idx ON gateway.calls (at);
COMMENT ON TABLE gateway.calls IS 'The record of calls, written by the servers in batches.';
COMMENT ON COLUMN gateway.calls.outcome IS 'ok, or the error code.';

-- Works only in this global form; with IN SCHEMA it changes nothing.
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

RESET ROLE;

SET LOCAL ROLE storekeeper_owner;

CREATE SCHEMA tool;
CREATE SCHEMA resource;
CREATE SCHEMA prompt;
CREATE SCHEMA completion;
COMMENT ON SCHEMA tool IS 'Published: each function here is an MCP tool of the roles that may EXECUTE it.';
COMMENT ON SCHEMA resource IS 'Published: each function here is an MCP resource or resource template.';
COMMENT ON SCHEMA prompt IS 'Published: each function here is an MCP prompt.';
COMMENT ON SCHEMA completion IS 'Published: each function here completes the argument of its name.';

ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

RESET ROLE;

DO $do$
BEGIN
    IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        EXECUTE format('GRANT storekeeper_dba TO %I WITH INHERIT TRUE', current_user);
    END IF;
END
$do$;
