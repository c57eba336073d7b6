"""Embedded PostgreSQL servers for tests."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from conftest import Server
from storekeeper.embedded import Embedded


@contextmanager
def own_server(version: str | None) -> Iterator[Server]:
    """One of its own: roles belong to the whole server, and none is there yet."""
    home = Path(tempfile.mkdtemp(prefix="storekeeper-tests-"))
    # Not pytest's own folder: as root, PostgreSQL runs as an account that may not enter it.
    home.chmod(0o711)
    try:
        with Embedded(home, int(version or 18)) as embedded:
            with psycopg.connect(embedded.conninfo(), autocommit=True) as connection:
                connection.execute("ALTER SYSTEM SET fsync = off")  # the machine is not killed
                connection.execute("SELECT pg_reload_conf()")
            yield Server(embedded.conninfo(), str(embedded.bin / "psql"))
    finally:
        shutil.rmtree(home, ignore_errors=True)
