-- gateway.describe_table: what one may read of a table.
BEGIN;
\ir ../tap.sql
SELECT plan(10);

CREATE TYPE retail.mood AS ENUM ('good', 'bad');
CREATE TABLE retail.notes (
    store_id uuid NOT NULL,
    order_id uuid NOT NULL,
    mood     retail.mood,
    kind     text CHECK (kind IN ('it''s "a"', 'b')),
    length   integer CHECK (length > 0),
    secret   text,
    FOREIGN KEY (store_id, order_id) REFERENCES retail.orders
);
GRANT SELECT (store_id, order_id, mood, kind, length) ON retail.notes TO store_managers;
COMMENT ON COLUMN retail.notes.mood IS 'How it went.';
ALTER TABLE retail.notes ENABLE ROW LEVEL SECURITY;

SELECT be('seattle@zava.example');
SELECT tap.set(
    'test.notes', gateway.describe_table('retail.notes'::regclass)::text, true
) <> '' AS kept \gset
SELECT is(
    (SELECT json_agg(c ->> 'name') FROM json_array_elements(tap.setting('test.notes')::json
        -> 'columns') AS c)::text,
    '["store_id", "order_id", "mood", "kind", "length"]', 'the columns that one may read, in order'
);
SELECT is(
    tap.setting('test.notes')::jsonb #> '{columns, 2}',
    '{"name": "mood", "type": "retail.mood", "nullable": true, "description": "How it went.",
        "values": ["good", "bad"]}'::jsonb,
    'an enum has its labels'
);
SELECT is(
    tap.setting('test.notes')::jsonb #> '{columns, 3, values}', '["it''s \"a\"", "b"]'::jsonb,
    'a CHECK (… IN …) has its values'
);
SELECT is(
    tap.setting('test.notes')::jsonb #> '{columns, 4}',
    '{"name": "length", "type": "integer", "nullable": true}'::jsonb, 'another CHECK has none'
);
SELECT is(
    tap.setting('test.notes')::jsonb -> 'foreign_keys',
    '["(store_id, order_id) REFERENCES orders (store_id, order_id)"]'::jsonb, 'foreign keys show'
);
SELECT ok(
    gateway.describe_table('retail.orders'::regclass)::jsonb
        -> 'referenced_by' ? 'notes (store_id, order_id)',
    'on the other side too'
);
SELECT is(
    gateway.describe_table('retail.orders'::regclass) ->> 'primary_key', '(store_id, order_id)',
    'so do primary keys'
);
SELECT is(
    (SELECT string_agg(d ->> 'table', ',') FROM gateway.visible_tables('retail') AS v
        CROSS JOIN LATERAL gateway.describe_table(v.table_oid) AS d
        JOIN pg_class AS c ON c.oid = v.table_oid
        WHERE c.relrowsecurity AND d::jsonb ? 'approximate_rows'),
    NULL::text, 'the size of a tenant''s table, which counts others'' rows, is not told'
);
SELECT is(
    gateway.describe_table('retail.stores'::regclass)::jsonb #> '{columns, 1, values}',
    '["Zava Retail Seattle"]'::jsonb, 'names are those of visible rows'
);
SELECT ok(
    NOT gateway.describe_table('retail.products'::regclass)::jsonb #> '{columns, 3}' ? 'values',
    'a long list of names is left out'
);

SELECT * FROM finish();
ROLLBACK;
