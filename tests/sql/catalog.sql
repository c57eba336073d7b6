-- The rules of sql/README.md, over every function, table and policy of ours.
BEGIN;
\ir tap.sql
SELECT plan(21);

CREATE TEMP TABLE func ON COMMIT DROP AS
SELECT
    p.*, p.pronamespace::regnamespace::text AS schema, p.oid::regproc::text AS called,
    obj_description(p.oid, 'pg_proc') AS comment, p.proowner::regrole::text AS owner
FROM pg_proc AS p
WHERE p.pronamespace::regnamespace::text
    = ANY ('{tool,resource,prompt,completion,retail,search,embedding,gateway,guard,sample,sandbox}');

CREATE TEMP TABLE rel ON COMMIT DROP AS
SELECT c.*, c.oid::regclass::text AS called, c.relnamespace::regnamespace::text AS schema
FROM pg_class AS c
WHERE c.relnamespace::regnamespace::text
    = ANY ('{tool,resource,prompt,completion,retail,search,embedding,gateway,guard,sample,sandbox}');

-- Functions
SELECT is_empty(
    $$SELECT called FROM func WHERE coalesce(comment, '') = '' AND schema <> 'sandbox'$$,
    'each function has a comment; those of the sandbox are generated'
);
SELECT is_empty(
    $$SELECT f.called
        FROM func AS f, aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) AS a
        WHERE a.grantee = 0$$,
    'PUBLIC may execute none'
);
SELECT is_empty(
    $$SELECT f.called, a.grantee::regrole FROM func AS f, aclexplode(f.proacl) AS a
        WHERE a.grantee <> 0 AND NOT has_schema_privilege(a.grantee, f.pronamespace, 'USAGE')$$,
    'and nobody else one in a schema that is closed to them'
);
-- A body that was bound when it was created (RETURN …) needs no path. Those that run, explain or type
-- free SQL have their caller's: it is resolved along the sandbox function's. Nor do the guards pin
-- one, which would cost them their speed: only free SQL calls them, along a path that nobody writes on.
SELECT is_empty(
    $$SELECT called FROM func
        WHERE prosqlbody IS NULL
          AND (schema <> 'guard' OR provolatile = 'v' OR prosecdef)
          AND called <> ALL ('{gateway.run_query,gateway.explain_query,gateway.query_types}')
          AND NOT coalesce(proconfig && ARRAY[
            'search_path=pg_catalog, pg_temp', 'search_path=guard, pg_catalog, retail, public, pg_temp',
            'search_path=guard, pg_catalog, public, public, pg_temp'
          ], false)$$,
    'each function pins its search_path'
);
SELECT is_empty(
    $$SELECT called FROM func
        WHERE schema <> 'sandbox'
          AND array_to_string(proconfig, ' ') ~ 'search_path=(?!pg_catalog, pg_temp)'$$,
    'and only the sandbox''s find tables unqualified'
);
-- But store_embeddings, which takes vectors from the gateway with the rights of who owns the tables; and
-- are_embeddings_indexed, which takes nothing and tells of the catalog alone.
SELECT is_empty(
    $$SELECT f.called, a.grantee::regrole FROM func AS f, aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) AS a
        WHERE f.prosecdef AND f.schema NOT IN ('gateway', 'sandbox')
          AND NOT (f.proname = 'store_embeddings' AND a.grantee::regrole::text IN ('storekeeper_owner', 'storekeeper_definer'))
          AND NOT (f.called = 'retail.are_embeddings_indexed' AND f.pronargs = 0)$$,
    'SECURITY DEFINER is the gateway''s and the sandbox''s alone'
);
SELECT is_empty(
    $$SELECT called, owner FROM func
        WHERE owner <> CASE
            WHEN schema IN ('gateway', 'guard', 'embedding') THEN 'storekeeper_definer'
            WHEN schema = 'sandbox' THEN 'sandbox_' || substr(proname, 5)
            ELSE 'storekeeper_owner'
        END$$,
    'each function belongs to the role that it should'
);
SELECT is_empty(
    $$SELECT r.rolname FROM pg_roles AS r
        WHERE (r.rolname ~ '^storekeeper_(owner|definer|gateway|dba|auditor)$'
            OR r.rolname ~ '^(sandbox_)?(store_managers|regional_managers|head_office|operators)$')
          AND (r.rolsuper OR r.rolbypassrls)$$,
    'no role of a call, and none that owns anything, gets round row security'
);
SELECT is_empty(
    $$SELECT called FROM func WHERE schema <> 'guard' GROUP BY called HAVING count(*) > 1$$,
    'no function is overloaded, but the guards are, as what they stand before is'
);
SELECT is_empty(
    $$SELECT called FROM func
        WHERE schema IN ('resource', 'prompt', 'completion') AND provolatile = 'v'$$,
    'only tools may write'
);

-- What is published
SELECT is_empty(
    $$SELECT called FROM func
        WHERE schema IN ('tool', 'resource', 'prompt', 'completion')
          AND (comment !~ '(?n)^@title \S' OR comment !~ '(?n)^@example \S'
              OR comment !~ '(?n)^@return \S')$$,
    'what is published has a title, an example and says what it returns'
);
SELECT is_empty(
    $$SELECT called, octet_length(comment) FROM func
        WHERE schema = 'tool' AND octet_length(comment) > 1200$$,
    'a tool''s comment is short: about a kilobyte'
);
CREATE TEMP TABLE argument ON COMMIT DROP AS
SELECT f.called, f.schema, a.name
FROM func AS f, unnest(f.proargnames, f.proargmodes) AS a (name, mode)
WHERE coalesce(a.mode, 'i') IN ('i', 'b', 'v');
CREATE TEMP TABLE tag ON COMMIT DROP AS
SELECT f.called, t.m[1] AS kind, t.m[2] AS name
FROM func AS f, regexp_matches(f.comment, '(?n)^@(param|sql)\s+(\w+)', 'g') AS t (m)
UNION ALL
SELECT f.called, 'embeds', n.name
FROM func AS f, regexp_matches(f.comment, '(?n)^@embeds\s+(\w+) (\w+) (\w+)$', 'g') AS t (m), unnest(t.m) AS n (name);
SELECT is_empty(
    $$SELECT called, kind, name FROM tag EXCEPT SELECT a.called, k, a.name
        FROM argument AS a, unnest('{param,sql,embeds}'::text[]) AS k$$,
    '@param, @sql and @embeds name arguments that are there'
);
SELECT is_empty(
    $$SELECT called, name FROM argument WHERE schema IN ('tool', 'resource', 'prompt', 'completion')
          AND name <> 'idempotency_key'
        EXCEPT SELECT called, name FROM tag WHERE kind IN ('param', 'embeds')$$,
    'each argument of what is published has its @param, but the key and the vector that the server fills'
);
SELECT is_empty(
    $$SELECT f.called FROM func AS f
        WHERE f.schema IN ('tool', 'resource', 'prompt', 'completion')
          AND NOT EXISTS (
            SELECT FROM aclexplode(f.proacl) AS a
                JOIN gateway.personas AS p ON p.role = a.grantee::regrole::text
          )$$,
    'what is published is granted to somebody'
);

SELECT is_empty(
    $$SELECT f.called FROM func AS f
        WHERE f.schema = 'tool' AND f.provolatile = 'v'
          AND NOT coalesce(f.proargnames, '{}') @> '{idempotency_key}'$$,
    'what writes can be asked for twice and happen once'
);
SELECT is_empty(
    $$SELECT f.called FROM func AS f
        WHERE f.schema = 'tool' AND f.proargnames @> '{idempotency_key}'
          AND NOT (f.prosrc LIKE '%gateway.once(''' || f.proname || ''', idempotency_key, %'
            AND f.prosrc LIKE '%gateway.answered(''' || f.proname || ''', idempotency_key, %')$$,
    'and says so to the gateway, under its own name'
);

-- Tables
SELECT is_empty(
    $$SELECT t.called FROM rel AS t
        JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attname = 'store_id'
        WHERE t.relkind IN ('r', 'p') AND t.schema <> 'sample'
          AND NOT (t.relrowsecurity AND t.relforcerowsecurity AND EXISTS (
            SELECT FROM pg_policy AS p
            WHERE p.polrelid = t.oid AND p.polname = 'tenant_guard' AND NOT p.polpermissive
              AND p.polroles = '{0}' AND p.polcmd = '*'
              AND pg_get_expr(p.polqual, p.polrelid) LIKE '%( SELECT gateway.tenant_ids() %'
              AND pg_get_expr(p.polwithcheck, p.polrelid) LIKE '%( SELECT gateway.tenant_ids() %'
          ))$$,
    'each table with a store_id has row security, forced, and the guard'
);
SELECT is_empty(
    $$SELECT p.polrelid::regclass, p.polname FROM pg_policy AS p
        WHERE concat_ws(
                ' ', pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)
            ) ~ '(?<!SELECT )(retail|gateway)\.\w+\('$$,
    'policies call functions as (SELECT f()), once a statement'
);
SELECT is_empty(
    $$SELECT t.called FROM rel AS t
        WHERE t.relkind = 'v'
            AND NOT coalesce(t.reloptions && '{security_invoker=true,security_invoker=on}', false)
           OR t.relkind = 'm'$$,
    'views ask as the caller, and nothing is materialized'
);
-- A store's rows are looked up by store first, so store_id may come before the key's columns.
-- Regions and personas are a handful that nobody deletes; their few stores and people need none.
SELECT is_empty(
    $$SELECT k.conrelid::regclass, k.conname FROM pg_constraint AS k
        JOIN rel AS t ON t.oid = k.conrelid
        WHERE k.contype = 'f'
          AND k.conname NOT IN ('stores_region_id_fkey', 'principals_role_fkey')
          AND NOT EXISTS (
            SELECT FROM pg_index AS i
            WHERE i.indrelid = k.conrelid
              AND i.indpred IS NULL
              AND (i.indkey::smallint[])[0:i.indnkeyatts - 1] @> k.conkey
              AND i.indkey[0] = ANY (k.conkey || (
                SELECT a.attnum FROM pg_attribute AS a
                WHERE a.attrelid = k.conrelid AND a.attname = 'store_id'
              ))
        )$$,
    'each foreign key has an index'
);

SELECT * FROM finish();
ROLLBACK;
