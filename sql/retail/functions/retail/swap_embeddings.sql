-- Puts the vectors of the next model in place of those that are searched.
-- drop: DROP FUNCTION retail.swap_embeddings;
CREATE OR REPLACE FUNCTION retail.swap_embeddings(model_id smallint)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_model_id smallint;
    v_schema   text;
    v_name     text;
    v_grant    record;
    v_trigger  record;
    v_comment  text;
    v_next_comment text;
BEGIN
    LOCK TABLE search.description_model, search.next_description_model,
        retail.product_description_embeddings, retail.next_product_description_embeddings
        IN ACCESS EXCLUSIVE MODE;
    SELECT m.model_id INTO v_model_id
    FROM embedding.models AS m
    WHERE m.model_id = swap_embeddings.model_id AND m.provider <> 'built-in';
    IF v_model_id IS DISTINCT FROM (SELECT n.model_id FROM search.next_description_model AS n) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK409',
            MESSAGE = 'The next vectors are those of another model.',
            HINT = 'storekeeper embed makes them anew.';
    END IF;
    FOR v_schema, v_name IN VALUES ('search', 'description_model'), ('retail', 'product_description_embeddings') LOOP
        -- Whoever may read these may read the new ones; the old ones are nobody's.
        FOR v_grant IN
            SELECT g.privilege_type || a.part AS may, CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE g.grantee::regrole::text END AS who
            FROM (
                SELECT format(' (%I)', a.attname) AS part, a.attacl AS acl
                FROM pg_attribute AS a
                WHERE a.attrelid = to_regclass(v_schema || '.' || v_name)
                UNION ALL
                SELECT '', c.relacl FROM pg_class AS c WHERE c.oid = to_regclass(v_schema || '.' || v_name)
            ) AS a, aclexplode(a.acl) AS g
            WHERE g.grantee <> 'storekeeper_owner'::regrole
        LOOP
            EXECUTE format(
                'GRANT %1$s ON %3$s.next_%4$s TO %2$s; REVOKE %1$s ON %3$s.%4$s FROM %2$s',
                v_grant.may, v_grant.who, v_schema, v_name
            );
        END LOOP;
        v_comment := obj_description(to_regclass(v_schema || '.' || v_name), 'pg_class');
        v_next_comment := obj_description(to_regclass(v_schema || '.next_' || v_name), 'pg_class');
        EXECUTE format('ALTER TABLE %s.%s RENAME TO former_%2$s', v_schema, v_name);
        EXECUTE format('ALTER TABLE %s.next_%s RENAME TO %2$s', v_schema, v_name);
        EXECUTE format('ALTER TABLE %s.former_%s RENAME TO next_%2$s', v_schema, v_name);
        EXECUTE format('COMMENT ON TABLE %s.%s IS %L', v_schema, v_name, v_comment);
        EXECUTE format('COMMENT ON TABLE %s.next_%s IS %L', v_schema, v_name, v_next_comment);
        -- What watched the old ones watches the new ones.
        FOR v_trigger IN
            SELECT
                t.tgname, replace(pg_get_triggerdef(t.oid), ' ON ' || v_schema || '.next_', ' ON ' || v_schema || '.') AS ddl,
                CASE t.tgenabled
                    WHEN 'A' THEN 'ENABLE ALWAYS' WHEN 'R' THEN 'ENABLE REPLICA' WHEN 'D' THEN 'DISABLE' ELSE 'ENABLE'
                END AS state
            FROM pg_trigger AS t
            WHERE t.tgrelid = to_regclass(v_schema || '.next_' || v_name) AND NOT t.tgisinternal
        LOOP
            EXECUTE v_trigger.ddl;
            EXECUTE format('ALTER TABLE %s.%s %s TRIGGER %I', v_schema, v_name, v_trigger.state, v_trigger.tgname);
            EXECUTE format('DROP TRIGGER %3$I ON %1$s.next_%2$s', v_schema, v_name, v_trigger.tgname);
        END LOOP;
    END LOOP;
    PERFORM retail.empty_next_embeddings();
END
$function$;

COMMENT ON FUNCTION retail.swap_embeddings IS $comment$
For gateway.activate_model, as storekeeper_owner: the two tables of vectors change their names, which takes no longer
for a million products than for one, and the former vectors are dropped. Indexes go with their table; grants, triggers
and comments stay with the name. SK409 where the next vectors are another model's.
$comment$;
REVOKE ALL ON FUNCTION retail.swap_embeddings FROM PUBLIC;
