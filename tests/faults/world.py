"""A database that may be killed, tools that misbehave on purpose, and servers that must not.

The fixtures are known to every test: tests/conftest.py names this module as a plugin.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from conftest import SEATTLE, TESTS, Target
from faults.cluster import Cluster, cluster
from faults.proxy import HOST, Proxy
from storekeeper import sample
from storekeeper.database import Database
from storekeeper.settings import Settings
from wire import Message, Wire, eventually

SCALE, SEED = 0.02, 42
NAME = "faults"
SLACK = 3  # seconds that a busy machine may take beyond what was promised
GRACE = 2  # seconds by which a call's deadline exceeds its statement's timeout
RUNNING = """
    SELECT pid FROM pg_stat_activity
    WHERE usename = 'storekeeper_gateway' AND state = 'active' AND strpos(query, %s) > 0 ORDER BY pid
"""
POOL = """
    SELECT pid FROM pg_stat_activity
    WHERE usename = 'storekeeper_gateway'
      AND application_name NOT IN ('storekeeper notices', 'storekeeper probe')
    ORDER BY pid
"""


@dataclass(frozen=True)
class World:
    cluster: Cluster
    target: Target

    def execute(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        return self.target.execute(statement, *parameters)

    def connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        """As the DBA, for who asks often."""
        return psycopg.connect(self.target.dba, autocommit=True)

    def environment(self, through: Proxy | None = None, **settings: Any) -> dict[str, str]:
        """Of a server; `settings` are those of STOREKEEPER_*, in small letters."""
        more = {f"STOREKEEPER_{name.upper()}": str(value) for name, value in settings.items()}
        if through:
            url = make_conninfo(self.target.gateway, host=HOST, port=through.port)
            more = {"STOREKEEPER_DATABASE_URL": url, **more}
        return self.target.environment(**{"STOREKEEPER_PRINCIPAL": SEATTLE, **more})

    @contextmanager
    def serving(self, through: Proxy | None = None, **settings: Any) -> Iterator[Wire]:
        """A server that has been greeted, and whose process must not have died by itself."""
        with Wire(self.environment(through, **settings)) as wire:
            wire.greet()
            eventually(lambda: "result" in wire.ask("tools/list"))
            yield wire
            assert wire.process.poll() is None, wire.log_text()

    def running(self, what: str) -> list[int]:
        return [pid for (pid,) in self.execute(RUNNING, what)]

    def pool(self) -> list[int]:
        return [pid for (pid,) in self.execute(POOL)]

    def once_running(self, what: str, count: int = 1) -> list[int]:
        """The backends that run it, once so many do."""
        found: list[int] = eventually(
            lambda: (pids := self.running(what)) and len(pids) >= count and pids
        )
        return found

    def terminate(self, pids: list[int]) -> None:
        self.execute("SELECT pg_terminate_backend(pid) FROM unnest(%s::integer[]) AS pid", pids)

    def notes(self, note: str) -> int:
        """How often it was written."""
        ((count,),) = self.execute("SELECT count(*) FROM fixture.notes WHERE note = %s", note)
        return int(count)

    def configure(self, name: str, value: str | None) -> None:
        """A setting of the whole server, which takes effect at once; None: as it was."""
        change = f"SET {name} = '{value}'" if value is not None else f"RESET {name}"
        before = self.execute("SELECT pg_conf_load_time()")[0][0]
        self.execute(f"ALTER SYSTEM {change}")
        self.execute("SELECT pg_reload_conf()")
        # A new backend has it once everybody was sent it; who makes the checkpoint reads it before.
        eventually(lambda: self.execute("SELECT pg_conf_load_time() > %s", before) == [(True,)])
        self.execute("CHECKPOINT")

    def switch(self, name: str, *, on: bool) -> None:
        self.execute("UPDATE fixture.switches SET is_on = %s WHERE name = %s", on, name)


@pytest.fixture(scope="session")
def prepared(request: pytest.FixtureRequest) -> Iterator[World]:
    """Stopped, to be copied."""
    with cluster(int(request.config.getoption("--postgres") or 18)) as made:
        made.make()
        made.start()
        world = World(made, Target(made.server, NAME, secrets.token_hex(32), secrets.token_hex(16)))
        Target(made.server, "postgres", "", "").execute(f"CREATE DATABASE {NAME}")
        dba = world.target.dba
        settings = Settings.read(assertion_key=world.target.key)
        sample.prepare(Database(server=dba, dba=dba), settings, bare=False)
        sample.load(dba, settings, SCALE, SEED, lambda *_: None)
        world.execute(f"ALTER ROLE storekeeper_gateway PASSWORD '{world.target.password}'")
        world.execute("SELECT gateway.harden('own')")
        world.execute((TESTS / "fixtures" / "every_type.sql").read_text())
        world.execute((TESTS / "faults" / "tools.sql").read_text())
        made.stop()
        yield world


@pytest.fixture(scope="module")
def world(prepared: World) -> Iterator[World]:
    """A module's own."""
    with cluster(prepared.cluster._embedded.version) as made:
        prepared.cluster.copy_to(made)
        made.start()
        yield World(made, replace(prepared.target, server=made.server))


def start(wire: Wire, tool: str, **arguments: Any) -> int:
    """A call that is not waited for."""
    return wire.request("tools/call", {"name": tool, "arguments": arguments})


def failure(result: Message) -> Message:
    """What a failed call says of itself."""
    assert result["isError"] is True, result
    error: Message = result["_meta"]["storekeeper/error"]
    assert error["message"]
    assert error["hint"]
    return error


def works(wire: Wire) -> bool:
    return wire.call("fixture_scalar").get("structuredContent") == {"value": 42}
