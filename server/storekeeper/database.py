"""Which PostgreSQL: the one that the environment names, or the embedded one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from storekeeper.errors import ConfigurationError
from storekeeper.settings import Settings

EMBEDDED_DATABASE = "storekeeper"
SERVER_LOGIN = "storekeeper_gateway"
# How far free SQL reaches, as the DBA chooses.
HARDENINGS = {
    "own": "SELECT gateway.harden('own')",
    "shared": "SELECT gateway.harden('shared')",
    "none": "SELECT gateway.harden('none')",
    "accept": "SELECT gateway.accept_exposures()",
}


@dataclass(frozen=True)
class Database:
    """How to connect: as the server, and as the DBA. A named server has one account for both."""

    server: str
    dba: str
    embedded: bool = False
    psql: Path = Path("psql")


@contextmanager
def connect_to(settings: Settings, *, embedded: bool = False) -> Iterator[Database]:
    """The database of these settings; the embedded server runs as long as somebody uses it."""
    if settings.names_a_server and not embedded:
        url = settings.database_url.get_secret_value() if settings.database_url else ""
        try:
            host = str(conninfo_to_dict(url).get("host") or "")
        except psycopg.ProgrammingError:
            raise ConfigurationError(
                "STOREKEEPER_DATABASE_URL is not a connection string that libpq understands.",
                hint="postgresql://storekeeper_gateway@host:5432/database, or: host=… dbname=… user=…",
            ) from None
        if "@" in host[1:]:  # the rest of a password; at its beginning, an abstract socket
            raise ConfigurationError(
                "The host in STOREKEEPER_DATABASE_URL holds an @.",
                hint="In a URL write the @ of a password as %40.",
            )
        yield Database(server=url, dba=url)
        return

    from storekeeper.embedded import Embedded  # its package is optional

    with Embedded(settings.home, settings.embedded_version) as server:
        with psycopg.connect(server.conninfo(), autocommit=True) as connection:
            _make_database(connection)
        yield Database(
            server=server.conninfo(SERVER_LOGIN, EMBEDDED_DATABASE),
            dba=server.conninfo(dbname=EMBEDDED_DATABASE),
            embedded=True,
            psql=server.bin / "psql",
        )


def _make_database(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    exists = connection.execute("SELECT FROM pg_database WHERE datname = %s", (EMBEDDED_DATABASE,))
    if exists.rowcount == 0:
        try:
            connection.execute(f"CREATE DATABASE {EMBEDDED_DATABASE}")
        except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
            return  # another process was quicker
