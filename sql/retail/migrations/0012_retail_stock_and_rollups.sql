-- Every movement of stock, each day's sales of each product, and what the personas need to write.
-- depends: 0008_retail_hardening 0011_answers_of_writes

SET LOCAL ROLE storekeeper_owner;

COMMENT ON SCHEMA tool IS 'Zava Retail is a chain of eight do-it-yourself stores. Every answer covers only the stores of the person you speak for.
Start with get_store_performance for how things went, top_products for what sells, list_stores for names of stores. For anything else call get_multiple_table_schemas, then execute_sales_query with one SELECT. What the person asks to have written, record_order, adjust_inventory and transfer_stock write. Amounts are US dollars; days are days in America/Los_Angeles.';

CREATE DOMAIN retail.stock_reason AS text
    CHECK (VALUE IN ('delivery', 'count', 'damage', 'loss', 'return_to_supplier', 'other'));
COMMENT ON DOMAIN retail.stock_reason IS 'Why stock changes.';

CREATE DOMAIN retail.units AS integer CHECK (VALUE BETWEEN 1 AND 10000);
COMMENT ON DOMAIN retail.units IS 'Units: 1 to 10000.';

CREATE DOMAIN retail.unit_change AS integer CHECK (VALUE BETWEEN -10000 AND 10000);
COMMENT ON DOMAIN retail.unit_change IS 'Units added, or taken away when negative.';

CREATE DOMAIN retail.price AS numeric(10, 2) CHECK (VALUE BETWEEN 0 AND 100000);
COMMENT ON DOMAIN retail.price IS 'US dollars, 0 to 100000.';

CREATE DOMAIN retail.discount_percent AS smallint CHECK (VALUE BETWEEN 0 AND 100);
COMMENT ON DOMAIN retail.discount_percent IS 'Discount in percent, 0 to 100.';

CREATE TYPE retail.order_line AS (
    sku              text,
    quantity         retail.units,
    discount_percent retail.discount_percent,
    unit_price       retail.price
);
COMMENT ON TYPE retail.order_line IS 'A line of an order: sku and quantity; discount_percent 0 and the list price when left out.';

CREATE TYPE retail.stock_change AS (
    store         text,
    sku           text,
    product_name  text,
    stock_before  integer,
    stock_level   integer,
    reorder_point integer
);
COMMENT ON TYPE retail.stock_change IS 'What an adjustment did to the stock of one product in one store.';

CREATE TYPE retail.stock_transfer AS (
    transfer_id        uuid,
    sku                text,
    product_name       text,
    quantity           integer,
    from_store         text,
    from_stock_level   integer,
    from_reorder_point integer,
    to_store           text,
    to_stock_level     integer,
    to_reorder_point   integer
);
COMMENT ON TYPE retail.stock_transfer IS 'What a transfer did to the stock of one product in two stores.';

CREATE TABLE retail.stock_movements (
    store_id    uuid NOT NULL REFERENCES retail.stores,
    movement_id uuid NOT NULL DEFAULT gen_random_uuid(),
    product_id  integer NOT NULL REFERENCES retail.products,
    quantity    integer NOT NULL,
    reason      text NOT NULL,
    order_id    uuid,
    transfer_id uuid,
    note        text,
    made_by     uuid DEFAULT gateway.principal_id(),
    made_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (store_id, movement_id),
    CONSTRAINT stock_movements_quantity_check CHECK (quantity <> 0 OR reason = 'opening'),
    CONSTRAINT stock_movements_reason_check CHECK (
        reason IN ('opening', 'sale', 'transfer', 'delivery', 'count', 'damage', 'loss', 'return_to_supplier', 'other')
    ),
    CONSTRAINT stock_movements_transfer_check CHECK ((reason = 'transfer') = (transfer_id IS NOT NULL)),
    CONSTRAINT stock_movements_note_check CHECK (length(note) <= 500)
);
CREATE INDEX stock_movements_store_id_product_id_made_at_idx ON retail.stock_movements (store_id, product_id, made_at);
COMMENT ON TABLE retail.stock_movements IS 'Every change of stock: the sum of quantity by store and product is inventory.stock_level, always.';
COMMENT ON COLUMN retail.stock_movements.quantity IS 'Units that came; negative for units that went.';
COMMENT ON COLUMN retail.stock_movements.reason IS 'opening is what lay there when counting began; sale has its order_id, transfer its transfer_id.';
COMMENT ON COLUMN retail.stock_movements.order_id IS 'No foreign key: what moved has moved, also when the order is deleted.';
COMMENT ON COLUMN retail.stock_movements.transfer_id IS 'The same in both stores of a transfer.';
COMMENT ON COLUMN retail.stock_movements.made_by IS 'The principal id of who did it; NULL for what was loaded.';

CREATE TABLE retail.daily_sales (
    store_id     uuid NOT NULL REFERENCES retail.stores,
    business_day date NOT NULL,
    product_id   integer NOT NULL REFERENCES retail.products,
    order_lines  bigint NOT NULL,
    units        bigint NOT NULL,
    revenue      numeric(14, 2) NOT NULL,
    discount     numeric(14, 2) NOT NULL,
    PRIMARY KEY (store_id, business_day, product_id)
);
COMMENT ON TABLE retail.daily_sales IS 'Sales by store, day and product, of orders that count as revenue: always up to date, and quicker to sum up than order_items.';
COMMENT ON COLUMN retail.daily_sales.business_day IS 'Day of the order in America/Los_Angeles.';
COMMENT ON COLUMN retail.daily_sales.order_lines IS 'Order lines; 0 where all of them were cancelled or returned.';
COMMENT ON COLUMN retail.daily_sales.revenue IS 'US dollars, net of discounts.';
COMMENT ON COLUMN retail.daily_sales.discount IS 'US dollars that discounts took off.';

ALTER TABLE retail.stock_movements ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE retail.daily_sales ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

GRANT SELECT (store_id, movement_id, product_id, quantity, reason, order_id, transfer_id, note, made_by, made_at)
    ON retail.stock_movements TO store_managers, regional_managers, head_office;
GRANT SELECT (store_id, business_day, product_id, order_lines, units, revenue, discount)
    ON retail.daily_sales TO store_managers, regional_managers, head_office;

-- No more than the tools write. What is left out has its default: when and by whom is nobody's to say.
GRANT INSERT (store_id, order_id, customer_id, total_amount)
    ON retail.orders TO store_managers, regional_managers, head_office;
GRANT INSERT (store_id, order_id, line_number, product_id, quantity, unit_price, discount_percent, line_total)
    ON retail.order_items TO store_managers, regional_managers, head_office;
GRANT INSERT (store_id, product_id, stock_level), UPDATE (stock_level, updated_at)
    ON retail.inventory TO store_managers, regional_managers, head_office;
GRANT INSERT (store_id, product_id, quantity, reason, order_id, transfer_id, note)
    ON retail.stock_movements TO store_managers, regional_managers, head_office;
-- For the triggers, which run as whoever writes an order.
GRANT INSERT (store_id, business_day, product_id, order_lines, units, revenue, discount),
    UPDATE (order_lines, units, revenue, discount)
    ON retail.daily_sales TO store_managers, regional_managers, head_office;

-- For retail.doctor, which gateway.doctor runs as this role; row security binds it too.
GRANT SELECT (store_id, order_id, order_date, status) ON retail.orders TO storekeeper_definer;
GRANT SELECT (store_id, order_id, product_id, quantity, unit_price, line_total) ON retail.order_items TO storekeeper_definer;
GRANT SELECT (store_id, product_id, stock_level) ON retail.inventory TO storekeeper_definer;
GRANT SELECT (store_id, product_id, quantity) ON retail.stock_movements TO storekeeper_definer;
GRANT SELECT (store_id, business_day, product_id, order_lines, units, revenue, discount)
    ON retail.daily_sales TO storekeeper_definer;
GRANT EXECUTE ON FUNCTION retail.counts_as_revenue, retail.time_zone, retail.today TO storekeeper_definer;

-- For a database that has sales already; the owner sees none of them.
SET LOCAL ROLE storekeeper_loader;
INSERT INTO retail.stock_movements (store_id, product_id, quantity, reason, made_by)
SELECT i.store_id, i.product_id, i.stock_level, 'opening', NULL
FROM retail.inventory AS i;
INSERT INTO retail.daily_sales (store_id, business_day, product_id, order_lines, units, revenue, discount)
SELECT
    i.store_id, (o.order_date AT TIME ZONE retail.time_zone())::date, i.product_id,
    count(*), sum(i.quantity), sum(i.line_total), sum(i.quantity * i.unit_price - i.line_total)
FROM retail.orders AS o
JOIN retail.order_items AS i USING (store_id, order_id)
WHERE retail.counts_as_revenue(o.status)
GROUP BY 1, 2, 3;

RESET ROLE;
