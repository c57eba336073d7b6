-- Products as search sees them: their words, and how those are spelt.
-- depends: 0014_retail_record_and_writes 0016_embedding

SET LOCAL ROLE storekeeper_owner;

CREATE DOMAIN retail.similarity AS double precision CHECK (VALUE BETWEEN -1 AND 1);
COMMENT ON DOMAIN retail.similarity IS 'Cosine similarity: 1 is the same meaning, 0 is unrelated.';

CREATE TABLE retail.product_search (
    product_id integer PRIMARY KEY REFERENCES retail.products ON DELETE CASCADE,
    document   tsvector NOT NULL
);
CREATE INDEX product_search_document_idx ON retail.product_search USING gin (document);
COMMENT ON TABLE retail.product_search IS 'For the search tools: the words of each product, as retail.describe_products makes them.';
COMMENT ON COLUMN retail.product_search.document IS 'A: the name, B: type and category, C: the description, D: that of the type.';

CREATE TABLE retail.search_lexemes (
    lexeme   text COLLATE "C" PRIMARY KEY,
    products integer NOT NULL
) WITH (fillfactor = 80);
COMMENT ON TABLE retail.search_lexemes IS 'For the search tools: how many products have a word, by its stem; under the empty one, how many there are.';

CREATE TABLE retail.search_words (
    word    text COLLATE "C" PRIMARY KEY,
    lexeme  text COLLATE "C" NOT NULL,
    shorter text[] COLLATE "C" NOT NULL
);
CREATE INDEX search_words_shorter_idx ON retail.search_words USING gin (shorter);
COMMENT ON TABLE retail.search_words IS 'For the search tools: the words of the catalogue as they are spelt.';
COMMENT ON COLUMN retail.search_words.shorter IS 'The word, and what is left of it without a letter or two: misspelt words share some of that.';

-- A query that is a product's name finds it at once.
CREATE INDEX products_lower_name_idx ON retail.products (lower(name));

GRANT SELECT (product_id, document) ON retail.product_search TO store_managers, regional_managers, head_office;
GRANT SELECT (lexeme, products) ON retail.search_lexemes TO store_managers, regional_managers, head_office;
GRANT SELECT (word, lexeme, shorter) ON retail.search_words TO store_managers, regional_managers, head_office;

RESET ROLE;
