-- ts_rank(), for a query of some words.
-- drop: DROP FUNCTION guard.ts_rank(tsvector, tsquery);
-- drop: DROP FUNCTION guard.ts_rank(tsvector, tsquery, integer);
-- drop: DROP FUNCTION guard.ts_rank(real[], tsvector, tsquery);
-- drop: DROP FUNCTION guard.ts_rank(real[], tsvector, tsquery, integer);
CREATE OR REPLACE FUNCTION guard.ts_rank(vector tsvector, query tsquery)
RETURNS real
LANGUAGE plpgsql
IMMUTABLE
STRICT
PARALLEL SAFE
AS $function$
BEGIN
    RETURN CASE
        WHEN length(vector)::bigint * numnode(query) * numnode(query) > 300000
            AND guard.exceeded('ts_rank', length(vector), numnode(query), '300000 lexemes × (terms)²')
        THEN NULL
        ELSE pg_catalog.ts_rank(vector, query)
    END;
END
$function$;

CREATE OR REPLACE FUNCTION guard.ts_rank(vector tsvector, query tsquery, normalization integer)
RETURNS real
LANGUAGE plpgsql
IMMUTABLE
STRICT
PARALLEL SAFE
AS $function$
BEGIN
    RETURN CASE
        WHEN length(vector)::bigint * numnode(query) * numnode(query) > 300000
            AND guard.exceeded('ts_rank', length(vector), numnode(query), '300000 lexemes × (terms)²')
        THEN NULL
        ELSE pg_catalog.ts_rank(vector, query, normalization)
    END;
END
$function$;

CREATE OR REPLACE FUNCTION guard.ts_rank(weights real[], vector tsvector, query tsquery)
RETURNS real
LANGUAGE plpgsql
IMMUTABLE
STRICT
PARALLEL SAFE
AS $function$
BEGIN
    RETURN CASE
        WHEN length(vector)::bigint * numnode(query) * numnode(query) > 300000
            AND guard.exceeded('ts_rank', length(vector), numnode(query), '300000 lexemes × (terms)²')
        THEN NULL
        ELSE pg_catalog.ts_rank(weights, vector, query)
    END;
END
$function$;

CREATE OR REPLACE FUNCTION guard.ts_rank(weights real[], vector tsvector, query tsquery, normalization integer)
RETURNS real
LANGUAGE plpgsql
IMMUTABLE
STRICT
PARALLEL SAFE
AS $function$
BEGIN
    RETURN CASE
        WHEN length(vector)::bigint * numnode(query) * numnode(query) > 300000
            AND guard.exceeded('ts_rank', length(vector), numnode(query), '300000 lexemes × (terms)²')
        THEN NULL
        ELSE pg_catalog.ts_rank(weights, vector, query, normalization)
    END;
END
$function$;

COMMENT ON FUNCTION guard.ts_rank(tsvector, tsquery) IS $comment$
The built-in function compares all places of all pairs of words sought, and can't be interrupted:
SK429 for long queries over long documents.
$comment$;
COMMENT ON FUNCTION guard.ts_rank(tsvector, tsquery, integer) IS 'As guard.ts_rank(tsvector, tsquery).';
COMMENT ON FUNCTION guard.ts_rank(real[], tsvector, tsquery) IS 'As guard.ts_rank(tsvector, tsquery).';
COMMENT ON FUNCTION guard.ts_rank(real[], tsvector, tsquery, integer) IS 'As guard.ts_rank(tsvector, tsquery).';
REVOKE ALL ON FUNCTION guard.ts_rank(tsvector, tsquery) FROM PUBLIC;
REVOKE ALL ON FUNCTION guard.ts_rank(tsvector, tsquery, integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION guard.ts_rank(real[], tsvector, tsquery) FROM PUBLIC;
REVOKE ALL ON FUNCTION guard.ts_rank(real[], tsvector, tsquery, integer) FROM PUBLIC;
