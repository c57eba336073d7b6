"""Makes a database ready: migrations, the assertion key, and the sample business."""

from __future__ import annotations

import csv
from pathlib import Path

import psycopg
from psycopg import sql

from storekeeper import migrations
from storekeeper.database import HARDENINGS, Database
from storekeeper.errors import ConfigurationError
from storekeeper.failures import explain
from storekeeper.progress import Progress, progress_handler
from storekeeper.settings import Settings
from storekeeper.shipping import HALVES

LOADED_ALREADY = "SK409"
HAS_GATEWAY = "SELECT to_regprocedure('gateway.people()') IS NOT NULL"
IS_EMPTY = """
    SELECT to_regnamespace('sample') IS NOT NULL AND NOT EXISTS (SELECT FROM gateway.people())
"""
INSTALL_KEY = "SELECT gateway.install_key('assertion', %s)"
EMBED = "SELECT retail.embed_products()"
LOAD = "SELECT table_name, row_count FROM sample.load(%s, %s)"


def is_fresh(conninfo: str) -> bool:
    """Whether the schema, or the people of the sample business, are not there yet."""
    with psycopg.connect(conninfo) as connection:
        (has_gateway,) = connection.execute(HAS_GATEWAY).fetchone() or (False,)
        return not has_gateway or connection.execute(IS_EMPTY).fetchone() == (True,)


def prepare(database: Database, settings: Settings, *, bare: bool) -> list[str]:
    """Migrates and installs the assertion key; safe to run again. Returns the ids applied."""
    applied = migrations.migrate(
        database.dba, migrations.sql_folder(settings), HALVES[:1] if bare else HALVES
    )
    key = settings.make_assertion_key()
    with psycopg.connect(database.dba) as connection:
        row = connection.execute(INSTALL_KEY, (key,)).fetchone()
        if database.embedded:  # nobody else is in it
            connection.execute(HARDENINGS["own"])
    if row != (True,):
        raise ConfigurationError(
            "The database knows another assertion key than this one.",
            hint="Set STOREKEEPER_ASSERTION_KEY to the key of the servers that use it already. To "
            "replace it: SELECT gateway.install_key('assertion', '\\x…', replace => true)",
        )
    return applied


def load(
    conninfo: str, settings: Settings, scale: float, seed: int, progress: Progress
) -> dict[str, int] | None:
    """Loads the sample business in one transaction: table → rows, or None when it is there already."""
    data = migrations.sql_folder(settings) / "retail" / "data"
    try:
        with psycopg.connect(conninfo) as connection:
            connection.add_notice_handler(progress_handler(progress))
            connection.execute("SET LOCAL ROLE storekeeper_loader")
            for file in sorted(data.glob("*.csv")):
                _copy(connection, file)
            rows: dict[str, int] = dict(connection.execute(LOAD, (scale, seed)).fetchall())
            connection.commit()
            # Index-only scans need the visibility map, which no statement inside a transaction makes.
            connection.autocommit = True
            connection.execute("SET ROLE storekeeper_loader")
            tables = sql.SQL(", ").join(sql.Identifier(*name.split(".")) for name in rows)
            connection.execute(sql.SQL("VACUUM {}").format(tables))
            return rows
    except psycopg.Error as failure:
        if failure.sqlstate == LOADED_ALREADY:
            return None
        raise explain(failure) from None


def embed(conninfo: str) -> int:
    """Makes products searchable that were written before the model was loaded; how many."""
    try:
        with psycopg.connect(conninfo) as connection:
            connection.execute("SET LOCAL ROLE storekeeper_loader")
            (count,) = connection.execute(EMBED).fetchone() or (0,)
            return int(count)
    except psycopg.Error as failure:
        raise explain(failure) from None


def _copy(connection: psycopg.Connection[tuple[object, ...]], file: Path) -> None:
    table = sql.Identifier("sample", file.stem)
    with file.open(newline="") as source:
        header = next(csv.reader(source))
    connection.execute(sql.SQL("TRUNCATE {}").format(table))
    columns = sql.SQL(", ").join(map(sql.Identifier, header))
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv, HEADER match)").format(table, columns)
    with connection.cursor().copy(statement) as copy, file.open("rb") as source:
        while block := source.read(65536):
            copy.write(block)
