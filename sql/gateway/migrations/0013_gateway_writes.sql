-- writes: written by storekeeper ship from the object files named below.
-- depends: 0011_answers_of_writes

SET LOCAL ROLE storekeeper_definer;
SET LOCAL check_function_bodies = off;

-- object: functions/gateway/add_persona.sql
-- Makes a role that calls can run as, with the powerless twin that its free SQL runs as.
-- drop: DROP FUNCTION gateway.add_persona;
CREATE OR REPLACE FUNCTION gateway.add_persona(
    role          name,
    description   text,
    free_sql_path text DEFAULT 'public',
    free_sql_zone text DEFAULT 'UTC'
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_sandbox CONSTANT name := 'sandbox_' || add_persona.role;
    v_may     CONSTANT boolean NOT NULL := (
        SELECT r.rolsuper OR r.rolcreaterole FROM pg_roles AS r WHERE r.rolname = current_user
    );
    v_todo    text[] := '{}';
    v_role    name;
BEGIN
    -- Roles belong to the whole server and may be there from another database.
    FOREACH v_role IN ARRAY ARRAY[add_persona.role, v_sandbox] LOOP
        IF to_regrole(quote_ident(v_role)) IS NULL AND v_may THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', v_role);
        END IF;
        IF to_regrole(quote_ident(v_role)) IS NULL THEN
            v_todo := v_todo || format('CREATE ROLE %I NOLOGIN;', v_role)
                || format('GRANT %I TO %I WITH ADMIN TRUE, SET TRUE;', v_role, current_user);
        ELSIF NOT pg_has_role(current_user, v_role, 'MEMBER WITH ADMIN OPTION') THEN
            v_todo := v_todo || format('GRANT %I TO %I WITH ADMIN TRUE, SET TRUE;', v_role, current_user);
        ELSIF NOT pg_has_role(current_user, v_role, 'SET') THEN
            EXECUTE format('GRANT %I TO %I WITH SET TRUE', v_role, current_user);
        END IF;
    END LOOP;
    IF v_todo <> '{}' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK403',
            MESSAGE = format('The account %I may not make the persona %I.', current_user, add_persona.role),
            DETAIL = array_to_string(v_todo, E'\n'),
            HINT = 'Have a superuser run the statements above, then try again.';
    END IF;
    EXECUTE format('GRANT %I TO storekeeper_gateway, storekeeper_dba WITH INHERIT FALSE, SET TRUE', add_persona.role);
    EXECUTE format('GRANT %I TO %I WITH INHERIT TRUE, SET FALSE', add_persona.role, v_sandbox);

    SET LOCAL ROLE storekeeper_owner;
    EXECUTE format('GRANT USAGE ON SCHEMA tool, resource, prompt, completion TO %I', add_persona.role);
    SET LOCAL ROLE storekeeper_definer;
    INSERT INTO gateway.personas (role, description, free_sql_path, free_sql_zone)
    VALUES (add_persona.role, add_persona.description, add_persona.free_sql_path, add_persona.free_sql_zone);
    EXECUTE format('GRANT USAGE ON SCHEMA gateway, sandbox TO %I', add_persona.role);
    EXECUTE format(
        'GRANT EXECUTE ON FUNCTION gateway.admit_free_query, gateway.answered, gateway.catalog,'
        ' gateway.describe_table, gateway.free_query, gateway.once, gateway.persona, gateway.principal_id,'
        ' gateway.progress, gateway.tenant_ids, gateway.visible_tables, gateway.who TO %I', add_persona.role
    );
    RESET ROLE;
    PERFORM gateway.make_sandbox(add_persona.role);
END
$function$;

COMMENT ON FUNCTION gateway.add_persona IS $comment$
For the DBA: makes the role, its sandbox role and its sandbox function, and grants both what a call
needs. free_sql_path: the schemas whose tables free SQL may name unqualified; free_sql_zone: the time
zone in which free SQL tells days apart. Grant the role SELECT on your tables and EXECUTE on its tools.
$comment$;
REVOKE ALL ON FUNCTION gateway.add_persona FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.add_persona TO storekeeper_dba;

-- object: functions/gateway/answered.sql
-- Ends a write that gateway.once began: keeps what it answers.
-- drop: DROP FUNCTION gateway.answered;
CREATE OR REPLACE FUNCTION gateway.answered(tool text, key text, answer jsonb)
RETURNS jsonb
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF answered.key IS NOT NULL THEN
        UPDATE gateway.answers AS a
        SET answer = coalesce(answered.answer, 'null')
        WHERE (a.principal_id, a.tool, a.key) = (gateway.principal_id(), answered.tool, answered.key)
          AND a.answer IS NULL
          -- Of this transaction: what was told once is never told otherwise.
          AND a.at = now();
        IF NOT FOUND THEN
            RAISE EXCEPTION USING
                ERRCODE = 'SK409',
                MESSAGE = format('No call of %s with idempotency_key %L is under way.', answered.tool, answered.key),
                HINT = 'Call gateway.once with the same tool and key first, in the same transaction.';
        END IF;
    END IF;
    RETURN answered.answer;
END
$function$;

COMMENT ON FUNCTION gateway.answered IS $comment$
For writing functions, last of all: keeps the answer under the tool and key that gateway.once was given in this
transaction, and returns it. Without a key (NULL) it only returns it. SK409 where gateway.once was not called.
$comment$;
REVOKE ALL ON FUNCTION gateway.answered FROM PUBLIC;

-- object: functions/gateway/once.sql
-- Begins a write that is to happen once, however often it is asked for.
-- drop: DROP FUNCTION gateway.once;
CREATE OR REPLACE FUNCTION gateway.once(tool text, key text, arguments jsonb)
RETURNS jsonb
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_principal_id uuid;
    v_digest       CONSTANT bytea := sha256(convert_to(coalesce(once.arguments, 'null')::text, 'UTF8'));
    v_known        gateway.answers;
BEGIN
    IF once.key IS NULL THEN
        RETURN NULL;
    END IF;
    v_principal_id := gateway.principal_id();
    IF v_principal_id IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK401',
            MESSAGE = 'Nobody is signed in, so nobody''s key can be kept.',
            HINT = 'Sign in; at psql: SELECT gateway.impersonate(''…'').';
    ELSIF length(once.key) NOT BETWEEN 1 AND 200 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = format('idempotency_key has %s characters.', length(once.key)),
            HINT = 'Give 1 to 200 characters that no other call uses, for example a UUID.';
    END IF;

    -- Waits for a call with this key that is under way, by the unique index.
    INSERT INTO gateway.answers (principal_id, tool, key, arguments_digest)
    VALUES (v_principal_id, once.tool, once.key, v_digest)
    ON CONFLICT DO NOTHING;
    IF FOUND THEN
        RETURN NULL;
    END IF;

    SELECT a.* INTO v_known
    FROM gateway.answers AS a
    WHERE (a.principal_id, a.tool, a.key) = (v_principal_id, once.tool, once.key);
    IF v_known.arguments_digest IS DISTINCT FROM v_digest THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK409',
            MESSAGE = format('idempotency_key %L was used for a call of %s with other arguments.', once.key, once.tool),
            HINT = 'Nothing was written now. A new call takes a new key; to repeat the earlier one, repeat its arguments.';
    ELSIF v_known.answer IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK409',
            MESSAGE = format('The call of %s with idempotency_key %L was done; its answer was not kept.', once.tool, once.key),
            HINT = 'Nothing was written now. Look at what the earlier call did before you write again.';
    END IF;
    RETURN v_known.answer;
END
$function$;

COMMENT ON FUNCTION gateway.once IS $comment$
For writing functions, first of all: NULL says do the work, then hand what you answer to gateway.answered with
the same tool and key. Anything else is the answer that this person's call with this key got, to be returned as
it is. Waits for a call with the same key that is under way. SK409 when the key was used with other arguments,
SK401 when nobody is signed in, SK400 for a key that is empty or longer than 200 characters. Without a key
(NULL) always NULL, and nothing is kept.
$comment$;
REVOKE ALL ON FUNCTION gateway.once FROM PUBLIC;

-- end of objects
NOTIFY storekeeper_catalog;
