SET LOCAL ROLE storekeeper_owner;
GRANT EXECUTE ON FUNCTION retail.wanted_embedding_index, retail.embedding_index_state TO storekeeper_dba;

DELETE FROM search.words AS w WHERE EXISTS (SELECT FROM search.words AS o WHERE o.word = w.word AND o.ctid < w.ctid);
DROP INDEX search.words_word_idx;
ALTER TABLE search.words ADD PRIMARY KEY (word);

UPDATE search.lexeme_counts AS k
SET products = greatest(s.products, 0)
FROM (SELECT c.lexeme, min(c.part) AS part, sum(c.products) AS products FROM search.lexeme_counts AS c GROUP BY c.lexeme) AS s
WHERE k.lexeme = s.lexeme AND k.part = s.part;
DELETE FROM search.lexeme_counts AS k
WHERE EXISTS (SELECT FROM search.lexeme_counts AS c WHERE c.lexeme = k.lexeme AND c.part < k.part);
ALTER TABLE search.lexeme_counts DROP CONSTRAINT lexeme_counts_pkey;
ALTER TABLE search.lexeme_counts DROP COLUMN part;
ALTER TABLE search.lexeme_counts ADD CONSTRAINT lexemes_pkey PRIMARY KEY (lexeme);
ALTER TABLE search.lexeme_counts RENAME TO lexemes;
COMMENT ON TABLE search.lexemes IS 'How many products have a word, by its stem; under the empty one, how many there are.';
RESET ROLE;
