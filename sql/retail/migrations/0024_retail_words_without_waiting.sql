-- Who writes products counts words without waiting for others who do.
-- depends: 0023_retail_products_searchable

SET LOCAL ROLE storekeeper_owner;

-- Whoever finds a word taken writes a row beside it. The view search.lexemes, in place of the table, has the sums.
CREATE TABLE search.lexeme_counts (
    lexeme   text COLLATE "C" NOT NULL,
    part     bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    products integer NOT NULL,
    PRIMARY KEY (lexeme, part)
) WITH (fillfactor = 80);
COMMENT ON TABLE search.lexeme_counts IS 'How many products have a word, by its stem, in parts that add up; under the empty one, how many there are.';
COMMENT ON COLUMN search.lexeme_counts.part IS 'Two transactions that counted a word at a time made two.';
INSERT INTO search.lexeme_counts (lexeme, products) SELECT k.lexeme, k.products FROM search.lexemes AS k ORDER BY k.lexeme;
DROP TABLE search.lexemes;

-- A new word that two of them bring is there twice: a unique index would have the second wait for the first.
ALTER TABLE search.words DROP CONSTRAINT words_pkey;
CREATE INDEX words_word_idx ON search.words (word);

GRANT SELECT (lexeme, products) ON search.lexeme_counts TO store_managers, regional_managers, head_office;

RESET ROLE;
