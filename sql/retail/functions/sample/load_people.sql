-- People first, then what they manage: the triggers give each manager the stores that are theirs.
-- drop: DROP FUNCTION sample.load_people;
CREATE OR REPLACE FUNCTION sample.load_people(opening_day date)
RETURNS void
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT gateway.put_principal(p.principal_id, p.email, p.display_name, p.role::name, p.active)
    FROM sample.people AS p;

    INSERT INTO retail.regions (region_id, name, manager_id)
    SELECT r.region_id, r.name, r.manager_id
    FROM sample.regions AS r;

    INSERT INTO retail.stores (
        store_id, name, location, region_id, is_online, manager_id, created_at
    )
    SELECT
        s.store_id, s.name, s.location, s.region_id, s.is_online, s.manager_id,
        load_people.opening_day::timestamp AT TIME ZONE retail.time_zone()
    FROM sample.stores AS s;
$function$;

COMMENT ON FUNCTION sample.load_people IS $comment$
Fills the people, the regions and the stores from sample.*.
@param opening_day  Since when the stores exist: the first day of business.
$comment$;
REVOKE ALL ON FUNCTION sample.load_people FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sample.load_people TO storekeeper_loader;
