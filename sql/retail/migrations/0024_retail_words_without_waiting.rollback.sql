SET LOCAL ROLE storekeeper_owner;
DELETE FROM search.words AS w WHERE EXISTS (SELECT FROM search.words AS o WHERE o.word = w.word AND o.ctid < w.ctid);
DROP INDEX search.words_word_idx;
ALTER TABLE search.words ADD PRIMARY KEY (word);

CREATE TABLE search.lexemes (
    lexeme   text COLLATE "C" PRIMARY KEY,
    products integer NOT NULL
) WITH (fillfactor = 80);
COMMENT ON TABLE search.lexemes IS 'How many products have a word, by its stem; under the empty one, how many there are.';
INSERT INTO search.lexemes (lexeme, products)
SELECT c.lexeme, sum(c.products) FROM search.lexeme_counts AS c GROUP BY c.lexeme;
DROP TABLE search.lexeme_counts;
GRANT SELECT (lexeme, products) ON search.lexemes TO store_managers, regional_managers, head_office;
RESET ROLE;
