-- gateway.describe_table: what one may read of a table.
BEGIN;
\ir ../tap.sql
SELECT plan(17);

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

CREATE VIEW retail.moods AS SELECT mood FROM retail.notes;
GRANT SELECT ON retail.moods TO store_managers;
CREATE TABLE retail.diary (
    store_id uuid,
    order_id uuid,
    FOREIGN KEY (store_id, order_id) REFERENCES retail.orders
);
SELECT set_config('test.tenants', string_agg(relname, ','), true) AS tenants
FROM pg_class
WHERE relrowsecurity \gset

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
    gateway.describe_table('retail.orders'::regclass)::jsonb -> 'referenced_by'
        ? 'diary (store_id, order_id)', false, 'but not from a table that one may not read'
);
SELECT is(
    gateway.describe_table('retail.diary'::regclass)::text, NULL, 'which is not described itself'
);
SELECT is(
    gateway.describe_table('retail.moods'::regclass)::jsonb,
    '{"table": "moods",
      "columns": [{"name": "mood", "type": "retail.mood", "nullable": true, "values": ["good", "bad"]}]}',
    'a view is'
);
SELECT is_empty(
    $$SELECT d ->> 'table'
        FROM gateway.visible_tables('retail') AS v,
            LATERAL gateway.describe_table(v.table_oid) AS d
        WHERE d ->> 'table' = ANY (string_to_array(tap.setting('test.tenants'), ','))
          AND d::jsonb ? 'approximate_rows'$$,
    'the size of a tenant''s table, which counts others'' rows, is not told'
);
SELECT ok(
    gateway.describe_table('retail.products'::regclass)::jsonb ? 'approximate_rows',
    'that of everybody''s is'
);
SELECT is(
    gateway.describe_table('retail.stores'::regclass, '["Here"]')::jsonb #> '{columns, 1, values}',
    '["Here"]'::jsonb, 'names are those that the caller gives'
);
SELECT is(
    gateway.describe_table('retail.orders'::regclass, '["Here"]')::jsonb
        @? '$.columns[*].values[*] ? (@ == "Here")', false, 'of a table that has a name'
);
SELECT is(gateway.describe_table(0)::text, NULL, 'what is no table is not described');

-- Nobody: what the role alone could read
SELECT be_dba();
SET LOCAL SESSION AUTHORIZATION storekeeper_gateway;
SET LOCAL ROLE store_managers;
SELECT is(
    gateway.describe_table('retail.orders'::regclass)::text, NULL, 'without identity, nothing is'
);
RESET ROLE;
SELECT throws_ok('SELECT gateway.describe_table(0)', '42501', 'the server''s login may not ask');
SET LOCAL SESSION AUTHORIZATION DEFAULT;

SELECT * FROM finish();
ROLLBACK;
