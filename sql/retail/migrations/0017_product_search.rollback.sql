SET LOCAL ROLE storekeeper_owner;
DROP INDEX retail.products_lower_name_idx;
DROP TABLE retail.search_words;
DROP TABLE retail.search_lexemes;
DROP TABLE retail.product_search;
DROP DOMAIN retail.similarity;
RESET ROLE;
