-- What somebody may have meant who named a table or column that is not there.
-- drop: DROP FUNCTION gateway.near_names;
CREATE OR REPLACE FUNCTION gateway.near_names(kind text, wrong text)
RETURNS text[]
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
    WITH readable AS (
        SELECT v.table_oid, v.table_name
        FROM gateway.personas AS n
        CROSS JOIN LATERAL unnest(string_to_array(replace(n.free_sql_path, ' ', ''), ',')) AS s (schema_name)
        CROSS JOIN LATERAL gateway.visible_tables(s.schema_name) AS v
        WHERE n.role = gateway.persona()
    ),
    candidate (name) AS (
        SELECT r.table_name FROM readable AS r WHERE near_names.kind = 'table'
        UNION
        SELECT a.attname::text
        FROM readable AS r
        JOIN pg_attribute AS a ON a.attrelid = r.table_oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE near_names.kind = 'column'
          AND has_column_privilege(gateway.persona(), r.table_oid, a.attnum, 'SELECT')
    ),
    -- Nearness by the pairs of letters that two names share (Dice's coefficient).
    scored AS (
        SELECT
            c.name,
            2.0 * count(*) FILTER (WHERE w.pair IS NOT NULL)
                / nullif(length(c.name) + length(near_names.wrong) - 2, 0) AS nearness
        FROM candidate AS c
        CROSS JOIN LATERAL (
            SELECT DISTINCT substr(c.name, i, 2) FROM generate_series(1, length(c.name) - 1) AS i
        ) AS p (pair)
        LEFT JOIN (
            SELECT DISTINCT substr(lower(near_names.wrong), i, 2)
            FROM generate_series(1, least(length(near_names.wrong), 63) - 1) AS i
        ) AS w (pair) USING (pair)
        GROUP BY c.name
    )
    SELECT coalesce(array_agg(n.name::text ORDER BY n.nearness DESC, n.name), '{}')
    FROM (
        SELECT s.name, s.nearness FROM scored AS s
        WHERE s.nearness > 0.3
        ORDER BY s.nearness DESC, s.name
        LIMIT 3
    ) AS n
$function$;

COMMENT ON FUNCTION gateway.near_names IS $comment$
Up to three names like a wrong one, the nearest first, among the tables or columns (kind) that the signed-in
person's free SQL may read. None for nobody.
$comment$;
REVOKE ALL ON FUNCTION gateway.near_names FROM PUBLIC;
