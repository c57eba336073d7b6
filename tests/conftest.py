"""Where the tests run: STOREKEEPER_TEST_DATABASE_URL, else a container, else the embedded server.

`pytest --postgres 16` takes the embedded PostgreSQL 16. One template database is made at scale 0.02;
`shared` is a copy for tests that leave no trace, `own` a copy for each test that asks for one. They have no
embedding model, which is 20 MB more to copy: `with_model` and `own_with_model` have it.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from mcp import Client, StdioServerParameters
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from storekeeper import model, sample
from storekeeper.database import Database
from storekeeper.settings import LIBPQ_NAMES_A_SERVER, Settings

pytest_plugins = ["faults.world"]

TESTS = Path(__file__).parent
TEST_DATABASE_URL = os.environ.get("STOREKEEPER_TEST_DATABASE_URL")
SCALE, SEED = 0.02, 42

SEATTLE = "seattle@zava.example"
BELLEVUE = "bellevue@zava.example"
PUGET_SOUND = "puget-sound@zava.example"
HEAD_OFFICE = "analyst@zava.example"
DEACTIVATED = "former@zava.example"
STRANGER = "stranger@zava.example"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--postgres", choices=("16", "18"), help="the embedded version to test on")


@dataclass(frozen=True)
class Server:
    """A PostgreSQL server on which the tests are superuser."""

    admin: str
    psql: str

    def conninfo(self, dbname: str, **parameters: str) -> str:
        return make_conninfo(self.admin, dbname=dbname, **parameters)


@dataclass(frozen=True)
class Target:
    """A database with the schema and the sample data, and how to reach it."""

    server: Server
    name: str
    key: str
    password: str

    @property
    def dba(self) -> str:
        return self.server.conninfo(self.name)

    @property
    def gateway(self) -> str:
        return self.server.conninfo(self.name, user="storekeeper_gateway", password=self.password)

    def environment(self, principal: str | None = None, **more: str) -> dict[str, str]:
        """What a storekeeper process needs to serve this database."""
        given = {
            "STOREKEEPER_DATABASE_URL": self.gateway,
            "STOREKEEPER_ASSERTION_KEY": self.key,
            "PATH": os.environ["PATH"],
            "HOME": os.environ.get("HOME", "/"),
            "COLUMNS": "200",
            # The processes run the same code as the tests do.
            "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
            **more,
        }
        return given | ({"STOREKEEPER_PRINCIPAL": principal} if principal else {})

    def settings(self, principal: str | None = SEATTLE, **given: Any) -> Settings:
        return Settings.read(
            database_url=self.gateway, assertion_key=self.key, principal=principal, **given
        )

    def execute(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Runs a statement as the DBA; a list of rows where there are any."""
        with psycopg.connect(self.dba, autocommit=True) as connection:
            cursor = connection.execute(statement, parameters or None)
            return cursor.fetchall() if cursor.description else []


@contextmanager
def _container() -> Iterator[str]:
    from testcontainers.postgres import PostgresContainer

    with PostgresContainer("pgvector/pgvector:pg18", username="postgres", driver=None) as container:
        yield container.get_connection_url()


def _docker_answers() -> bool:
    docker = shutil.which("docker")
    return docker is not None and (
        subprocess.run([docker, "info"], capture_output=True, check=False, timeout=20).returncode
        == 0
    )


@pytest.fixture(scope="session", autouse=True)
def _nothing_configured() -> Iterator[None]:
    """The settings of whoever runs the tests don't reach the processes under test."""
    with pytest.MonkeyPatch.context() as patch:
        for name in (*LIBPQ_NAMES_A_SERVER, *os.environ):
            if name.startswith("STOREKEEPER_") or name in LIBPQ_NAMES_A_SERVER:
                patch.delenv(name, raising=False)
        yield


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    version = request.config.getoption("--postgres")
    with ExitStack() as stack:
        if TEST_DATABASE_URL and not version:
            yield Server(TEST_DATABASE_URL, shutil.which("psql") or "psql")
        elif not version and _docker_answers():
            yield Server(stack.enter_context(_container()), shutil.which("psql") or "psql")
        else:
            from servers import own_server

            yield stack.enter_context(own_server(version))


@contextmanager
def _database(server: Server, name: str, template: str | None = None) -> Iterator[None]:
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
        sql.Identifier(name), sql.Identifier(template or "template0")
    )
    with psycopg.connect(server.admin, autocommit=True) as connection:
        connection.execute(statement)
        try:
            yield
        finally:
            connection.execute(
                sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
            )


@pytest.fixture(scope="session")
def template(server: Server) -> Iterator[Target]:
    """Migrated and loaded; nobody connects to it, so that it can be copied."""
    name = f"storekeeper_test_{secrets.token_hex(4)}"
    database = Target(server, name, key=secrets.token_hex(32), password=secrets.token_hex(16))
    with _database(server, name):
        settings = Settings.read(assertion_key=database.key)
        sample.prepare(Database(server=database.dba, dba=database.dba), settings, bare=False)
        sample.load(database.dba, settings, SCALE, SEED, lambda *_: None)
        if conninfo_to_dict(server.admin).get("password"):
            database.execute(f"ALTER ROLE storekeeper_gateway PASSWORD '{database.password}'")
        yield database


@pytest.fixture(scope="session")
def shared(template: Target) -> Iterator[Target]:
    with _copy(template) as database:
        yield database


@pytest.fixture(scope="session")
def typed(template: Target) -> Iterator[Target]:
    """With a tool for each kind of type, and some that misbehave."""
    with _copy(template) as database:
        database.execute((TESTS / "fixtures" / "every_type.sql").read_text())
        yield database


@pytest.fixture
def own(template: Target) -> Iterator[Target]:
    with _copy(template) as database:
        yield database


@pytest.fixture(scope="session")
def template_with_model(template: Target) -> Iterator[Target]:
    name = f"{template.name}_with_model"
    with _database(template.server, name, template.name):
        database = Target(template.server, name, template.key, template.password)
        model.load(database.dba, lambda *_: None)
        sample.embed(database.dba)
        yield database


@pytest.fixture(scope="session")
def with_model(template_with_model: Target) -> Iterator[Target]:
    with _copy(template_with_model) as database:
        yield database


@pytest.fixture
def own_with_model(template_with_model: Target) -> Iterator[Target]:
    with _copy(template_with_model) as database:
        yield database


@contextmanager
def _copy(template: Target) -> Iterator[Target]:
    name = f"{template.name}_{secrets.token_hex(4)}"
    with _database(template.server, name, template.name):
        database = Target(template.server, name, template.key, template.password)
        database.execute("SELECT gateway.harden('own')")
        yield database


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


def client(
    database: Target, principal: str | None = SEATTLE, mode: str = "legacy", **more: str
) -> Client:
    """The SDK's own client over a real `storekeeper serve`. mode: legacy or 2026-07-28."""
    return Client(
        StdioServerParameters(
            command=sys.executable,
            args=["-m", "storekeeper", "serve"],
            env=database.environment(principal, **more),
        ),
        mode=mode,
    )


def storekeeper(
    *arguments: str, environment: dict[str, str], given: str = "", timeout: float = 60
) -> subprocess.CompletedProcess[str]:
    """Runs the command to its end, as a shell would."""
    return subprocess.run(
        [sys.executable, "-m", "storekeeper", *arguments],
        env=environment,
        input=given,
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
    )
