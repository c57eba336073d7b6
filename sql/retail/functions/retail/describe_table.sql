-- One table as whoever writes SQL needs to know it.
-- drop: DROP FUNCTION retail.describe_table;
CREATE OR REPLACE FUNCTION retail.describe_table(table_oid oid)
RETURNS json
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    -- Not of a table with row security: the estimate counts other people's rows.
    v_rows  bigint := (
        SELECT nullif(c.reltuples, -1)::bigint
        FROM pg_class AS c
        WHERE c.oid = describe_table.table_oid AND c.relkind <> 'v' AND NOT c.relrowsecurity
    );
    v_names json;
BEGIN
    -- What things are called, where that is a short list: categories, regions, stores.
    IF EXISTS (
        SELECT FROM pg_attribute AS a
        WHERE a.attrelid = describe_table.table_oid AND a.attname = 'name'
          AND has_column_privilege(a.attrelid, a.attnum, 'SELECT')
    ) THEN
        EXECUTE format(
            'SELECT json_agg(n.name ORDER BY n.name)'
            ' FROM (SELECT t.name FROM %s AS t LIMIT 101) AS n HAVING count(*) <= 100',
            describe_table.table_oid::regclass
        ) INTO v_names;
    END IF;

    RETURN (
        SELECT json_strip_nulls(json_build_object(
            'table', c.relname,
            'description', obj_description(c.oid, 'pg_class'),
            'approximate_rows', v_rows,
            'columns', (
                SELECT json_agg(json_build_object(
                    'name', a.attname,
                    'type', format_type(a.atttypid, a.atttypmod),
                    'nullable', NOT a.attnotnull,
                    'description', col_description(a.attrelid, a.attnum),
                    'values', coalesce(
                        CASE WHEN a.attname = 'name' THEN v_names END,
                        (
                            SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder)
                            FROM pg_enum AS e
                            WHERE e.enumtypid = a.atttypid
                        ),
                        -- CHECK (column IN (…)) is stored as column = ANY (ARRAY['…'::type, …]).
                        (
                            SELECT json_agg(replace(v.quoted[1], '''''', '''') ORDER BY v.n)
                            FROM pg_constraint AS k
                            CROSS JOIN LATERAL regexp_matches(
                                pg_get_constraintdef(k.oid), '''((?:[^'']|'''')*)''::', 'g'
                            ) WITH ORDINALITY AS v (quoted, n)
                            WHERE k.conrelid = a.attrelid
                              AND k.contype = 'c'
                              AND k.conkey = ARRAY[a.attnum]
                              AND pg_get_constraintdef(k.oid) ~ '= ANY'
                        )
                    )
                ) ORDER BY a.attnum)
                FROM pg_attribute AS a
                WHERE a.attrelid = c.oid
                  AND a.attnum > 0
                  AND NOT a.attisdropped
                  AND has_column_privilege(c.oid, a.attnum, 'SELECT')
            ),
            'primary_key', (
                SELECT retail.key_columns(k.conrelid, k.conkey)
                FROM pg_constraint AS k
                WHERE k.conrelid = c.oid AND k.contype = 'p'
            ),
            'foreign_keys', (
                SELECT json_agg(format(
                    '%s REFERENCES %s %s', retail.key_columns(k.conrelid, k.conkey),
                    r.table_name, retail.key_columns(k.confrelid, k.confkey)
                ) ORDER BY k.conname)
                FROM pg_constraint AS k
                JOIN retail.visible_tables() AS r ON r.table_oid = k.confrelid
                WHERE k.conrelid = c.oid AND k.contype = 'f'
            ),
            'referenced_by', (
                SELECT json_agg(format(
                    '%s %s', r.table_name, retail.key_columns(k.conrelid, k.conkey)
                ) ORDER BY k.conname)
                FROM pg_constraint AS k
                JOIN retail.visible_tables() AS r ON r.table_oid = k.conrelid
                WHERE k.confrelid = c.oid AND k.contype = 'f'
            )
        ))
        FROM pg_class AS c
        WHERE c.oid = describe_table.table_oid
    );
END
$function$;

COMMENT ON FUNCTION retail.describe_table IS $comment$
{table, description, approximate_rows, columns: [{name, type, nullable, description, values}],
primary_key, foreign_keys, referenced_by} of a table, as far as the caller may read it. From
pg_catalog, since information_schema shows keys to owners only.
@title Description of a table
@param table_oid  The table.
@return The description; parts that do not apply are left out.
@example SELECT retail.describe_table('retail.orders'::regclass);
$comment$;
REVOKE ALL ON FUNCTION retail.describe_table FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.describe_table TO store_managers, regional_managers, head_office;
