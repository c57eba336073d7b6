-- Zava Retail: the tables, who may read them, and the sample data's own schema.
-- depends: 0003_context_key_and_catalog_notice

DO $do$
DECLARE
    v_role        name;
    v_description text;
    v_detail      text;
    v_todo        text[] := '{}';
BEGIN
    FOR v_role, v_description IN
        VALUES ('store_managers', 'One store: their own.'),
               ('regional_managers', 'The stores of one region.'),
               ('head_office', 'Every store.')
    LOOP
        BEGIN
            PERFORM gateway.add_persona(v_role, v_description, 'retail', 'America/Los_Angeles');
        EXCEPTION WHEN SQLSTATE 'SK403' THEN
            GET STACKED DIAGNOSTICS v_detail = PG_EXCEPTION_DETAIL;
            v_todo := v_todo || v_detail;
        END;
    END LOOP;
    IF v_todo <> '{}' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'SK403',
            MESSAGE = format('The account %I may not make the personas.', current_user),
            DETAIL = array_to_string(v_todo, E'\n'),
            HINT = 'Have a superuser run the statements above, then migrate again.';
    END IF;
END
$do$;

SET LOCAL ROLE storekeeper_owner;

CREATE SCHEMA retail;
CREATE SCHEMA sample;
GRANT USAGE ON SCHEMA retail TO store_managers, regional_managers, head_office, storekeeper_definer;
GRANT USAGE ON SCHEMA retail, sample TO storekeeper_loader;

COMMENT ON SCHEMA retail IS 'Zava Retail: eight do-it-yourself stores, each a tenant.';
COMMENT ON SCHEMA sample IS 'What the sample data is made from, and the functions that make it. No person may read it.';

COMMENT ON SCHEMA tool IS 'Zava Retail is a chain of eight do-it-yourself stores. Every answer covers only the stores of the person you speak for.
Start with get_store_performance for how things went, top_products for what sells, list_stores for names of stores. For anything else call get_multiple_table_schemas, then execute_sales_query with one SELECT. Amounts are US dollars; days are days in America/Los_Angeles.';

CREATE DOMAIN retail.row_limit AS integer CHECK (VALUE BETWEEN 1 AND 200);
COMMENT ON DOMAIN retail.row_limit IS 'How many rows a tool may return: 1 to 200.';

CREATE DOMAIN retail.query_row_limit AS integer CHECK (VALUE BETWEEN 1 AND 1000);
COMMENT ON DOMAIN retail.query_row_limit IS 'How many rows free SQL may return: 1 to 1000.';

CREATE TABLE retail.regions (
    region_id  smallint PRIMARY KEY,
    name       varchar(50) NOT NULL UNIQUE,
    manager_id uuid
);
COMMENT ON TABLE retail.regions IS 'Regions: a region is a set of stores with one regional manager.';
COMMENT ON COLUMN retail.regions.name IS 'Puget Sound, Eastside, Inland or Online.';
COMMENT ON COLUMN retail.regions.manager_id IS 'The regional manager''s principal id.';

CREATE TABLE retail.stores (
    store_id   uuid PRIMARY KEY,
    name       varchar(100) NOT NULL UNIQUE,
    location   varchar(200) NOT NULL,
    region_id  smallint NOT NULL REFERENCES retail.regions,
    is_online  boolean NOT NULL DEFAULT false,
    manager_id uuid,
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE retail.stores IS 'Stores; each store is a tenant, and store_id leads every key of its rows.';
COMMENT ON COLUMN retail.stores.name IS 'Zava Retail and the city, or Zava Retail Online.';
COMMENT ON COLUMN retail.stores.manager_id IS 'The store manager''s principal id.';

CREATE TABLE retail.customers (
    store_id    uuid NOT NULL REFERENCES retail.stores,
    customer_id uuid NOT NULL DEFAULT gen_random_uuid(),
    first_name  varchar(50) NOT NULL,
    last_name   varchar(50) NOT NULL,
    email       varchar(100) NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (store_id, customer_id)
);
-- Unique in a store, not over all: a global constraint would tell one tenant about another's customers.
CREATE UNIQUE INDEX customers_store_id_email_key ON retail.customers (store_id, lower(email));
COMMENT ON TABLE retail.customers IS 'Customers of a store. A customer belongs to one store and orders there.';
COMMENT ON COLUMN retail.customers.email IS 'Unique within the store, whatever the letter case.';

CREATE TABLE retail.orders (
    store_id     uuid NOT NULL REFERENCES retail.stores,
    order_id     uuid NOT NULL DEFAULT gen_random_uuid(),
    customer_id  uuid NOT NULL,
    order_date   timestamptz NOT NULL DEFAULT now(),
    total_amount numeric(12, 2) NOT NULL DEFAULT 0,
    status       varchar(20) NOT NULL DEFAULT 'pending',
    PRIMARY KEY (store_id, order_id),
    CONSTRAINT orders_customer_fkey FOREIGN KEY (store_id, customer_id) REFERENCES retail.customers,
    CONSTRAINT orders_status_check
        CHECK (status IN ('pending', 'shipped', 'completed', 'cancelled', 'returned')),
    CONSTRAINT orders_total_amount_check CHECK (total_amount >= 0)
);
CREATE INDEX orders_store_id_order_date_idx ON retail.orders (store_id, order_date) INCLUDE (total_amount, status, order_id);
CREATE INDEX orders_store_id_customer_id_idx ON retail.orders (store_id, customer_id);
COMMENT ON TABLE retail.orders IS 'Orders. Revenue counts pending, shipped and completed ones; cancelled and returned ones do not count.';
COMMENT ON COLUMN retail.orders.order_date IS 'When it was placed. Business days are days in America/Los_Angeles.';
COMMENT ON COLUMN retail.orders.total_amount IS 'US dollars, net of discounts: always the sum of the order''s line totals.';
COMMENT ON COLUMN retail.orders.status IS 'pending, shipped, completed, cancelled or returned.';

CREATE TABLE retail.categories (
    category_id smallint PRIMARY KEY,
    name        varchar(60) NOT NULL UNIQUE,
    description text NOT NULL
);
COMMENT ON TABLE retail.categories IS 'The nine departments of the catalogue, shared by all stores.';

CREATE TABLE retail.product_types (
    type_id     smallint PRIMARY KEY,
    category_id smallint NOT NULL REFERENCES retail.categories,
    name        varchar(60) NOT NULL,
    description text NOT NULL,
    UNIQUE (category_id, name)
);
CREATE INDEX product_types_category_id_idx ON retail.product_types (category_id);
COMMENT ON TABLE retail.product_types IS 'Kinds of product within a category, for example Hammers in Hand Tools.';

CREATE TABLE retail.products (
    product_id  integer PRIMARY KEY,
    sku         varchar(10) NOT NULL UNIQUE,
    type_id     smallint NOT NULL REFERENCES retail.product_types,
    name        varchar(120) NOT NULL UNIQUE,
    description text NOT NULL,
    unit        varchar(30) NOT NULL,
    cost        numeric(10, 2) NOT NULL CHECK (cost > 0),
    base_price  numeric(10, 2) NOT NULL,
    is_active   boolean NOT NULL DEFAULT true,
    CHECK (base_price >= cost)
);
CREATE INDEX products_type_id_idx ON retail.products (type_id);
COMMENT ON TABLE retail.products IS 'The catalogue, shared by all stores.';
COMMENT ON COLUMN retail.products.sku IS 'Two letters for the category, two for the type, six digits.';
COMMENT ON COLUMN retail.products.unit IS 'What one unit is: each, gallon, box of 100.';
COMMENT ON COLUMN retail.products.cost IS 'Purchase cost of a unit in US dollars.';
COMMENT ON COLUMN retail.products.base_price IS 'List price of a unit in US dollars; what was paid is in order_items.unit_price.';
COMMENT ON COLUMN retail.products.is_active IS 'False when the product is no longer bought in.';

CREATE TABLE retail.order_items (
    store_id         uuid NOT NULL,
    order_id         uuid NOT NULL,
    line_number      smallint NOT NULL,
    product_id       integer NOT NULL REFERENCES retail.products,
    quantity         integer NOT NULL,
    unit_price       numeric(10, 2) NOT NULL,
    discount_percent smallint NOT NULL DEFAULT 0,
    line_total       numeric(12, 2) NOT NULL,
    PRIMARY KEY (store_id, order_id, line_number),
    CONSTRAINT order_items_order_fkey FOREIGN KEY (store_id, order_id) REFERENCES retail.orders ON DELETE CASCADE,
    CONSTRAINT order_items_quantity_check CHECK (quantity > 0),
    CONSTRAINT order_items_discount_percent_check CHECK (discount_percent BETWEEN 0 AND 100),
    CONSTRAINT order_items_line_total_check
        CHECK (line_total = round(quantity * unit_price * (100 - discount_percent) / 100, 2))
);
CREATE INDEX order_items_store_id_product_id_idx ON retail.order_items (store_id, product_id);
COMMENT ON TABLE retail.order_items IS 'Order lines. Join to orders on (store_id, order_id).';
COMMENT ON COLUMN retail.order_items.unit_price IS 'US dollars a unit before the discount.';
COMMENT ON COLUMN retail.order_items.discount_percent IS '0 to 100.';
COMMENT ON COLUMN retail.order_items.line_total IS 'US dollars paid: quantity x unit price, less the discount.';

CREATE TABLE retail.inventory (
    store_id      uuid NOT NULL REFERENCES retail.stores,
    product_id    integer NOT NULL REFERENCES retail.products,
    stock_level   integer NOT NULL,
    reorder_point integer NOT NULL DEFAULT 0,
    updated_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (store_id, product_id),
    CONSTRAINT inventory_stock_level_check CHECK (stock_level >= 0),
    CONSTRAINT inventory_reorder_point_check CHECK (reorder_point >= 0)
);
CREATE INDEX inventory_product_id_idx ON retail.inventory (product_id);
COMMENT ON TABLE retail.inventory IS 'Units in stock by store and product.';
COMMENT ON COLUMN retail.inventory.reorder_point IS 'Order more when stock_level is at or below this.';

CREATE TABLE retail.product_description_embeddings (
    product_id            integer PRIMARY KEY REFERENCES retail.products ON DELETE CASCADE,
    description_embedding public.vector NOT NULL,
    last_updated          timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE retail.product_description_embeddings IS 'Vectors of the product descriptions, for semantic search.';

-- By column, so that ctid, xmin and tableoid, which count other tenants' writes, stay hidden.
GRANT SELECT (region_id, name, manager_id) ON retail.regions TO store_managers, regional_managers, head_office;
GRANT SELECT (store_id, name, location, region_id, is_online, manager_id, created_at)
    ON retail.stores TO store_managers, regional_managers, head_office;
GRANT SELECT (store_id, customer_id, first_name, last_name, email, created_at)
    ON retail.customers TO store_managers, regional_managers, head_office;
GRANT SELECT (store_id, order_id, customer_id, order_date, total_amount, status)
    ON retail.orders TO store_managers, regional_managers, head_office;
GRANT SELECT (category_id, name, description) ON retail.categories TO store_managers, regional_managers, head_office;
GRANT SELECT (type_id, category_id, name, description)
    ON retail.product_types TO store_managers, regional_managers, head_office;
GRANT SELECT (product_id, sku, type_id, name, description, unit, cost, base_price, is_active)
    ON retail.products TO store_managers, regional_managers, head_office;
GRANT SELECT (store_id, order_id, line_number, product_id, quantity, unit_price, discount_percent, line_total)
    ON retail.order_items TO store_managers, regional_managers, head_office;
GRANT SELECT (store_id, product_id, stock_level, reorder_point, updated_at)
    ON retail.inventory TO store_managers, regional_managers, head_office;
GRANT SELECT (product_id, description_embedding, last_updated)
    ON retail.product_description_embeddings TO store_managers, regional_managers, head_office;

ALTER TABLE retail.stores ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE retail.customers ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE retail.orders ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE retail.order_items ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE retail.inventory ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

-- One table a file of sql/retail/data: the same names, the same columns.
CREATE TABLE sample.regions (region_id smallint, name text, manager_id uuid);
CREATE TABLE sample.stores (
    store_id uuid, name text, location text, region_id smallint, is_online boolean, manager_id uuid,
    customer_weight numeric, order_frequency numeric, order_value numeric
);
CREATE TABLE sample.people (principal_id uuid, email text, display_name text, role text, active boolean);
CREATE TABLE sample.categories (
    category_id smallint, category_name text, category_code text, description text, order_weight numeric,
    month_1 numeric, month_2 numeric, month_3 numeric, month_4 numeric, month_5 numeric, month_6 numeric,
    month_7 numeric, month_8 numeric, month_9 numeric, month_10 numeric, month_11 numeric, month_12 numeric
);
CREATE TABLE sample.product_types (
    type_id smallint, category_id smallint, type_name text, type_code text, description text
);
CREATE TABLE sample.products (
    product_id integer, sku text, type_id smallint, product_name text, unit text, cost numeric,
    base_price numeric, lifecycle text, popularity numeric, description text
);
CREATE TABLE sample.product_affinities (product_a integer, product_b integer, strength numeric);
