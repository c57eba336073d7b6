-- Keeps count of how many products have a word.
-- drop: DROP FUNCTION retail.count_lexemes;
CREATE OR REPLACE FUNCTION retail.count_lexemes()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
-- The counts are in memory: from a word to its row, never through all of them.
SET random_page_cost = 1
SET jit = off
AS $function$
DECLARE
    v_lexemes text[];
    v_changes integer[];
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        TRUNCATE search.lexeme_counts;
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
    -- Who else writes products is not waited for: two transactions of several statements would soon wait for each
    -- other. Of each word a row that is free now is changed, and where there is none a row is added. Told apart once, as
    -- a planner that guesses how many there are compares all with all.
    WITH free AS MATERIALIZED (
        SELECT k.lexeme, k.part FROM search.lexeme_counts AS k WHERE k.lexeme = ANY (v_lexemes) FOR UPDATE SKIP LOCKED
    ),
    counted AS MATERIALIZED (
        SELECT c.lexeme, c.change, f.part
        FROM unnest(v_lexemes, v_changes) AS c (lexeme, change)
        LEFT JOIN (SELECT f.lexeme, min(f.part) AS part FROM free AS f GROUP BY f.lexeme) AS f USING (lexeme)
    ),
    changed AS (
        UPDATE search.lexeme_counts AS k
        SET products = k.products + c.change
        FROM counted AS c
        WHERE k.lexeme = c.lexeme AND k.part = c.part
    )
    INSERT INTO search.lexeme_counts (lexeme, products)
    SELECT c.lexeme, c.change FROM counted AS c WHERE c.part IS NULL ORDER BY c.lexeme;
    RETURN NULL;
END
$function$;

COMMENT ON FUNCTION retail.count_lexemes IS $comment$
Trigger, once a statement: adds the documents in changed_rows to search.lexemes, or with the argument gone takes
them away. Exact, and waits for nobody: a word that another transaction is counting gets a row beside it.
$comment$;
REVOKE ALL ON FUNCTION retail.count_lexemes FROM PUBLIC;
