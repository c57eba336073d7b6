-- functions: written by storekeeper ship from the object files named below.
-- depends: 0003_context_key_and_catalog_notice 0004_retail_tables

SET LOCAL ROLE storekeeper_owner;
SET LOCAL check_function_bodies = off;

-- object: functions/retail/grant_managers.sql
-- Keeps the tenants, and who may see which, as retail.stores and retail.regions say.
-- drop: DROP FUNCTION retail.grant_managers;
CREATE OR REPLACE FUNCTION retail.grant_managers()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM gateway.put_tenant(s.store_id, s.name) FROM retail.stores AS s;

    -- Everybody anew, since whoever lost a store is named nowhere any more.
    PERFORM gateway.put_tenants(
        p.principal_id,
        CASE p.role
            WHEN 'store_managers' THEN ARRAY(
                SELECT s.store_id FROM retail.stores AS s WHERE s.manager_id = p.principal_id
            )
            WHEN 'regional_managers' THEN ARRAY(
                SELECT s.store_id
                FROM retail.stores AS s
                JOIN retail.regions AS r USING (region_id)
                WHERE r.manager_id = p.principal_id
            )
        END  -- NULL, every tenant, for the head office
    )
    FROM gateway.people() AS p
    WHERE p.role IN ('store_managers', 'regional_managers', 'head_office');
    RETURN NULL;
END
$function$;

COMMENT ON FUNCTION retail.grant_managers IS $comment$
Trigger: each store is a tenant, and a manager sees the stores that they manage now, the head office all.
$comment$;
REVOKE ALL ON FUNCTION retail.grant_managers FROM PUBLIC;

-- object: functions/sample/make_uuid.sql
-- The n-th UUID of a stream, of the form that gen_random_uuid() gives (version 4).
-- drop: DROP FUNCTION sample.make_uuid;
-- Inlined like sample.uniform, hence no pinned search_path.
CREATE OR REPLACE FUNCTION sample.make_uuid(seed bigint, stream text, n bigint)
RETURNS uuid
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN encode(
    int8send(hashint8extended(n, hashtextextended(stream, seed)) & -61441 | 16384)  -- version 4
    || int8send(hashint8extended(n, ~hashtextextended(stream, seed))
        & 4611686018427387903 | (-9223372036854775808)),  -- variant 10
    'hex'
)::uuid;

COMMENT ON FUNCTION sample.make_uuid IS $comment$
UUID n of the stream of this name: shaped like a random one, the same on every run.
$comment$;
REVOKE ALL ON FUNCTION sample.make_uuid FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sample.make_uuid TO storekeeper_loader;

-- object: functions/sample/uniform.sql
-- The n-th number of a stream: evenly spread over [0, 1), the same on every run and every version.
-- drop: DROP FUNCTION sample.uniform;
-- Hash partitioning rests on hashint8extended, so its results never change. No search_path is pinned,
-- for that would keep the planner from inlining it; the body is bound when it is created.
CREATE OR REPLACE FUNCTION sample.uniform(seed bigint, stream text, n bigint)
RETURNS double precision
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN (hashint8extended(n, hashtextextended(stream, seed)) & 9007199254740991)::double precision
    / 9007199254740992;  -- 53 bits: what a double holds exactly

COMMENT ON FUNCTION sample.uniform IS $comment$
Number n of the stream of this name, evenly spread over [0, 1). Streams do not depend on one another.
$comment$;
REVOKE ALL ON FUNCTION sample.uniform FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sample.uniform TO storekeeper_loader;

-- object: triggers/regions.sql
-- A region that changes hands changes who may see what.
-- drop: DROP TRIGGER grant_managers ON retail.regions;
CREATE OR REPLACE TRIGGER grant_managers
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON retail.regions
    FOR EACH STATEMENT EXECUTE FUNCTION retail.grant_managers();
COMMENT ON TRIGGER grant_managers ON retail.regions IS 'Sets what managers may see.';

-- object: triggers/stores.sql
-- A store that comes, goes or changes hands changes who may see what.
-- drop: DROP TRIGGER grant_managers ON retail.stores;
CREATE OR REPLACE TRIGGER grant_managers
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON retail.stores
    FOR EACH STATEMENT EXECUTE FUNCTION retail.grant_managers();
COMMENT ON TRIGGER grant_managers ON retail.stores IS 'Registers tenants and sets what managers may see.';

-- end of objects
NOTIFY storekeeper_catalog;
