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
    v_applied CONSTANT text[] := gateway.applied_migrations();
BEGIN
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
        'embedding', (
            SELECT json_build_object(
                'model', max(m.name),
                'provider', max(m.provider),
                'dimension', max(m.dimension),
                'ready', bool_or(m.provider <> 'built-in' OR m.name IS NOT NULL AND t.are_there) IS TRUE
            )
            FROM (SELECT EXISTS (SELECT FROM embedding.tokens)) AS t (are_there)
            LEFT JOIN embedding.models AS m ON m.is_active
        ),
        'findings', (
            SELECT coalesce(json_agg(json_build_object('subject', b.subject, 'ok', b.ok, 'finding', b.finding)), '[]')
            FROM gateway.examine_business() AS b
        )
    );
END
$function$;

COMMENT ON FUNCTION gateway.health IS $comment$
{database: {version, in_recovery, started_at}, migrations: {applied, newest}, record: {newest_seal, unsealed,
partitions_until}, embedding: {model, provider, dimension, ready}, findings: [{subject, ok, finding}]}. ready: whether
there is a model and, if it is the built-in one, it is loaded. The findings are those of gateway.examine_business.
$comment$;
REVOKE ALL ON FUNCTION gateway.health FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.health TO storekeeper_gateway;
