-- retail.short_names: what the rows of a table are called, where that is a short list.
BEGIN;
\ir ../tap.sql
SELECT plan(16);

CREATE TABLE retail."Odd ""names""" (name text);
INSERT INTO retail."Odd ""names""" VALUES ('b'), ('a'), (NULL);
CREATE TABLE retail.secrets (name text);
CREATE TABLE retail.half_secrets (name text, known text);
CREATE TABLE retail.hundred (name text);
INSERT INTO retail.hundred SELECT format('%s', lpad(n::text, 3, '0')) FROM generate_series(1, 100) AS n;
GRANT SELECT ON retail."Odd ""names""", retail.hundred TO store_managers;
GRANT SELECT (known) ON retail.half_secrets TO store_managers;

-- Nobody
SELECT be();
SELECT is(retail.short_names('stores')::text, NULL, 'nobody sees no store''s');

-- The manager
SELECT be('seattle@zava.example');
SELECT is(retail.short_names('stores')::text, '["Zava Retail Seattle"]', 'the manager sees theirs');
SELECT is(
    retail.short_names('categories')::jsonb,
    (SELECT jsonb_agg(name ORDER BY name) FROM retail.categories), 'everybody''s, in order'
);
SELECT is(retail.short_names('products')::text, NULL, 'a long list is none');
SELECT is(json_array_length(retail.short_names('hundred')), 100, 'a hundred are short');
SELECT is(retail.short_names('orders')::text, NULL, 'what has no name has none');
SELECT is(retail.short_names('secrets')::text, NULL, 'nor what one may not read');
SELECT is(retail.short_names('half_secrets')::text, NULL, 'or of which not the name');
SELECT is(retail.short_names('Odd "names"')::text, '["a", "b", null]', 'a name may be odd');
SELECT throws_ok($$SELECT retail.short_names('nowhere')$$, '42P01', 'a table that is not there');
SELECT throws_ok(
    $$SELECT retail.short_names('stores AS t; --')$$, '42P01', 'a name is nothing but a name'
);
SELECT throws_ok($$SELECT retail.short_names('gateway.keys')$$, '42P01', 'of schema retail');
SELECT be('bellevue@zava.example');
SELECT is(retail.short_names('stores')::text, '["Zava Retail Bellevue"]', 'a colleague sees theirs');

-- The regional manager, head office
SELECT be('puget-sound@zava.example');
SELECT is(
    retail.short_names('stores')::text,
    '["Zava Retail Everett", "Zava Retail Seattle", "Zava Retail Tacoma"]', 'the regional manager three'
);
SELECT be('analyst@zava.example');
SELECT is(json_array_length(retail.short_names('stores')), 8, 'head office all');
SELECT be_dba();

SET LOCAL ROLE storekeeper_gateway;
SELECT throws_ok($$SELECT retail.short_names('stores')$$, '42501', 'the server''s login may not ask');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
