-- One table as whoever writes SQL needs to know it.
-- drop: DROP FUNCTION gateway.describe_table;
CREATE OR REPLACE FUNCTION gateway.describe_table(table_oid oid, names json DEFAULT NULL)
RETURNS json
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_reader CONSTANT name := gateway.persona();
    -- Not of a table with row security: the estimate counts other people's rows.
    v_rows   CONSTANT bigint := (
        SELECT nullif(c.reltuples, -1)::bigint
        FROM pg_class AS c
        WHERE c.oid = describe_table.table_oid AND c.relkind <> 'v' AND NOT c.relrowsecurity
    );
BEGIN
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
                        CASE WHEN a.attname = 'name' THEN describe_table.names END,
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
                  AND has_column_privilege(v_reader, c.oid, a.attnum, 'SELECT')
            ),
            'primary_key', (
                SELECT gateway.key_columns(k.conrelid, k.conkey)
                FROM pg_constraint AS k
                WHERE k.conrelid = c.oid AND k.contype = 'p'
            ),
            'foreign_keys', (
                SELECT json_agg(format(
                    '%s REFERENCES %s %s', gateway.key_columns(k.conrelid, k.conkey),
                    r.relname, gateway.key_columns(k.confrelid, k.confkey)
                ) ORDER BY k.conname)
                FROM pg_constraint AS k
                JOIN pg_class AS r ON r.oid = k.confrelid AND has_any_column_privilege(v_reader, r.oid, 'SELECT')
                WHERE k.conrelid = c.oid AND k.contype = 'f'
            ),
            'referenced_by', (
                SELECT json_agg(format(
                    '%s %s', r.relname, gateway.key_columns(k.conrelid, k.conkey)
                ) ORDER BY k.conname)
                FROM pg_constraint AS k
                JOIN pg_class AS r ON r.oid = k.conrelid AND has_any_column_privilege(v_reader, r.oid, 'SELECT')
                WHERE k.confrelid = c.oid AND k.contype = 'f'
            )
        ))
        FROM pg_class AS c
        WHERE c.oid = describe_table.table_oid AND has_any_column_privilege(v_reader, c.oid, 'SELECT')
    );
END
$function$;

COMMENT ON FUNCTION gateway.describe_table IS $comment$
{table, description, approximate_rows, columns: [{name, type, nullable, description, values}],
primary_key, foreign_keys, referenced_by} of a table, as far as the caller may read it. names: what its rows are
called, the values of column name.
$comment$;
REVOKE ALL ON FUNCTION gateway.describe_table FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.describe_table TO storekeeper_owner, storekeeper_dba;
