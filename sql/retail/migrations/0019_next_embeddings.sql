-- A place for the vectors of the next model, beside those that are searched.
-- depends: 0014_retail_record_and_writes 0018_embedding_queue

SET LOCAL ROLE storekeeper_owner;

ALTER TABLE retail.product_description_embeddings ADD COLUMN model_id smallint;
COMMENT ON COLUMN retail.product_description_embeddings.model_id IS 'The model that made it, of embedding.models. NULL: the built-in one.';
GRANT SELECT (model_id) ON retail.product_description_embeddings TO store_managers, regional_managers, head_office;

CREATE TABLE retail.next_product_description_embeddings (
    product_id            integer PRIMARY KEY REFERENCES retail.products ON DELETE CASCADE,
    description_embedding public.vector NOT NULL,
    last_updated          timestamptz NOT NULL DEFAULT now(),
    model_id              smallint
);
COMMENT ON TABLE retail.next_product_description_embeddings IS 'Vectors of the model that is to take over, until gateway.activate_model changes the names of the two tables.';
COMMENT ON COLUMN retail.next_product_description_embeddings.model_id IS 'The model that made it, of embedding.models. NULL: the built-in one.';

RESET ROLE;
