"""How fast is sample.load, against copying the same rows from table to table?

    python tests/bench/sample_data.py "<conninfo of a superuser>" [--scales 0.1 1] [--rounds 3]

The yardstick is a bare INSERT … SELECT of the very rows that were generated, into tables of the same
definition, their indexes and constraints in place. A scratch database is made and dropped again.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from storekeeper import migrations
from storekeeper.settings import Settings

SCRATCH = "storekeeper_bench"
TABLES = ("customers", "orders", "order_items")  # in the order of their foreign keys
LOAD = "SELECT sample.load(%s)"
EMPTY = """
    TRUNCATE retail.regions, retail.stores, retail.categories, retail.product_types, retail.products,
        retail.customers, retail.orders, retail.order_items, retail.inventory CASCADE
"""
FOREIGN_KEYS = """
    SELECT c.conname, replace(pg_get_constraintdef(c.oid), t.retail, t.yardstick)
    FROM pg_constraint AS c
    JOIN (
        VALUES ('retail.customers', 'yardstick.customers'), ('retail.orders', 'yardstick.orders')
    ) AS t (retail, yardstick) ON c.confrelid = t.retail::regclass
    WHERE c.conrelid = %(table)s::regclass
    UNION ALL
    SELECT c.conname, pg_get_constraintdef(c.oid)
    FROM pg_constraint AS c
    WHERE c.conrelid = %(table)s::regclass AND c.contype = 'f'
      AND c.confrelid NOT IN ('retail.customers'::regclass, 'retail.orders'::regclass)
"""

Connection = psycopg.Connection[tuple[object, ...]]


@contextmanager
def scratch_database(conninfo: str, folder: Path) -> Iterator[str]:
    """A migrated database of its own; yields its conninfo."""
    name = sql.Identifier(SCRATCH)
    with psycopg.connect(conninfo, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(name))
        try:
            scratch = make_conninfo(conninfo, dbname=SCRATCH)
            migrations.migrate(scratch, folder)
            yield scratch
        finally:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def copy_sample(connection: Connection, data: Path) -> None:
    """Fills the sample.* tables from the CSV files, as `storekeeper init` does."""
    for file in sorted(data.glob("*.csv")):
        table = sql.Identifier("sample", file.stem)
        statement = sql.SQL("COPY {} FROM STDIN (FORMAT csv, HEADER match)").format(table)
        with connection.cursor().copy(statement) as copy:
            copy.write(file.read_bytes())


def make_yardstick(connection: Connection) -> None:
    """Empty twins of the large tables in the schema yardstick, foreign keys and all."""
    connection.execute("CREATE SCHEMA yardstick")
    for table in TABLES:
        twin, original = sql.Identifier("yardstick", table), sql.Identifier("retail", table)
        connection.execute(
            sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING ALL)").format(twin, original)
        )
        for name, definition in connection.execute(FOREIGN_KEYS, {"table": f"retail.{table}"}):
            statement = sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} {}").format(
                twin, sql.Identifier(str(name)), sql.SQL(str(definition))
            )
            connection.execute(statement)


def time_load(connection: Connection, scale: float) -> float:
    """Seconds of sample.load, commit included, into emptied tables."""
    connection.execute("TRUNCATE yardstick.customers, yardstick.orders, yardstick.order_items")
    connection.execute(EMPTY)
    started = time.perf_counter()
    with connection.transaction():
        connection.execute("SET LOCAL ROLE storekeeper_loader")
        connection.execute(LOAD, (scale,))
    return time.perf_counter() - started


def time_yardstick(connection: Connection) -> float:
    """Seconds of a bare INSERT … SELECT of the rows that are there, and ANALYZE as it does."""
    started = time.perf_counter()
    for table in TABLES:
        twin, original = sql.Identifier("yardstick", table), sql.Identifier("retail", table)
        connection.execute(sql.SQL("INSERT INTO {} SELECT * FROM {}").format(twin, original))
        # Else the foreign keys of the next one may be looked up by the wrong index, row after row.
        connection.execute(sql.SQL("ANALYZE {}").format(twin))
    return time.perf_counter() - started


def count_rows(connection: Connection) -> int:
    counts = sql.SQL(" + ").join(
        sql.SQL("(SELECT count(*) FROM {})").format(sql.Identifier("retail", table))
        for table in TABLES
    )
    row = connection.execute(sql.SQL("SELECT ({})::integer").format(counts)).fetchone()
    return int(str(row[0])) if row else 0


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("conninfo", help="a superuser's, to any database of a scratch server")
    parser.add_argument("--scales", type=float, nargs="+", default=[0.1, 1.0])
    parser.add_argument("--rounds", type=int, default=3, help="the median counts")
    options = parser.parse_args()
    folder = migrations.sql_folder(Settings.read())

    with (
        scratch_database(options.conninfo, folder) as scratch,
        psycopg.connect(scratch, autocommit=True) as connection,
    ):
        copy_sample(connection, folder / "retail" / "data")
        make_yardstick(connection)
        print(f"PostgreSQL {connection.info.server_version // 10000}, median of {options.rounds}")
        print("| scale | rows | load s | rows/s | bare insert s | rows/s | load / bare |")
        print("|---|---|---|---|---|---|---|")
        for scale in options.scales:
            loads, bares = [], []
            for _ in range(options.rounds):
                loads.append(time_load(connection, scale))
                bares.append(time_yardstick(connection))
            rows = count_rows(connection)
            load, bare = statistics.median(loads), statistics.median(bares)
            print(
                f"| {scale:g} | {rows:,} | {load:.2f} | {rows / load:,.0f}"
                f" | {bare:.2f} | {rows / bare:,.0f} | {load / bare:.2f} |"
            )


if __name__ == "__main__":
    main()
