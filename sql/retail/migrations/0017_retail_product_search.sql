-- Products as search sees them: their words, and how those are spelt.
-- depends: 0014_retail_record_and_writes 0016_embedding

SET LOCAL ROLE storekeeper_owner;

CREATE DOMAIN retail.similarity AS double precision CHECK (VALUE BETWEEN -1 AND 1);
COMMENT ON DOMAIN retail.similarity IS 'Cosine similarity: 1 is the same meaning, 0 is unrelated.';

-- Beside retail, so that who asks for the tables of the business is not told of these.
CREATE SCHEMA search;
COMMENT ON SCHEMA search IS 'The words of the catalogue, as the search tools look for them.';
GRANT USAGE ON SCHEMA search TO store_managers, regional_managers, head_office, storekeeper_loader;

CREATE TABLE search.documents (
    product_id integer PRIMARY KEY REFERENCES retail.products ON DELETE CASCADE,
    document   tsvector NOT NULL
);
CREATE INDEX documents_document_idx ON search.documents USING gin (document);
COMMENT ON TABLE search.documents IS 'The words of each product, as retail.describe_products makes them.';
COMMENT ON COLUMN search.documents.document IS 'A: the name, B: type and category, C: the description, D: that of the type.';

CREATE TABLE search.lexemes (
    lexeme   text COLLATE "C" PRIMARY KEY,
    products integer NOT NULL
) WITH (fillfactor = 80);
COMMENT ON TABLE search.lexemes IS 'How many products have a word, by its stem; under the empty one, how many there are.';

CREATE TABLE search.words (
    word    text COLLATE "C" PRIMARY KEY,
    lexeme  text COLLATE "C" NOT NULL,
    shorter text[] COLLATE "C" NOT NULL
);
CREATE INDEX words_shorter_idx ON search.words USING gin (shorter);
COMMENT ON TABLE search.words IS 'The words of the catalogue as they are spelt.';
COMMENT ON COLUMN search.words.shorter IS 'The word, and what is left of it without a letter or two: misspelt words share some of that.';

-- A query that is a product's name finds it at once.
CREATE INDEX products_lower_name_idx ON retail.products (lower(name));

GRANT SELECT (product_id, document) ON search.documents TO store_managers, regional_managers, head_office;
GRANT SELECT (lexeme, products) ON search.lexemes TO store_managers, regional_managers, head_office;
GRANT SELECT (word, lexeme, shorter) ON search.words TO store_managers, regional_managers, head_office;

RESET ROLE;
