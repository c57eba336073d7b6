SET LOCAL ROLE storekeeper_owner;
DROP INDEX retail.products_lower_name_idx;
DROP TABLE search.synonyms;
DROP TABLE search.words;
DROP TABLE search.lexemes;
DROP TABLE search.documents;
DROP SCHEMA search;
DROP DOMAIN retail.similarity;
RESET ROLE;
