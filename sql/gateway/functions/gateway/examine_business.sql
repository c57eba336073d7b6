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
          AND p.provolatile <> 'v'
          AND p.pronargs = 0
          AND p.proallargtypes = ARRAY['text', 'boolean', 'text', 'text']::regtype[]::oid[]
          AND has_function_privilege(p.oid, 'EXECUTE')
        ORDER BY n.nspname
    LOOP
        RETURN QUERY EXECUTE format('SELECT d.* FROM %I.doctor() AS d', v_schema);
    END LOOP;
    PERFORM set_config('storekeeper.context', v_before, true);
END
$function$;

COMMENT ON FUNCTION gateway.examine_business IS $comment$
For gateway.doctor: the rows of each function doctor() RETURNS TABLE (text, boolean, text, text) that
storekeeper_owner owns and storekeeper_definer may execute. It runs as storekeeper_definer, within row security,
with a context signed for every tenant.
$comment$;
REVOKE ALL ON FUNCTION gateway.examine_business FROM PUBLIC;
