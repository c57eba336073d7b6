-- Takes from PUBLIC what free SQL must not reach, and gives it to those who are trusted.
-- drop: DROP FUNCTION gateway.harden;
CREATE OR REPLACE FUNCTION gateway.harden(strength text)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_own     CONSTANT boolean NOT NULL := coalesce(harden.strength = 'own', false);
    v_taken   text;
    v_left    text;
    v_what    text;
    v_from    text;
    v_to      text;
BEGIN
    IF harden.strength NOT IN ('own', 'shared', 'none') IS NOT FALSE THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK400',
            MESSAGE = format('There is no strength %L.', harden.strength),
            HINT = 'own: a database for Storekeeper alone. shared: one that others use too. none: as PostgreSQL is.';
    ELSIF NOT (SELECT r.rolsuper FROM pg_roles AS r WHERE r.rolname = current_user) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK403',
            MESSAGE = 'Only a superuser can take rights on built-in functions from PUBLIC.',
            HINT = 'Where there is none: SELECT gateway.accept_exposures() serves free SQL as things are.';
    END IF;

    WITH restricted (function_oid, acting) AS (
        SELECT a.function_oid, true FROM gateway.acting_functions() AS a
        UNION ALL
        SELECT t.function_oid, false FROM gateway.telling_functions() AS t
    ),
    allowed AS (
        -- Not those that are a superuser's alone from the start.
        SELECT r.function_oid, harden.strength <> 'none' AND (r.acting OR v_own) AS taken
        FROM restricted AS r
        JOIN pg_proc AS p ON p.oid = r.function_oid
        WHERE EXISTS (
            SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS a
            WHERE a.grantee IN (0, 'storekeeper_trusted'::regrole) AND a.privilege_type = 'EXECUTE'
        )
    )
    SELECT
        string_agg(function_oid::regprocedure::text, ', ') FILTER (WHERE taken),
        string_agg(function_oid::regprocedure::text, ', ') FILTER (WHERE NOT taken)
    INTO v_taken, v_left
    FROM allowed;
    IF v_taken IS NOT NULL THEN
        -- In this order: the event trigger that runs after each statement needs some of them.
        EXECUTE 'GRANT EXECUTE ON FUNCTION ' || v_taken || ' TO storekeeper_trusted';
        EXECUTE 'REVOKE EXECUTE ON FUNCTION ' || v_taken || ' FROM PUBLIC';
    END IF;
    IF v_left IS NOT NULL THEN
        EXECUTE 'GRANT EXECUTE ON FUNCTION ' || v_left || ' TO PUBLIC';
        EXECUTE 'REVOKE EXECUTE ON FUNCTION ' || v_left || ' FROM storekeeper_trusted';
    END IF;
    -- What gateway.enter needs until it has taken the persona's role, and the clearing up after it.
    EXECUTE format(
        '%s EXECUTE ON FUNCTION set_config(text, text, boolean), current_setting(text, boolean),'
        ' pg_advisory_unlock_all() %s storekeeper_gateway',
        CASE WHEN harden.strength = 'none' THEN 'REVOKE' ELSE 'GRANT' END,
        CASE WHEN harden.strength = 'none' THEN 'FROM' ELSE 'TO' END
    );

    -- Given back only what an earlier call took: the DBA may have taken the rest for reasons of their own.
    IF v_own OR EXISTS (SELECT FROM gateway.hardening AS h WHERE h.strength = 'own') THEN
        v_from := CASE WHEN v_own THEN 'PUBLIC' ELSE 'storekeeper_trusted' END;
        v_to := CASE WHEN v_own THEN 'storekeeper_trusted' ELSE 'PUBLIC' END;
        FOR v_what IN
            SELECT 'SELECT ON ' || string_agg(c.oid::regclass::text, ', ')
            FROM pg_class AS c
            CROSS JOIN LATERAL aclexplode(c.relacl) AS a
            WHERE c.relnamespace IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
              AND a.privilege_type = 'SELECT'
              AND a.grantee = CASE WHEN v_own THEN 0 ELSE 'storekeeper_trusted'::regrole END
            HAVING count(*) > 0
            UNION ALL
            SELECT format('SELECT (%s) ON %s', string_agg(c.attname, ', '), c.attrelid::regclass)
            FROM pg_attribute AS c
            JOIN pg_class AS r ON r.oid = c.attrelid AND r.relnamespace = 'pg_catalog'::regnamespace
            CROSS JOIN LATERAL aclexplode(c.attacl) AS a
            WHERE a.privilege_type = 'SELECT'
              AND a.grantee = CASE WHEN v_own THEN 0 ELSE 'storekeeper_trusted'::regrole END
            GROUP BY c.attrelid
            UNION ALL
            SELECT format('TEMPORARY ON DATABASE %I', current_database())
            UNION ALL
            SELECT 'USAGE ON LANGUAGE sql, plpgsql'
        LOOP
            EXECUTE format('REVOKE %s FROM %s', v_what, v_from);
            EXECUTE format('GRANT %s TO %s', v_what, v_to);
        END LOOP;
    END IF;
    IF v_own THEN
        REVOKE CREATE ON SCHEMA public FROM PUBLIC;
    END IF;

    IF harden.strength = 'shared' THEN
        -- Whoever else works in this server keeps what PUBLIC had.
        SELECT string_agg(quote_ident(r.rolname), ', ') INTO v_to
        FROM pg_roles AS r
        WHERE NOT r.rolsuper
          AND r.rolname !~ '^(pg|storekeeper|sandbox)_'
          AND to_regrole(quote_ident('sandbox_' || r.rolname)) IS NULL;
        IF v_to IS NOT NULL THEN
            EXECUTE 'GRANT storekeeper_trusted TO ' || v_to || ' WITH INHERIT TRUE';
        END IF;
    END IF;
    EXECUTE format(
        'ALTER ROLE storekeeper_gateway IN DATABASE %I %s',
        current_database(),
        CASE WHEN harden.strength = 'none' THEN 'RESET temp_file_limit' ELSE 'SET temp_file_limit = ''1GB''' END
    );

    INSERT INTO gateway.hardening AS h (strength, dba)
    VALUES (nullif(harden.strength, 'none'), session_user)
    ON CONFLICT (one_row) DO UPDATE SET strength = excluded.strength, accepted = '{}', dba = excluded.dba, at = now();
END
$function$;

COMMENT ON FUNCTION gateway.harden IS $comment$
For a superuser. own: takes from PUBLIC, and gives to storekeeper_trusted, the built-in functions that act
or tell about others, the catalogs, temporary tables and languages. shared: only the functions that act,
and every other role of the server becomes storekeeper_trusted; one that is made later is granted it by
hand. none: gives all back. Safe to run again, and to be run again after an upgrade of PostgreSQL.
$comment$;
REVOKE ALL ON FUNCTION gateway.harden FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.harden TO storekeeper_dba;
