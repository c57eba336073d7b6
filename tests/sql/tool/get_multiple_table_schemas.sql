-- tool.get_multiple_table_schemas: the tables that one may query.
BEGIN;
\ir ../tap.sql
SELECT plan(11);

CREATE FUNCTION pg_temp.tables(names text[]) RETURNS text LANGUAGE sql AS $function$
    SELECT string_agg(t ->> 'table', ' ' ORDER BY n)
    FROM json_array_elements(tool.get_multiple_table_schemas(names) -> 'tables') WITH
        ORDINALITY AS t (t, n)
$function$;

SELECT be('seattle@zava.example');
SELECT is(
    pg_temp.tables(NULL), (SELECT string_agg(table_name, ' ') FROM gateway.visible_tables('retail')),
    'all when none is named'
);
SELECT is(pg_temp.tables('{}'), pg_temp.tables(NULL), 'all for an empty list');
SELECT is(
    pg_temp.tables('{orders, Retail.Customers}'), 'customers orders',
    'those named, however they are written'
);
SELECT throws_ok(
    $$SELECT tool.get_multiple_table_schemas('{orders, nonsense}')$$, 'SK404',
    'an unknown table is not found'
);
SELECT throws_ok(
    $$SELECT tool.get_multiple_table_schemas('{sample.products}')$$, 'SK404',
    'nor one of another schema'
);
SELECT throws_ok(
    $$SELECT tool.get_multiple_table_schemas('{NULL}')$$, 'SK404', 'nor is NULL a table'
);
SELECT is(
    tool.get_multiple_table_schemas('{orders}')::jsonb #> '{tables, 0, columns, 5, values}',
    '["pending", "shipped", "completed", "cancelled", "returned"]'::jsonb, 'valid values show'
);
SELECT ok(
    octet_length(tool.get_multiple_table_schemas()::text) < 12000, 'all of it is still short'
);
SELECT is(
    tool.get_multiple_table_schemas('{stores}')::jsonb #> '{tables, 0, columns, 1, values}',
    '["Zava Retail Seattle"]'::jsonb, 'names are those of visible rows'
);
SELECT is(
    tool.get_multiple_table_schemas('{products}')::jsonb @? '$.tables[0].columns[*].values', false,
    'a long list of names is left out'
);
SELECT lives_ok(
    format(
        'SELECT tool.execute_sales_query(%L)',
        substring(tool.get_multiple_table_schemas('{orders}') #>> '{hints, 4}' FROM 'Example: (.*)')
    ), 'the example in the hints works'
);

SELECT * FROM finish();
ROLLBACK;
