-- Keeps count of how many products have a word.
-- drop: DROP FUNCTION retail.count_lexemes;
CREATE OR REPLACE FUNCTION retail.count_lexemes()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
SET jit = off
AS $function$
DECLARE
    v_lexemes text[];
    v_changes integer[];
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        TRUNCATE search.lexemes;
        RETURN NULL;
    END IF;
    -- Each trigger has one of the two tables; what is there counts one way, what is gone the other.
    SELECT array_agg(c.lexeme ORDER BY c.lexeme), array_agg(c.change ORDER BY c.lexeme)
    INTO v_lexemes, v_changes
    FROM (
        SELECT l.lexeme COLLATE "C" AS lexeme, CASE TG_ARGV[0] WHEN 'gone' THEN -count(*) ELSE count(*) END AS change
        FROM changed_rows AS r
        CROSS JOIN LATERAL unnest(r.document) AS l
        GROUP BY 1
        UNION ALL
        SELECT '', CASE TG_ARGV[0] WHEN 'gone' THEN -count(*) ELSE count(*) END FROM changed_rows
    ) AS c;
    IF TG_ARGV[0] <> 'gone' THEN
        INSERT INTO search.lexemes (lexeme, products)
        SELECT c.lexeme, 0
        FROM unnest(v_lexemes) AS c (lexeme)
        WHERE NOT EXISTS (SELECT FROM search.lexemes AS k WHERE k.lexeme = c.lexeme)
        ORDER BY c.lexeme
        ON CONFLICT (lexeme) DO NOTHING;
    END IF;
    -- Who else writes products now is not waited for: ranks bear a count that is a few off, while two
    -- transactions of several statements could wait for each other.
    UPDATE search.lexemes AS k
    SET products = greatest(k.products + c.change, 0)
    FROM unnest(v_lexemes, v_changes) AS c (lexeme, change)
    WHERE k.lexeme = c.lexeme
      AND k.lexeme = ANY (ARRAY(
            SELECT f.lexeme FROM search.lexemes AS f WHERE f.lexeme = ANY (v_lexemes) FOR UPDATE SKIP LOCKED
      ));
    RETURN NULL;
END
$function$;

COMMENT ON FUNCTION retail.count_lexemes IS $comment$
Trigger, once a statement: adds the documents in changed_rows to search.lexemes, or with the argument gone takes
them away. Exact unless two transactions write products at a time; TRUNCATE search.documents and
retail.embed_products() count anew.
$comment$;
REVOKE ALL ON FUNCTION retail.count_lexemes FROM PUBLIC;
