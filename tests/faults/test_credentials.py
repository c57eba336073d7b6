"""The password is changed while calls run: new connections take the new one from libpq's file."""

from __future__ import annotations

import secrets
import threading
from pathlib import Path

import psycopg
import pytest

from faults.world import World, works
from wire import Wire, eventually


def without_password(world: World) -> str:
    return world.target.server.conninfo(world.target.name, user="storekeeper_gateway")


def put(file: Path, password: str) -> None:
    """Whole, or not at all."""
    new = file.with_suffix(".new")
    new.write_text(f"*:*:*:storekeeper_gateway:{password}\n")
    new.chmod(0o600)
    new.replace(file)


def change(world: World, password: str) -> None:
    world.execute(f"ALTER ROLE storekeeper_gateway PASSWORD '{password}'")


@pytest.mark.parametrize("order", ["the file first", "the role first"])
def test_the_password_changes_while_calls_run(world: World, tmp_path: Path, order: str) -> None:
    file = tmp_path / "passwords"
    old, new = secrets.token_hex(8), secrets.token_hex(8)
    put(file, old)
    change(world, old)
    environment = world.environment(
        database_url=without_password(world), pool_max_lifetime=1, pool_max_size=2
    )
    with Wire({**environment, "PGPASSFILE": str(file)}) as wire:
        wire.greet()
        assert works(wire)
        before = set(world.pool())
        ended = threading.Event()
        results = []

        def call() -> None:
            while not ended.is_set():
                results.append(wire.call("fixture_sleep", seconds=0.05)["isError"])

        calls = threading.Thread(target=call)
        calls.start()
        try:
            if order == "the file first":
                put(file, new)
                change(world, new)
            else:
                change(world, new)
                put(file, new)
            eventually(lambda: not before & set(world.pool()) and world.pool())
        finally:
            ended.set()
            calls.join()
        assert len(results) > 2
        assert not any(results)
        assert works(wire)
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(without_password(world), password=old)


def test_a_wrong_password_is_told_without_it(world: World, tmp_path: Path) -> None:
    """And mended without a restart of the server."""
    file = tmp_path / "passwords"
    wrong, right = secrets.token_hex(8), secrets.token_hex(8)
    put(file, wrong)
    change(world, right)
    environment = world.environment(database_url=without_password(world), pool_timeout=1)
    with Wire({**environment, "PGPASSFILE": str(file)}) as wire:
        wire.greet()
        listed = wire.ask("tools/list")
        assert listed["error"]["data"]["error_code"] == "UNAVAILABLE"
        put(file, right)
        eventually(lambda: "result" in wire.ask("tools/list"))
        assert works(wire)
        told = wire.log_text() + b"".join(wire.lines).decode()
        assert wrong not in told
        assert right not in told
