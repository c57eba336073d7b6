-- sample.bulk_load_ddl: takes indexes, keys and triggers off tables, and puts just the same back.
BEGIN;
\ir ../tap.sql
SELECT plan(17);

CREATE TABLE tap.shelf (
    shelf_id integer PRIMARY KEY,
    place    text NOT NULL UNIQUE,
    width    integer CHECK (width > 0)
);
CREATE TABLE tap.book (
    book_id  integer,
    shelf_id integer CONSTRAINT "on a shelf" REFERENCES tap.shelf ON DELETE CASCADE,
    title    text NOT NULL,
    CONSTRAINT book_pkey PRIMARY KEY (book_id) INCLUDE (title)
);
CREATE INDEX "by title" ON tap.book (lower(title)) WHERE title <> '';
CREATE TABLE tap.loan (book_id integer REFERENCES tap.book);
CREATE FUNCTION tap.watch() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    PERFORM tap.set('tap.watched', TG_NAME, true);
    RETURN NULL;
END
$function$;
CREATE TRIGGER watching AFTER INSERT ON tap.book EXECUTE FUNCTION tap.watch();
CREATE TRIGGER sleeping AFTER INSERT ON tap.book EXECUTE FUNCTION tap.watch();
ALTER TABLE tap.book DISABLE TRIGGER sleeping;
CREATE TEMP TABLE ddl ON COMMIT DROP AS
SELECT * FROM sample.bulk_load_ddl('{tap.shelf, tap.book}');

-- What it names
SELECT results_eq(
    'SELECT phase, object FROM ddl ORDER BY phase, object COLLATE "C"',
    $$VALUES (1, 'index tap."by title"'),
        (2, 'constraint book_pkey on tap.book'), (2, 'constraint shelf_pkey on tap.shelf'),
        (2, 'constraint shelf_place_key on tap.shelf'),
        (3, 'statistics of tap.book'), (3, 'statistics of tap.shelf'),
        (4, 'constraint "on a shelf" on tap.book'),
        (4, 'constraint loan_book_id_fkey on tap.loan'),
        (5, 'trigger watching on tap.book')$$,
    'indexes, keys, statistics, foreign keys to and from, and triggers that are enabled'
);
SELECT is_empty(
    $$SELECT object FROM ddl WHERE object ~ 'check|width|not_null'$$, 'what is checked by row stays'
);
SELECT is_empty(
    'SELECT object FROM ddl WHERE create_statement IS NULL', 'each can be put back'
);
SELECT is_empty(
    'SELECT object FROM ddl WHERE (drop_statement IS NULL) <> (phase = 3)',
    'all but the statistics are taken off'
);

-- Taken off and put back
CREATE FUNCTION pg_temp.definitions() RETURNS text LANGUAGE sql AS $function$
    SELECT string_agg(d, E'\n' ORDER BY d)
    FROM (
        SELECT pg_get_indexdef(indexrelid) FROM pg_index
        WHERE indrelid IN ('tap.shelf'::regclass, 'tap.book'::regclass, 'tap.loan'::regclass)
        UNION ALL
        SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid))
        FROM pg_constraint
        WHERE conrelid IN ('tap.shelf'::regclass, 'tap.book'::regclass, 'tap.loan'::regclass)
    ) AS definition (d)
$function$;
CREATE FUNCTION pg_temp.run(direction text) RETURNS void LANGUAGE plpgsql AS $function$
DECLARE
    v_statement text;
BEGIN
    IF direction = 'drop' THEN
        FOR v_statement IN SELECT drop_statement FROM ddl WHERE phase <> 3 ORDER BY phase DESC LOOP
            EXECUTE v_statement;
        END LOOP;
    ELSE
        FOR v_statement IN SELECT create_statement FROM ddl ORDER BY phase LOOP
            EXECUTE v_statement;
        END LOOP;
    END IF;
END
$function$;
SELECT pg_temp.definitions() AS before \gset
SELECT lives_ok($$SELECT pg_temp.run('drop')$$, 'they can be taken off by falling phase');
SELECT is_empty(
    $$SELECT 1 FROM pg_index WHERE indrelid IN ('tap.shelf'::regclass, 'tap.book'::regclass)$$,
    'then there is no index'
);
SELECT is_empty(
    $$SELECT 1 FROM pg_constraint
        WHERE contype = 'f' AND confrelid IN ('tap.shelf'::regclass, 'tap.book'::regclass)$$,
    'and no foreign key'
);
INSERT INTO tap.book VALUES (1, 1, 'One');
SELECT is(coalesce(tap.setting('tap.watched', true), ''), '', 'no trigger fires');
INSERT INTO tap.shelf VALUES (1, 'here', 90);
SELECT lives_ok($$SELECT pg_temp.run('create')$$, 'and put back by rising phase');
SELECT is(pg_temp.definitions(), :'before', 'just as they were');
INSERT INTO tap.book VALUES (3, 1, 'Three');
SELECT is(tap.setting('tap.watched', true), 'watching', 'the trigger fires again, and one that slept sleeps on');
SELECT throws_ok('INSERT INTO tap.book VALUES (1, 1, ''Two'')', '23505', 'keys hold again');
SELECT throws_ok('INSERT INTO tap.book VALUES (2, 2, ''Two'')', '23503', 'foreign keys, too');

-- A key that a view rests on stays.
CREATE VIEW tap.shelf_use AS
SELECT s.shelf_id, s.place, count(*) FROM tap.shelf AS s JOIN tap.book USING (shelf_id)
GROUP BY s.shelf_id;
SELECT is_empty(
    $$SELECT object FROM sample.bulk_load_ddl('{tap.shelf}') WHERE object ~ 'shelf_pkey'$$,
    'a key that a view needs stays'
);

-- The shops' own, none, and who may
SELECT is(
    (SELECT count(*) FROM sample.bulk_load_ddl('{retail.orders}') WHERE phase IN (1, 2, 4)),
    (SELECT count(*) FROM pg_index WHERE indrelid = 'retail.orders'::regclass)
        + (SELECT count(*) FROM pg_constraint WHERE contype = 'f'
            AND (conrelid = 'retail.orders'::regclass OR confrelid = 'retail.orders'::regclass)),
    'of the orders it names every index and foreign key'
);
SELECT is_empty($$SELECT 1 FROM sample.bulk_load_ddl('{}')$$, 'no tables, no statements');
SELECT be();
SELECT throws_ok(
    $$SELECT 1 FROM sample.bulk_load_ddl('{retail.orders}')$$, '42501', 'no persona may'
);

SELECT * FROM finish();
ROLLBACK;
