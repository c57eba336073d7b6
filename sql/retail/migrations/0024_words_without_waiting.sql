-- Who writes products counts words without waiting for others who do.
-- depends: 0023_retail_products_searchable

SET LOCAL ROLE storekeeper_owner;

-- Rows of one word add up: whoever finds it taken writes a row beside it. The view search.lexemes has the sums.
ALTER TABLE search.lexemes RENAME TO lexeme_counts;
ALTER TABLE search.lexeme_counts ADD COLUMN part bigint GENERATED ALWAYS AS IDENTITY;
ALTER TABLE search.lexeme_counts DROP CONSTRAINT lexemes_pkey, ADD PRIMARY KEY (lexeme, part);
COMMENT ON TABLE search.lexeme_counts IS 'How many products have a word, by its stem, in parts that add up; under the empty one, how many there are.';
COMMENT ON COLUMN search.lexeme_counts.part IS 'Of a word that two transactions counted at a time there are two.';

-- A word that two of them bring is there twice: a unique index would have the second wait for the first.
ALTER TABLE search.words DROP CONSTRAINT words_pkey;
CREATE INDEX words_word_idx ON search.words (word);

-- It may not use the schema.
REVOKE EXECUTE ON FUNCTION retail.wanted_embedding_index, retail.embedding_index_state FROM storekeeper_dba;

RESET ROLE;
