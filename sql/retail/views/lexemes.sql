-- How many products have a word.
-- drop: DROP VIEW search.lexemes;
CREATE OR REPLACE VIEW search.lexemes WITH (security_invoker = true) AS
SELECT c.lexeme, sum(c.products)::integer AS products
FROM search.lexeme_counts AS c
GROUP BY c.lexeme;

COMMENT ON VIEW search.lexemes IS 'How many products have a word, by its stem; under the empty one, how many there are.';
REVOKE ALL ON search.lexemes FROM PUBLIC;
GRANT SELECT (lexeme, products) ON search.lexemes TO store_managers, regional_managers, head_office;
