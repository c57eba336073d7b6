-- Who the caller is, and whose figures they see.
-- drop: DROP FUNCTION tool.who_am_i;
CREATE OR REPLACE FUNCTION tool.who_am_i(
    OUT name   text,
    OUT email  text,
    OUT role   text,
    OUT stores text[]
)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT w.display_name, w.email, w.persona, w.tenants
    FROM gateway.who() AS w
$function$;

COMMENT ON FUNCTION tool.who_am_i IS $comment$
Who is signed in, in which role, and the stores whose figures every other tool answers with.
Call it when it is unclear whose numbers these are, or before you say "your store".
@title Who am I
@return name    Name and post.
@return email   E-mail address.
@return role    store_managers (one store), regional_managers (a region) or head_office (all).
@return stores  Names of the stores that are visible.
@example who_am_i()
$comment$;
REVOKE ALL ON FUNCTION tool.who_am_i FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tool.who_am_i TO store_managers, regional_managers, head_office;
