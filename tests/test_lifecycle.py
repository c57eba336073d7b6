"""Starts and ends: without a database, beside others, by end of file and by signal."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import psycopg
import pytest

from conftest import SEATTLE, TESTS, Target, storekeeper
from storekeeper.embedded import Embedded
from wire import LEGACY, MODES, PATIENCE, Wire, eventually

ENDS_WITHIN = 4  # seconds: one of grace, one for answers unread
SLEEPING = """
    SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND query LIKE '%fixture_sleep%' AND pid <> pg_backend_pid()
      AND state <> 'idle'
"""
OURS = """
    SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND usename = 'storekeeper_gateway'
"""
SLEEP = {"name": "fixture_sleep", "arguments": {"seconds": 60}}


@dataclass(frozen=True)
class Home:
    """An embedded database of its own, running only while somebody uses it."""

    path: Path
    version: int

    def environment(self, **more: str) -> dict[str, str]:
        return {
            "STOREKEEPER_HOME": str(self.path),
            "STOREKEEPER_EMBEDDED_VERSION": str(self.version),
            "STOREKEEPER_PRINCIPAL": SEATTLE,
            "PATH": os.environ["PATH"],
            "HOME": os.environ.get("HOME", "/"),
            **more,
        }

    def by_url(self, **more: str) -> dict[str, str]:
        """For a server that is told of the database, and so doesn't start it."""
        url = self.embedded().conninfo("storekeeper_gateway", "storekeeper")
        key = (self.path / "assertion.key").read_text().strip()
        given = {"STOREKEEPER_DATABASE_URL": url, "STOREKEEPER_ASSERTION_KEY": key}
        return self.environment(**{"STOREKEEPER_POOL_TIMEOUT": "1", **given, **more})

    def embedded(self) -> Embedded:
        return Embedded(self.path, self.version)

    def postmaster(self) -> psutil.Process | None:
        with suppress(FileNotFoundError, ValueError, psutil.Error):
            file = self.path / f"postgresql-{self.version}" / "postmaster.pid"
            found = psutil.Process(int(file.read_text().split()[0]))
            return found if found.status() != psutil.STATUS_ZOMBIE else None
        return None

    def stopped(self) -> bool:
        return self.postmaster() is None

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.embedded().conninfo(dbname="storekeeper")) as connection:
            connection.execute(statement.encode())


def make_home(version: int) -> Home:
    # Not pytest's own folder: as root, PostgreSQL runs as an account that may not enter it.
    folder = Path(tempfile.mkdtemp(prefix="lifecycle-")).resolve()
    folder.chmod(0o711)
    return Home(folder / "home", version)


def remove(home: Home) -> None:
    if postmaster := home.postmaster():
        for member in (postmaster, *postmaster.children()):
            member.kill()
        eventually(home.stopped)
    shutil.rmtree(home.path.parent, ignore_errors=True)


@pytest.fixture(scope="module")
def version(request: pytest.FixtureRequest) -> int:
    return int(request.config.getoption("--postgres") or 18)


@pytest.fixture(scope="module")
def prepared(version: int) -> Iterator[Home]:
    home = make_home(version)
    made = storekeeper("init", "--scale", "0.01", environment=home.environment())
    assert made.returncode == 0, made.stderr
    with home.embedded():
        home.execute((TESTS / "fixtures" / "every_type.sql").read_text())
    eventually(home.stopped)
    yield home
    remove(home)


@pytest.fixture
def home(prepared: Home) -> Iterator[Home]:
    """Stopped before and after."""
    eventually(prepared.stopped)
    yield prepared
    eventually(prepared.stopped)


@pytest.fixture
def fresh(version: int) -> Iterator[Home]:
    home = make_home(version)
    yield home
    remove(home)


def works(wire: Wire) -> bool:
    answer = wire.ask("tools/call", {"name": "who_am_i", "arguments": {}})
    return "result" in answer and answer["result"]["isError"] is False


# without a database


@pytest.mark.parametrize("mode", MODES)
def test_it_starts_without_a_database_and_says_so(mode: str, typed: Target) -> None:
    url = "postgresql://storekeeper_gateway:pass-word-1@127.0.0.1:1/nowhere"
    environment = typed.environment(
        SEATTLE, STOREKEEPER_DATABASE_URL=url, STOREKEEPER_POOL_TIMEOUT="1"
    )
    with Wire(environment, mode) as wire:
        assert "can't be reached" in wire.greet()["instructions"]
        listed = wire.ask("tools/list")["error"]
        assert "can't be reached" in listed["message"]
        assert listed["data"]["error_code"] == "UNAVAILABLE"
        assert listed["data"]["retryable"] is True
        assert listed["data"]["hint"]
        called = wire.call("who_am_i")
        assert called["isError"] is True
        assert "UNAVAILABLE" in called["content"][0]["text"]
        assert wire.process.poll() is None
        told = wire.log_text() + b"".join(wire.lines).decode()
        assert "pass-word-1" not in told
        assert "127.0.0.1" not in b"".join(wire.lines).decode()
    assert wire.process.returncode == 0


@pytest.mark.parametrize("mode", MODES)
def test_it_serves_once_the_database_is_up(home: Home, mode: str) -> None:
    with Wire(home.by_url(), mode) as wire:
        wire.greet()
        assert wire.ask("tools/list")["error"]["data"]["error_code"] == "UNAVAILABLE"
        with home.embedded():
            eventually(lambda: "result" in wire.ask("tools/list"))
            assert works(wire)
            if mode == LEGACY:
                changed = "notifications/tools/list_changed"
                eventually(lambda: heard(wire, changed))
            end(wire)


def heard(wire: Wire, method: str) -> bool:
    wire.ask("ping")
    return any(message.get("method") == method for message in wire.messages)


def end(wire: Wire, by: Callable[[Wire], None] = lambda wire: wire.stdin.close()) -> None:
    """It ends in time, with 0, and has nothing but log lines to say."""
    started = time.monotonic()
    by(wire)
    assert wire.process.wait(PATIENCE) == 0, wire.log_text()
    assert time.monotonic() - started < ENDS_WITHIN
    wire.log()


def test_it_outlives_its_database(home: Home) -> None:
    with Wire(home.by_url()) as wire, home.embedded():
        wire.greet()
        assert works(wire)
        postmaster = home.postmaster()
        assert postmaster
        postmaster.send_signal(signal.SIGINT)
        eventually(home.stopped)
        called = wire.call("who_am_i")
        assert called["_meta"]["storekeeper/error"]["error_code"] == "UNAVAILABLE"
        with home.embedded():  # starts it again
            eventually(lambda: works(wire))
            # Changes are followed again, too.
            own = "SET ROLE storekeeper_owner; CREATE FUNCTION tool.later() RETURNS integer"
            home.execute(
                f"{own} LANGUAGE sql STABLE AS 'SELECT 1';"
                " GRANT EXECUTE ON FUNCTION tool.later TO store_managers"
            )
            eventually(lambda: "error" not in wire.ask("tools/call", {"name": "later"}))
            home.execute("DROP FUNCTION tool.later")
            end(wire)


def test_a_call_under_way_survives_a_restart(home: Home) -> None:
    with home.embedded(), Wire(home.by_url(STOREKEEPER_POOL_TIMEOUT="15")) as wire:
        wire.greet()
        number = wire.request("tools/call", {"name": "fixture_sleep", "arguments": {"seconds": 2}})
        time.sleep(0.5)
        postmaster = home.postmaster()
        assert postmaster
        postmaster.send_signal(signal.SIGINT)
        eventually(home.stopped)
        with home.embedded():
            assert wire.answer(number)["result"]["isError"] is False
            (call,) = wire.calls()
            assert call["retries"] >= 1
            end(wire)


# beside others


def test_two_servers_share_the_embedded_database(home: Home) -> None:
    with Wire(home.environment()) as first, Wire(home.environment()) as second:
        for wire in (first, second):
            wire.greet()
            assert works(wire)
        postmaster = home.postmaster()
        assert postmaster
        end(first)
        assert works(second)
        assert home.postmaster() == postmaster
        end(second)
        eventually(home.stopped)


def test_two_servers_begin_at_once_in_a_fresh_home(fresh: Home) -> None:
    with Wire(fresh.environment()) as first, Wire(fresh.environment()) as second:
        answers = []
        for wire in (first, second):
            wire.request("ping")
        for wire in (first, second):
            wire.answer(1, patience=90)
            wire.greet()
            answers.append(wire.call("list_stores")["structuredContent"])
        assert answers[0] == answers[1]
        assert answers[0]["rows"][0]["customers"] > 0
        # What PostgreSQL and the migrations said went to the log.
        assert any("postgresql" in line["message"] for line in [*first.log(), *second.log()])
        end(first)
        end(second)
    eventually(fresh.stopped)


# the end


def close(wire: Wire) -> None:
    wire.stdin.close()


def terminate(wire: Wire) -> None:
    wire.process.send_signal(signal.SIGTERM)


def interrupt(wire: Wire) -> None:
    wire.process.send_signal(signal.SIGINT)


ENDINGS = (close, terminate, interrupt)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("by", ENDINGS)
@pytest.mark.parametrize("busy", [False, True], ids=["idle", "busy"])
def test_it_ends_and_leaves_nothing(
    own: Target, by: Callable[[Wire], None], busy: bool, mode: str
) -> None:
    own.execute((TESTS / "fixtures" / "every_type.sql").read_text())
    with Wire(own.environment(SEATTLE), mode) as wire:
        wire.greet()
        assert works(wire)
        assert psutil.Process(wire.process.pid).children(recursive=True) == []
        if busy:
            wire.request("tools/call", SLEEP)
            eventually(lambda: own.execute(SLEEPING))
        end(wire, by)
        eventually(lambda: own.execute(OURS) == [], 1)
        told = [(call["tool"], call["outcome"]) for call in wire.calls()]
        assert told[0] == ("who_am_i", "ok")
        assert told[1:] == ([("fixture_sleep", "CANCELLED")] if busy else [])
    recorded = own.execute("SELECT tool, outcome FROM gateway.calls ORDER BY at")
    assert recorded == told


@pytest.mark.parametrize("by", ENDINGS)
def test_the_embedded_database_ends_with_it(home: Home, by: Callable[[Wire], None]) -> None:
    with Wire(home.environment()) as wire:
        wire.greet()
        assert works(wire)
        wire.request("tools/call", SLEEP)
        time.sleep(0.3)
        postmaster = home.postmaster()
        assert postmaster
        assert psutil.Process(wire.process.pid).children(recursive=True) == []
        end(wire, by)
        assert any("stopping PostgreSQL" in line["message"] for line in wire.log())
        eventually(home.stopped)


@contextmanager
def started(database: Target, stdin: int, stdout: int) -> Iterator[subprocess.Popen[bytes]]:
    """A server whose pipes nobody reads unless the test does."""
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "storekeeper", "serve"],
            env=database.environment(SEATTLE),
            stdin=stdin,
            stdout=stdout,
            stderr=errors,
        )
        with process:
            try:
                yield process
            finally:
                process.kill()
        errors.seek(0)
        assert b"Traceback" not in errors.read()


def flood(process: subprocess.Popen[bytes], database: Target) -> None:
    """More answers than the pipe holds, and a call under way."""
    assert process.stdin
    rows = b'"name": "fixture_rows", "arguments": {"count": 500, "width": 1000}'
    sleep = b'"name": "fixture_sleep", "arguments": {"seconds": 60}'
    call = b'{"jsonrpc": "2.0", "id": %d, "method": "tools/call", "params": {%b}}\n'
    process.stdin.write(HELLO)
    process.stdin.writelines(call % (n, rows) for n in range(2, 6))
    process.stdin.write(call % (9, sleep))
    process.stdin.flush()
    eventually(lambda: database.execute(SLEEPING))
    time.sleep(0.5)


def test_a_client_that_is_killed(typed: Target) -> None:
    """Both pipes break, with answers unread."""
    with started(typed, subprocess.PIPE, subprocess.PIPE) as process:
        flood(process, typed)
        assert process.stdin
        assert process.stdout
        begun = time.monotonic()
        process.stdout.close()
        process.stdin.close()
        assert process.wait(PATIENCE) == 0
        assert time.monotonic() - begun < ENDS_WITHIN
        eventually(lambda: typed.execute(SLEEPING) == [], 1)


def test_a_client_that_reads_no_more(typed: Target) -> None:
    """A signal ends the server all the same."""
    with started(typed, subprocess.PIPE, subprocess.PIPE) as process:
        flood(process, typed)
        begun = time.monotonic()
        process.terminate()
        assert process.wait(PATIENCE) == 0
        assert time.monotonic() - begun < ENDS_WITHIN
        eventually(lambda: typed.execute(SLEEPING) == [], 1)


HELLO = (
    b'{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion":'
    b' "2025-11-25", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}}\n'
    b'{"jsonrpc": "2.0", "method": "notifications/initialized"}\n'
)
CALL = (
    b'{"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "fixture_scalar",'
    b' "arguments": {}}}\n'
)


@pytest.mark.parametrize("given", [HELLO, b""], ids=["file", "empty"])
def test_stdin_that_is_a_file(typed: Target, tmp_path: Path, given: bytes) -> None:
    file = tmp_path / "requests"
    file.write_bytes(given)
    with file.open("rb") as stdin:
        run = subprocess.run(
            [sys.executable, "-m", "storekeeper"],  # serves, stdin being no terminal
            env=typed.environment(SEATTLE),
            stdin=stdin,
            capture_output=True,
            check=False,
            timeout=PATIENCE,
        )
    assert run.returncode == 0, run.stderr
    assert run.stdout.count(b"\n") == (1 if given else 0)
    assert b"Traceback" not in run.stderr


def test_stdin_that_is_a_socket(typed: Target) -> None:
    """As Node gives its children; one for both ways, as socat does."""
    ours, theirs = socket.socketpair()
    with ours, theirs, started(typed, theirs.fileno(), theirs.fileno()) as process:
        theirs.close()
        ours.settimeout(PATIENCE)
        ours.sendall(HELLO + CALL)
        answers = b""
        while answers.count(b"\n") < 2:
            answers += ours.recv(65536)
        assert b'"value":42' in answers
        ours.shutdown(socket.SHUT_WR)
        assert process.wait(PATIENCE) == 0
