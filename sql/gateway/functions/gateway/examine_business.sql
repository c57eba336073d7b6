-- What the business says of its own data: the function doctor() of each of its schemas.
-- drop: DROP FUNCTION gateway.examine_business;
CREATE OR REPLACE FUNCTION gateway.examine_business()
RETURNS TABLE (subject text, ok boolean, finding text, hint text)
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_context CONSTANT text := concat_ws(
        '|', pg_backend_pid(), extract(epoch FROM transaction_timestamp()), current_user,
        '00000000-0000-0000-0000-000000000000',
        (SELECT coalesce(string_agg(t.tenant_id::text, ',' ORDER BY t.tenant_id), '') FROM gateway.tenants AS t)
    );
    v_before  CONSTANT text := coalesce(current_setting('storekeeper.context', true), '');
    v_mac     CONSTANT bytea := gateway.mac('context', v_context);
    v_schema  name;
BEGIN
    IF v_mac IS NULL THEN
        RETURN;  -- Without a key nobody sees a row, and all would seem well.
    END IF;
    PERFORM set_config('storekeeper.context', encode(v_mac, 'hex') || '|' || v_context, true);
    FOR v_schema IN
        SELECT n.nspname
        FROM pg_proc AS p
        JOIN pg_namespace AS n ON n.oid = p.pronamespace
        WHERE p.proname = 'doctor'
          AND n.nspname <> 'gateway'
          AND p.proowner = 'storekeeper_owner'::regrole
          -- It can't write: not even through what it calls.
          AND p.provolatile <> 'v'
          AND p.prokind = 'f'
          AND p.proretset
          AND p.pronargs = 0
          AND p.proallargtypes = '{text,boolean,text,text}'::regtype[]::oid[]
          AND has_schema_privilege(n.oid, 'USAGE')
          AND has_function_privilege(p.oid, 'EXECUTE')
        ORDER BY n.nspname
    LOOP
        BEGIN
            RETURN QUERY EXECUTE format('SELECT d.* FROM %I.doctor() AS d', v_schema);
        EXCEPTION WHEN OTHERS THEN
            -- A look that fails is itself what is to be told.
            subject := v_schema || '.doctor';
            ok := false;
            finding := format('failed: %s (%s)', SQLERRM, SQLSTATE);
            hint := 'Mend the function, or what it looks at.';
            RETURN NEXT;
        END;
    END LOOP;
    PERFORM set_config('storekeeper.context', v_before, true);
END
$function$;

COMMENT ON FUNCTION gateway.examine_business IS $comment$
For gateway.doctor and gateway.health: the rows of each function <schema>.doctor() RETURNS TABLE (subject text,
ok boolean, finding text, hint text) outside gateway that storekeeper_owner owns. Write it STABLE, SECURITY INVOKER
and quick, for it is asked every few seconds, and grant storekeeper_definer EXECUTE on it. It runs as that role in a
context with every tenant: for a table with row security grant the role SELECT and add a policy FOR SELECT TO
storekeeper_definer USING (true). One that fails is a finding itself.
$comment$;
REVOKE ALL ON FUNCTION gateway.examine_business FROM PUBLIC;
