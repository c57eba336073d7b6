-- How the database is, for a server that is asked.
-- drop: DROP FUNCTION gateway.health;
CREATE OR REPLACE FUNCTION gateway.health()
RETURNS json
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_applied  CONSTANT text[] := gateway.applied_migrations();
    v_before   CONSTANT text := coalesce(current_setting('storekeeper.context', true), '');
    v_context  text;
    v_doctor   record;
    v_said     jsonb;
    v_findings jsonb := '[]';
BEGIN
    -- Findings are about every tenant's rows. Policies that name storekeeper_definer let it see them
    -- here, and nowhere else: it has no other context.
    v_context := concat_ws(
        '|', pg_backend_pid(), extract(epoch FROM transaction_timestamp()), 'storekeeper_definer',
        '00000000-0000-0000-0000-000000000000',
        coalesce((SELECT string_agg(t.tenant_id::text, ',') FROM gateway.tenants AS t), '')
    );
    PERFORM set_config(
        'storekeeper.context', coalesce(encode(gateway.mac('context', v_context), 'hex') || '|' || v_context, ''), true
    );
    FOR v_doctor IN
        SELECT n.nspname, p.proname
        FROM pg_proc AS p
        JOIN pg_namespace AS n ON n.oid = p.pronamespace
        JOIN pg_roles AS r ON r.oid = p.proowner AND r.rolname IN ('storekeeper_owner', 'storekeeper_definer')
        WHERE p.proname = 'doctor'
          AND n.nspname <> 'gateway'
          AND p.pronargs = 0
          AND p.prokind = 'f'
          -- It can't write: not even through what it calls.
          AND p.provolatile <> 'v'
          AND p.proretset
          AND p.proargnames = '{subject,ok,finding,hint}'
          AND p.proallargtypes = '{text,boolean,text,text}'::regtype[]::oid[]
          AND has_schema_privilege(n.oid, 'USAGE')
          AND has_function_privilege(p.oid, 'EXECUTE')
        ORDER BY n.nspname
    LOOP
        BEGIN
            EXECUTE format(
                'SELECT jsonb_agg(jsonb_build_object(''subject'', d.subject, ''ok'', d.ok, ''finding'', d.finding)) FROM %I.%I() AS d',
                v_doctor.nspname, v_doctor.proname
            ) INTO v_said;
        EXCEPTION WHEN OTHERS THEN
            -- A look that fails is itself what is to be told.
            v_said := jsonb_build_array(jsonb_build_object(
                'subject', v_doctor.nspname || '.' || v_doctor.proname, 'ok', false, 'finding', format('failed: %s (%s)', SQLERRM, SQLSTATE)
            ));
        END;
        v_findings := v_findings || coalesce(v_said, '[]');
    END LOOP;
    PERFORM set_config('storekeeper.context', v_before, true);

    RETURN json_build_object(
        'database', json_build_object(
            'version', current_setting('server_version'),
            'in_recovery', pg_is_in_recovery(),
            'started_at', to_char(pg_postmaster_start_time() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
        ),
        'migrations', json_build_object(
            'applied', cardinality(v_applied),
            'newest', v_applied[cardinality(v_applied)]
        ),
        'record', json_build_object(
            'newest_seal', (
                SELECT json_build_object(
                    'seal_id', s.seal_id, 'digest', encode(s.digest, 'hex'),
                    'sealed_at', to_char(s.sealed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
                )
                FROM gateway.seals AS s
                ORDER BY s.seal_id DESC
                LIMIT 1
            ),
            'unsealed', (
                SELECT count(*)
                FROM unnest(gateway.unsealed()) AS g (entries)
                CROSS JOIN LATERAL (
                    SELECT FROM gateway.calls AS c
                    WHERE c.entry >= lower(g.entries) AND c.entry < coalesce(upper(g.entries), 9223372036854775807)
                    ORDER BY c.entry
                    LIMIT 100000
                ) AS c
            ),
            'partitions_until', (
                SELECT to_char(to_date(max(c.relname), '"calls_"YYYY_MM') + interval '1 month', 'YYYY-MM-DD')
                FROM pg_inherits AS i
                JOIN pg_class AS c ON c.oid = i.inhrelid AND c.relname ~ '^calls_\d{4}_\d{2}$'
                WHERE i.inhparent = 'gateway.calls'::regclass
            )
        ),
        'findings', v_findings
    );
END
$function$;

COMMENT ON FUNCTION gateway.health IS $comment$
{database: {version, in_recovery, started_at}, migrations: {applied, newest}, record: {newest_seal, unsealed,
partitions_until}, findings: [{subject, ok, finding}]}. The findings are those of every function <schema>.doctor()
RETURNS TABLE (subject text, ok boolean, finding text, hint text) outside gateway that belongs to storekeeper_owner
or storekeeper_definer. Write it STABLE, SECURITY INVOKER and quick, for this is asked every few seconds, and grant
storekeeper_definer EXECUTE on it. It runs as storekeeper_definer in a context with every tenant: for a table with
row security grant that role SELECT and add a policy FOR SELECT TO storekeeper_definer USING (true). One that
fails is a finding itself.
$comment$;
REVOKE ALL ON FUNCTION gateway.health FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.health TO storekeeper_gateway;
