-- gateway.normalise: what differs in its literals alone is one statement.
BEGIN;
\ir ../tap.sql
SELECT plan(46);

CREATE FUNCTION pg_temp.becomes(given text, want text, description text) RETURNS text LANGUAGE sql AS $function$
    SELECT is(gateway.normalise(given), want, description)
$function$;

-- Numbers
SELECT pg_temp.becomes('SELECT 1', 'SELECT ?', 'a number');
SELECT pg_temp.becomes('SELECT 1.5, .5, 5., 1e10, 1.5E-3, 1_000', 'SELECT ?, ?, ?, ?, ?, ?', 'in each form');
SELECT pg_temp.becomes('SELECT 0x1F, 0b101, 0o17', 'SELECT ?, ?, ?', 'of another base');
SELECT pg_temp.becomes('SELECT a1, t2.c3 FROM t2', 'SELECT a1, t2.c3 FROM t2', 'a digit in a name is none');
SELECT pg_temp.becomes('SELECT $1, $12', 'SELECT $1, $12', 'nor a parameter');
SELECT pg_temp.becomes('WHERE a<5 AND b>=-7', 'WHERE a<? AND b>=-?', 'no space is needed');
SELECT pg_temp.becomes('LIMIT 20 OFFSET 40', 'LIMIT ? OFFSET ?', 'LIMIT');

-- Strings
SELECT pg_temp.becomes('SELECT ''a''', 'SELECT ?', 'a string');
SELECT pg_temp.becomes('SELECT '''', ''it''''s'', '''''''' || ''x''', 'SELECT ?, ?, ? || ?', 'quotes in it');
SELECT pg_temp.becomes('SELECT ''a'' ''b''', 'SELECT ? ?', 'two');
SELECT pg_temp.becomes('SELECT ''-- no comment /* nor this''', 'SELECT ?', 'no comment begins in it');
SELECT pg_temp.becomes('SELECT E''a\''b'', e''c\\''', 'SELECT ?, ?', 'E strings');
SELECT pg_temp.becomes('SELECT ''a\'', 1', 'SELECT ?, ?', 'a backslash means nothing in others');
SELECT pg_temp.becomes('SELECT date''2026-01-01''', 'SELECT date?', 'no E string where a name ends in e');
SELECT pg_temp.becomes(
    'WHERE id = ''00000000-0000-4000-8000-000000000101''::uuid', 'WHERE id = ?::uuid', 'a uuid'
);
SELECT pg_temp.becomes('SELECT $$it''s 1$$, 2', 'SELECT ?, ?', 'dollar quotes');
SELECT pg_temp.becomes('SELECT $a$ $$ ''1 $b$ $a$, 2', 'SELECT ?, ?', 'with a tag');
SELECT pg_temp.becomes('SELECT a$b$c, d', 'SELECT a$b$c, d', 'none where a name goes on');
SELECT pg_temp.becomes('SELECT ''12', 'SELECT ?', 'one that does not end');
SELECT pg_temp.becomes('SELECT $x$12', 'SELECT ?', 'nor this');
SELECT pg_temp.becomes('SELECT E''12\', 'SELECT ?', 'nor that');

-- Names
SELECT pg_temp.becomes('SELECT "a 1", "it''s  --"', 'SELECT "a 1", "it''s  --"', 'quoted names stay as they are');
SELECT pg_temp.becomes('SELECT "a""1" FROM "b', 'SELECT "a""1" FROM "b', 'with quotes in them, or no end');
SELECT pg_temp.becomes('select A From b', 'select A From b', 'letters stay as they are');
SELECT pg_temp.becomes('SELECT größe2 FROM größen', 'SELECT größe2 FROM größen', 'whichever they are');

-- Comments and white space
SELECT pg_temp.becomes(E'SELECT 1 -- it''s one\n, 2', 'SELECT ? , ?', 'a comment to the end of its line');
SELECT pg_temp.becomes('SELECT 1 -- to the end', 'SELECT ?', 'of the text');
SELECT pg_temp.becomes('SELECT/* it''s */1', 'SELECT ?', 'one between');
SELECT pg_temp.becomes('SELECT /* a /* b */ ''c */ 1', 'SELECT ?', 'one in one');
SELECT pg_temp.becomes('SELECT 1 /* to the end ''x''', 'SELECT ?', 'one that does not end');
SELECT pg_temp.becomes('SELECT 1 /* a */ /* b */ /* c */ , 2', 'SELECT ? , ?', 'several leave one space');
SELECT pg_temp.becomes(E'  SELECT\t1\n\n  FROM   t ;\n', 'SELECT ? FROM t', 'white space');
SELECT pg_temp.becomes('', '', 'nothing');
SELECT pg_temp.becomes('-- nothing', '', 'nothing but a comment');
SELECT pg_temp.becomes(NULL, NULL, 'NULL');

-- Lists
SELECT pg_temp.becomes('WHERE a IN (1)', 'WHERE a IN (?)', 'a list of one');
SELECT pg_temp.becomes('WHERE a IN (1, 2,3 , -4)', 'WHERE a IN (?)', 'of many');
SELECT pg_temp.becomes('WHERE a in(''x'', ''y'') AND b NOT IN (1, 2)', 'WHERE a in(?) AND b NOT IN (?)', 'of strings');
SELECT pg_temp.becomes('WHERE a = ANY (ARRAY[1, 2])', 'WHERE a = ANY (ARRAY[?])', 'an array');
SELECT pg_temp.becomes('WHERE a IN (1, b, 2)', 'WHERE a IN (?, b, ?)', 'a list with a name in it stays');
SELECT pg_temp.becomes('WHERE a IN (SELECT 1)', 'WHERE a IN (SELECT ?)', 'no list');
SELECT pg_temp.becomes('SELECT make_date(2026, 1, 2)', 'SELECT make_date(?, ?, ?)', 'arguments are none');
SELECT pg_temp.becomes('SELECT min(1, 2)', 'SELECT min(?, ?)', 'nor is a name that ends in in');

-- Size
SELECT is(length(gateway.normalise(repeat('a ', 10000))), 7999, 'of a long one the first 8000 characters');
SELECT is(
    gateway.normalise(repeat('''x''', 2000)), '?', 'and no part of a literal is left'
);

-- Nobody calls it.
SELECT be();
SELECT throws_ok('SELECT gateway.normalise(''SELECT 1'')', '42501', 'no persona');
SELECT be_dba();

SELECT * FROM finish();
ROLLBACK;
