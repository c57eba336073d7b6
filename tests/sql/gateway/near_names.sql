-- gateway.near_names: names like a wrong one, of those that a person's free SQL may read.
BEGIN;
\ir ../tap.sql
SELECT plan(32);

-- A table that nobody may read, one of which some columns may be, and names of other schemas.
CREATE TABLE retail.order_secrets (secret_amount numeric);
CREATE TABLE retail.order_notes (note_text text, note_secret text);
GRANT SELECT (note_text) ON retail.order_notes TO store_managers;
CREATE TABLE tap.order_elsewhere (elsewhere_amount numeric);
GRANT SELECT ON tap.order_elsewhere TO PUBLIC;
ALTER TABLE retail.orders ADD COLUMN secret_amount numeric;

-- Only the sandboxes call it.
SELECT be('seattle@zava.example');
SELECT throws_ok($$SELECT gateway.near_names('table', 'ordrs')$$, '42501', 'no persona');
SELECT be_dba();
SET LOCAL ROLE storekeeper_gateway;
SELECT throws_ok($$SELECT gateway.near_names('table', 'ordrs')$$, '42501', 'not the server''s login');
SET LOCAL ROLE storekeeper_dba;
SELECT throws_ok($$SELECT gateway.near_names('table', 'ordrs')$$, '42501', 'not the DBA''s role');
RESET ROLE;

-- Nobody
SET LOCAL ROLE sandbox_store_managers;
SELECT is(gateway.near_names('table', 'ordrs'), '{}', 'nobody is told a table');
SELECT is(gateway.near_names('column', 'totl'), '{}', 'or a column');
RESET ROLE;

-- The manager
SELECT be('seattle@zava.example');
SET LOCAL ROLE NONE;
SET LOCAL ROLE sandbox_store_managers;
SELECT is(gateway.near_names(kind, wrong), likely, kind || ' ' || wrong)
FROM (
    VALUES ('table', 'ordrs', '{orders}'::text[]), ('table', 'inventroy', '{inventory}'),
        ('table', 'ORDERS', '{orders,order_items,order_notes}'),
        ('table', 'product', '{products,product_types,product_description_embeddings}'),
        ('table', 'xyzzy', '{}'), ('table', '', '{}'), ('table', 'o', '{}'), ('table', NULL, '{}'),
        ('column', 'totl_amount', '{total_amount,discount}'),
        ('column', 'note_txt', '{note_text,note,line_total}'),
        ('column', 'order', '{order_id,order_date,order_lines}'), ('column', 'xyzzy', '{}'),
        ('nonsense', 'orders', '{}'), (NULL, 'orders', '{}'), ('table', repeat('orders', 5000), '{}')
) AS t (kind, wrong, likely);

-- What one may not read is never proposed, however near.
SELECT is_empty(
    format(
        $$SELECT n FROM unnest(gateway.near_names(%L, %L)) AS n
            WHERE n ~ 'secret|elsewhere|keys|^personas'$$, kind, wrong
    ), 'not for ' || kind || ' ' || wrong
)
FROM (
    VALUES ('table', 'order_secrets'), ('table', 'order_secret'), ('table', 'order_elsewhere'),
        ('table', 'keys'), ('table', 'personas'), ('column', 'secret_amount'), ('column', 'note_secret'),
        ('column', 'elsewhere_amount')
) AS t (kind, wrong);
SELECT is_empty(
    $$SELECT n FROM unnest('{ctid,xmin,tableoid}'::text[]) AS w (wrong),
            unnest(gateway.near_names('column', w.wrong)) AS n
        WHERE n = w.wrong$$,
    'nor a column that PostgreSQL adds'
);

-- Another persona may read other things.
SELECT be('analyst@zava.example');
SET LOCAL ROLE NONE;
SET LOCAL ROLE sandbox_head_office;
SELECT is_empty(
    $$SELECT n FROM unnest(gateway.near_names('table', 'order_notes')) AS n WHERE n ~ 'notes'$$,
    'head office is not told the manager''s'
);
SELECT is(gateway.near_names('table', 'ordrs'), '{orders}', 'but its own');

-- The path of free SQL says where to look.
SELECT be_dba();
UPDATE gateway.personas SET free_sql_path = 'tap, retail' WHERE role = 'head_office';
GRANT SELECT ON tap.order_elsewhere TO head_office;
SELECT be('analyst@zava.example');
SET LOCAL ROLE NONE;
SET LOCAL ROLE sandbox_head_office;
SELECT is(
    gateway.near_names('table', 'order_elsewher'), '{order_elsewhere,orders,order_items}',
    'each schema of the path'
);

SELECT * FROM finish();
ROLLBACK;
