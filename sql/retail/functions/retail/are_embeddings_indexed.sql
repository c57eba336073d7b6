-- Whether both indexes of the vectors can be used.
-- drop: DROP FUNCTION retail.are_embeddings_indexed;
CREATE OR REPLACE FUNCTION retail.are_embeddings_indexed()
RETURNS boolean
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
SELECT count(DISTINCT m.amname) = 2
FROM pg_index AS i
JOIN pg_class AS c ON c.oid = i.indexrelid
JOIN pg_am AS m ON m.oid = c.relam
-- By its name at each call, as another table may have taken it over.
WHERE i.indrelid = to_regclass('retail.product_description_embeddings')
  AND i.indisvalid
  AND m.amname IN ('hnsw', 'ivfflat')
$function$;

COMMENT ON FUNCTION retail.are_embeddings_indexed IS $comment$
For retail.nearest_products, which otherwise compares all. SECURITY DEFINER, as its callers may not read the catalog.
@title Are the vectors indexed
@return Whether the table of vectors has a valid index by HNSW and one by lists.
@example SELECT retail.are_embeddings_indexed();
$comment$;
REVOKE ALL ON FUNCTION retail.are_embeddings_indexed FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retail.are_embeddings_indexed TO store_managers, regional_managers, head_office;
