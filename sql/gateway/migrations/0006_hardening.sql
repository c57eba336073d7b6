-- What free SQL must not reach: who keeps it, what the DBA chose, and the schema of its guards.
-- depends: 0003_context_key_and_catalog_notice

DO $do$
DECLARE
    v_me   CONSTANT pg_roles NOT NULL := (SELECT r FROM pg_roles AS r WHERE r.rolname = current_user);
    v_todo text[] := '{}';
    v_role name;
BEGIN
    -- Roles belong to the whole server and may be there from another database.
    IF to_regrole('storekeeper_trusted') IS NULL THEN
        IF v_me.rolsuper OR v_me.rolcreaterole THEN
            CREATE ROLE storekeeper_trusted NOLOGIN;
        ELSE
            v_todo := v_todo || 'CREATE ROLE storekeeper_trusted NOLOGIN;'::text;
        END IF;
    END IF;
    -- storekeeper_loader has it through storekeeper_owner.
    FOREACH v_role IN ARRAY ARRAY['storekeeper_owner', 'storekeeper_definer', 'storekeeper_dba']::name[] LOOP
        CONTINUE WHEN pg_has_role(v_role, to_regrole('storekeeper_trusted'), 'USAGE');
        IF pg_has_role(to_regrole('storekeeper_trusted'), 'MEMBER WITH ADMIN OPTION') THEN
            EXECUTE format('GRANT storekeeper_trusted TO %I WITH INHERIT TRUE', v_role);
        ELSE
            v_todo := v_todo || format('GRANT storekeeper_trusted TO %I WITH INHERIT TRUE;', v_role);
        END IF;
    END LOOP;
    IF v_todo <> '{}' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK403',
            MESSAGE = format('The account %I may not make the role storekeeper_trusted and its members.', current_user),
            DETAIL = array_to_string(v_todo, E'\n'),
            HINT = 'Have a superuser run the statements above, then migrate again.';
    END IF;
END
$do$;

SET LOCAL ROLE storekeeper_definer;

CREATE SCHEMA guard;
COMMENT ON SCHEMA guard IS 'First on the path of free SQL: built-in functions with a limit on what they make.';
-- A right here, so that the role stays when another database of the server is rolled back.
GRANT USAGE ON SCHEMA guard TO storekeeper_trusted;

CREATE TABLE gateway.hardening (
    one_row  boolean PRIMARY KEY DEFAULT true CHECK (one_row),
    strength text CHECK (strength IN ('own', 'shared')),
    accepted text[] NOT NULL DEFAULT '{}',
    dba      name NOT NULL,
    at       timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE gateway.hardening IS 'How this database is hardened: one row, none before the DBA has chosen.';
COMMENT ON COLUMN gateway.hardening.accepted IS 'The families that the DBA lets free SQL reach all the same.';

RESET ROLE;
