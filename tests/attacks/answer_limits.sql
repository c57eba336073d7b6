-- Answers that are larger than any may be, and what is written to get past a limit.

-- attack: more rows than an answer may have
-- expect: own rows
SELECT n FROM generate_series(1, 100000) AS n

-- attack: more rows than an answer may have, of nothing
-- expect: own rows
SELECT FROM generate_series(1, 100000)

-- attack: more rows than the argument allows
-- through: tool execute_sales_query {"postgresql_query": "{attack}", "max_rows": 100000}
-- expect: SK400
SELECT n FROM generate_series(1, 100000) AS n

-- attack: no limit of rows
-- through: tool execute_sales_query {"postgresql_query": "{attack}", "max_rows": -1}
-- expect: SK400
SELECT n FROM generate_series(1, 100000) AS n

-- attack: more bytes than an answer may have
-- expect: own rows
SELECT n, (SELECT string_agg(md5((n * m)::text), '') FROM generate_series(1, 1000) AS m) AS filler FROM generate_series(1, 90) AS n

-- attack: one row of more bytes than an answer may have
-- expect: own rows, SK400, SK429, 54000
SELECT string_agg(md5(n::text), '') FROM generate_series(1, 60000) AS n

-- attack: one column's name of more bytes than a name may have
-- expand: "SELECT 1 AS \"" + "x" * 5000 + "\""
-- expect: own rows

-- attack: more columns than a row may have
-- expand: "SELECT " + ",".join(["1"] * 1700)
-- expect: 54011, own rows

-- attack: columns of one name
-- expand: "SELECT " + ",".join(["1 AS a"] * 500)
-- expect: own rows

-- attack: a guarded function by its schema
-- expect: SK403
SELECT length(pg_catalog.repeat('x', 100))

-- attack: a guarded function by its quoted schema
-- expect: SK403
SELECT length("pg_catalog".repeat('x', 100))

-- attack: a guarded function by a schema in U&
-- expect: SK403
SELECT length(U&"pg\005fcatalog".repeat('x', 100))

-- attack: a guarded function by a schema in U& with its own escape
-- expect: SK403
SELECT length(U&"pg!005fcatalog" UESCAPE '!'.repeat('x', 100))

-- attack: a guarded function by a schema in u& behind a comment
-- expect: SK403
SELECT length(/**/u&"pg\005fcatalog".repeat('x', 100))

-- attack: a plan's figures
-- expect: SK400
EXPLAIN (COSTS ON) SELECT * FROM orders

-- attack: a plan without figures
-- expect: own rows
EXPLAIN SELECT * FROM orders

-- attack: a value of more bytes than one may have
-- expect: SK400, SK429, 54000
SELECT length(repeat('x', 300000000))
