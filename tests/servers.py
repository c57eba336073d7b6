"""A PostgreSQL server of a test's own: roles belong to the whole server, and none is there yet."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from conftest import Server
from storekeeper.embedded import Embedded


@contextmanager
def own_server(version: str | None) -> Iterator[Server]:
    home = Path(tempfile.mkdtemp(prefix="storekeeper-alone-"))
    home.chmod(0o711)  # as root, PostgreSQL runs as an account that must be able to enter it
    try:
        with Embedded(home, int(version or 18)) as embedded:
            yield Server(embedded.conninfo(), str(embedded.bin / "psql"))
    finally:
        shutil.rmtree(home, ignore_errors=True)
