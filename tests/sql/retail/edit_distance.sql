-- retail.edit_distance: on cases worked out by hand.
BEGIN;
\ir ../tap.sql
SELECT plan(4);

SELECT be('seattle@zava.example');
SELECT is_empty(
    $$SELECT t.a, t.b, t.distance, retail.edit_distance(t.a, t.b) FROM (VALUES
        ('', '', 0), ('', 'saw', 3), ('saw', 'saw', 0), ('saw', 'sew', 1), ('saw', 'swa', 1), ('saw', 'saws', 1),
        ('screwdirver', 'screwdriver', 1), ('resipricating', 'reciprocating', 2), ('kitten', 'sitting', 3),
        ('abcd', 'badc', 2), ('ca', 'abc', 3), ('größe', 'grösse', 2)
    ) AS t (a, b, distance) WHERE retail.edit_distance(t.a, t.b) <> t.distance$$,
    'changed, added, left out, exchanged'
);
SELECT is_empty(
    $$SELECT a.name FROM retail.product_types AS a, retail.product_types AS b
        WHERE retail.edit_distance(a.name, b.name) <> retail.edit_distance(b.name, a.name) AND a.type_id < 20 AND b.type_id < 20$$,
    'the same either way'
);
SELECT is_empty(
    $$SELECT a.name FROM retail.product_types AS a, retail.product_types AS b
        WHERE (retail.edit_distance(a.name, b.name) = 0) <> (a.name = b.name) AND a.type_id < 20 AND b.type_id < 20$$,
    '0 is the same word'
);
SELECT is(retail.edit_distance(NULL, 'saw'), NULL, 'NULL');

SELECT * FROM finish();
ROLLBACK;
