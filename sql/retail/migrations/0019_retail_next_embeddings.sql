-- A place for the vectors of the next model, beside those that are searched.
-- depends: 0017_retail_product_search 0018_embedding_queue

SET LOCAL ROLE storekeeper_owner;

CREATE TABLE retail.next_product_description_embeddings (
    product_id            integer PRIMARY KEY REFERENCES retail.products ON DELETE CASCADE,
    description_embedding public.vector NOT NULL,
    last_updated          timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE retail.next_product_description_embeddings IS 'Vectors of the model that is to take over, until gateway.activate_model changes the names of the two tables.';

-- Each changes its name together with its table of vectors: whoever has read one of them sees those vectors,
-- and no others, until the end of the transaction.
CREATE TABLE search.description_model (
    model_id smallint NOT NULL PRIMARY KEY
);
COMMENT ON TABLE search.description_model IS 'The model outside that made product_description_embeddings. No row: the built-in one.';
CREATE TABLE search.next_description_model (
    model_id smallint NOT NULL PRIMARY KEY
);
COMMENT ON TABLE search.next_description_model IS 'The model outside that makes next_product_description_embeddings. No row: the built-in one.';

GRANT SELECT (model_id) ON search.description_model TO store_managers, regional_managers, head_office;

RESET ROLE;
