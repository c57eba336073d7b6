"""A query wants more room on disk than it may have, or than there is."""

from __future__ import annotations

import secrets
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from faults.world import NAME, World, failure, works
from wire import MODES, Wire, eventually

BIG = 300_000  # rows: some 12 MB that are sorted on disk
LIMIT = f"ALTER ROLE storekeeper_gateway IN DATABASE {NAME} SET temp_file_limit = '{{}}'"


@pytest.mark.parametrize("mode", MODES)
def test_more_than_a_process_may_have(world: World, mode: str) -> None:
    with Wire(world.environment(pool_max_lifetime=1, pool_max_size=1), mode) as wire:
        wire.greet()
        assert wire.call("big_sort", rows=BIG)["structuredContent"] == {"value": BIG - 1}
        try:
            world.execute(LIMIT.format("1MB"))
            eventually(lambda: wire.call("big_sort", rows=BIG)["isError"])  # on a new connection
            for _ in range(2):
                told = failure(wire.call("big_sort", rows=BIG))
                assert told["error_code"] == "LIMIT_EXCEEDED"
                assert told["sqlstate"] == "53400"
                assert told["retryable"] is False
                assert "retry_after" not in told
                assert works(wire)
        finally:
            world.execute(LIMIT.format("1GB"))
        eventually(lambda: not wire.call("big_sort", rows=BIG)["isError"])


@pytest.fixture
def small_disk(world: World) -> Iterator[Path]:
    """A file system of 8 MB that belongs to PostgreSQL."""
    with tempfile.TemporaryDirectory(prefix="faults-disk-") as folder:
        Path(folder).chmod(0o755)
        disk = Path(folder) / "disk"
        disk.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", "size=8m,mode=777", "tmpfs", str(disk)]
        if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
            pytest.skip("file systems can't be mounted here")
        try:
            space = disk / "space"
            space.mkdir()
            world.cluster.give(space)
            world.execute(f"CREATE TABLESPACE small LOCATION '{space}'")
            world.execute("GRANT CREATE ON TABLESPACE small TO PUBLIC")
            yield space
            world.execute("DROP TABLESPACE small")
        finally:
            subprocess.run(["umount", "-l", str(disk)], check=True)


def fill(filler: Path) -> None:
    """Until there is no room."""
    with suppress(OSError), filler.open("wb", 0) as file:
        while file.write(b"x" * 4096):
            pass


@pytest.mark.usefixtures("small_disk")
def test_the_disk_is_full_of_temporary_files(world: World) -> None:
    role = "ALTER ROLE storekeeper_gateway {} temp_tablespaces"
    world.execute(f"{role.format('SET')} = 'small'")
    with world.serving() as wire:
        told = failure(wire.call("big_sort", rows=BIG))
        assert (told["error_code"], told["sqlstate"]) == ("UNAVAILABLE", "53100")
        assert told["retry_after"] > 0
        assert "small" not in str(told)
        assert works(wire)
        assert wire.call("big_sort", rows=BIG // 10)["structuredContent"] == {
            "value": BIG // 10 - 1
        }
        world.execute(role.format("RESET"))


def test_the_disk_is_full_of_tables(world: World, small_disk: Path) -> None:
    """A write finds no room, and leaves nothing; when there is room, its key writes it."""
    world.execute("ALTER TABLE fixture.notes SET TABLESPACE small")
    filler = small_disk / "filler"
    try:
        with world.serving(statement_timeout=5) as wire:
            fill(filler)
            key, note = secrets.token_hex(16), secrets.token_hex(20_000)
            for _ in range(2):
                told = failure(wire.call("once_write", note=note, idempotency_key=key))
                assert (told["error_code"], told["sqlstate"]) == ("UNAVAILABLE", "53100")
            assert works(wire)
            filler.unlink()
            assert wire.call("once_write", note=note, idempotency_key=key)["isError"] is False
            assert wire.call("once_write", note=note, idempotency_key=key)["isError"] is False
            assert world.notes(note) == 1
    finally:
        filler.unlink(missing_ok=True)
        world.execute("ALTER TABLE fixture.notes SET TABLESPACE pg_default")
