-- retail.plain_words: what is written in several ways is one word; what is not, is not.
BEGIN;
\ir ../tap.sql
SELECT plan(20);

CREATE FUNCTION pg_temp.has(content text, word text) RETURNS boolean LANGUAGE sql
    AS $function$ SELECT word = ANY (string_to_array(retail.plain_words(content), ' ')) $function$;
SELECT be('seattle@zava.example');
SELECT is(retail.plain_words('Claw-Hammer, (FIBERGLASS) Handle!'), 'claw hammer fiberglass handle', 'words in lower case');
SELECT is(retail.plain_words('plumber''s putty'), 'plumber putty', 'without the genitive');
SELECT results_eq(
    $$SELECT t FROM unnest(ARRAY['1/2"', '1/2 in', '1/2-inch', 'half inch', 'half an inch', '0.5 inches', '.5"']) AS t
        WHERE NOT (string_to_array(retail.plain_words(t), ' ') @> '{inch0d5, n0d5}')$$,
    'SELECT NULL::text WHERE false', 'half an inch'
);
SELECT results_eq(
    $$SELECT t FROM unnest(ARRAY['1-1/2 in', '1 1/2"', '1.5 inch']) AS t
        WHERE NOT (string_to_array(retail.plain_words(t), ' ') @> '{inch1d5}')$$,
    'SELECT NULL::text WHERE false', 'one and a half'
);
SELECT ok(pg_temp.has('16 oz', 'ounce16') AND pg_temp.has('16-ounce', 'ounce16'), 'ounces');
SELECT ok(pg_temp.has('five gallons', 'gallon5') AND pg_temp.has('5 gal', 'gallon5'), 'gallons, spelt out');
SELECT ok(pg_temp.has('50ft', 'foot50') AND pg_temp.has('50''', 'foot50') AND pg_temp.has('50 feet', 'foot50'), 'feet');
SELECT ok(pg_temp.has('15A', 'amp15') AND pg_temp.has('20 volts', 'volt20') AND pg_temp.has('20 V', 'volt20'), 'amperes and volts');
SELECT ok(pg_temp.has('1,000 sq ft', 'sqft1000') AND pg_temp.has('2 cubic feet', 'cuft2'), 'square and cubic feet');
SELECT ok(pg_temp.has('4x8', '4x8') AND pg_temp.has('4 ft x 8 ft', '4x8') AND pg_temp.has('4'' by 8''', '4x8'), 'two measures');
SELECT ok(
    pg_temp.has('2 in x 4 in x 8 ft', '2x4') AND pg_temp.has('2 in x 4 in x 8 ft', '4x8')
        AND pg_temp.has('2 in x 4 in x 8 ft', '2x4x8') AND NOT pg_temp.has('2 in x 4 in x 8 ft', '2x8'),
    'of three, neighbours'
);
SELECT ok(
    pg_temp.has('two by four', '2x4') AND pg_temp.has('a two-by-four', '2x4') AND pg_temp.has('2 by six by 8', '2x6x8') AND pg_temp.has('2x4 or 2 by six', '2x6')
        AND retail.plain_words('two drills') = 'two drills', 'spelt out'
);
SELECT ok(pg_temp.has('12-2', '12x2') AND pg_temp.has('12/2', '12x2') AND NOT pg_temp.has('1/2', '1x2'), 'wires, not fractions');
SELECT is(retail.plain_words('PTDR000901'), 'ptdr000901', 'a SKU stays');
SELECT is(retail.plain_words('1/0 saw'), 'saw', 'nothing is divided by zero');
SELECT is(retail.plain_words(''), '', 'nothing');
SELECT is(retail.plain_words(' '' " - '), '', 'nor of signs');
SELECT is(retail.plain_words(NULL), NULL, 'NULL');
SELECT is(retail.plain_words('Ölfarbe 涂料 🎨'), lower('Ölfarbe 涂料 🎨'), 'other letters stay');
SELECT ok(
    length(retail.plain_words(repeat('9', 5000) || ' x ' || repeat('9/', 1000) || repeat(' 1-', 1000))) < 40000,
    'long numbers do no harm'
);

SELECT * FROM finish();
ROLLBACK;
