"""Keys, passwords and assertions are told to nobody: in output, logs, processes and activity."""

from __future__ import annotations

import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from conftest import SEATTLE, Target, storekeeper
from wire import LEGACY, Wire, eventually

MARK = f"mark-{secrets.token_hex(12)}"  # a password that is nobody's
ASSERTION = re.compile(r"v1\|[^|\s]+\|\d+\|")
# Long enough to look at, and stopped when that is done.
SLOW = "SELECT count(*) FROM order_items AS a, order_items AS b, order_items AS c, order_items AS d"
ACTIVITY = """
    SELECT query, application_name, state FROM pg_stat_activity
    WHERE datname = current_database() AND usename = 'storekeeper_gateway'
"""
NOWHERE = {
    "a port where nobody listens": f"postgresql://storekeeper_gateway:{MARK}@127.0.0.1:9/shop",
    "a host that is not there": f"postgresql://storekeeper_gateway:{MARK}@storekeeper.invalid/shop",
    "a folder without a socket": f"host=/nowhere user=storekeeper_gateway password={MARK} dbname=shop",
    "a host in brackets that don't close": f"postgresql://storekeeper_gateway:{MARK}@[::1/shop",
    "a password with an @ that is not escaped": f"postgresql://storekeeper_gateway:x@{MARK}@localhost/shop",
    "a port that is no number": f"postgresql://storekeeper_gateway:{MARK}@localhost:{MARK}/shop",
    "a percent sign that means nothing": f"postgresql://storekeeper_gateway:{MARK}%zz@localhost/shop",
    "a parameter that is not there": f"postgresql://localhost/shop?password={MARK}&nonsense={MARK}",
    "a word that is no parameter": f"host=localhost password={MARK} {MARK}",
    "a quote that is not closed": f"host=localhost password='{MARK}",
    "an ssl mode that is not there": f"postgresql://localhost/shop?password={MARK}&sslmode=nonsense",
    "no URL at all": MARK,
}


def told(run: subprocess.CompletedProcess[str]) -> str:
    return run.stdout + run.stderr


def holds_no_secret(text: str, *more: str) -> bool:
    found = [s for s in (MARK, *more) if s in text] + ASSERTION.findall(text)
    assert found == [], text
    return True


@pytest.fixture
def marked(shared: Target) -> dict[str, str]:
    """Environment of a server that works and whose secrets are known by sight."""
    return shared.environment(SEATTLE, STOREKEEPER_LOG_LEVEL="DEBUG")


@pytest.fixture
def as_dba(shared: Target) -> dict[str, str]:
    return shared.environment(STOREKEEPER_DATABASE_URL=dba(shared), STOREKEEPER_LOG_LEVEL="DEBUG")


def dba(target: Target) -> str:
    """The DBA's connection with a password, which the embedded server does not ask for."""
    return make_conninfo(target.dba, password=password_of(target))


def password_of(target: Target) -> str:
    return str(conninfo_to_dict(target.dba).get("password") or MARK)


# output of commands


@pytest.mark.parametrize(
    ("command", "name"),
    [
        *((("call", "who_am_i"), name) for name in NOWHERE),
        (("doctor", "--json"), "a port where nobody listens"),
        (("doctor", "--json"), "a quote that is not closed"),
    ],
)
def test_a_connection_that_fails(command: tuple[str, ...], name: str) -> None:
    key = secrets.token_hex(32)
    run = storekeeper(
        *command,
        environment={
            "STOREKEEPER_DATABASE_URL": NOWHERE[name],
            "STOREKEEPER_ASSERTION_KEY": key,
            "STOREKEEPER_PRINCIPAL": SEATTLE,
            "STOREKEEPER_LOG_LEVEL": "DEBUG",
            "STOREKEEPER_POOL_TIMEOUT": "1",
            "STOREKEEPER_RETRIES": "0",
        },
    )
    assert run.returncode == 1
    assert told(run).strip()
    assert holds_no_secret(told(run), key)
    assert "Traceback" not in told(run)


@pytest.mark.parametrize("name", ["a port where nobody listens", "a quote that is not closed"])
def test_serving_without_a_connection(shared: Target, name: str) -> None:
    environment = shared.environment(
        SEATTLE, STOREKEEPER_DATABASE_URL=NOWHERE[name], STOREKEEPER_LOG_LEVEL="DEBUG"
    )
    run = storekeeper("serve", environment=environment)
    assert holds_no_secret(told(run), shared.key)
    assert "Traceback" not in run.stderr


def test_a_password_among_libpqs_variables(shared: Target) -> None:
    given = {
        "PGHOST": "127.0.0.1",
        "PGPORT": "9",
        "PGUSER": "x",
        "PGDATABASE": "x",
        "PGPASSWORD": MARK,
    }
    environment = shared.environment(SEATTLE, STOREKEEPER_LOG_LEVEL="DEBUG", **given)
    del environment["STOREKEEPER_DATABASE_URL"]
    run = storekeeper("call", "who_am_i", environment=environment)
    assert run.returncode == 1
    assert holds_no_secret(told(run), shared.key)


@pytest.mark.parametrize("change", ["{}zz", "0x{}", "'{}'", "{}{}", " {} {}"])
def test_a_key_that_is_wrong(marked: dict[str, str], shared: Target, change: str) -> None:
    wrong = change.format(shared.key, shared.key)
    run = storekeeper(
        "call", "who_am_i", environment={**marked, "STOREKEEPER_ASSERTION_KEY": wrong}
    )
    assert run.returncode == 1
    assert holds_no_secret(told(run), shared.key, shared.password)


@pytest.mark.parametrize("line", ["{}zz", "key={}"])
def test_a_key_file_that_is_wrong(
    marked: dict[str, str], shared: Target, tmp_path: Path, line: str
) -> None:
    (tmp_path / "assertion.key").write_text(line.format(shared.key))
    environment = {**marked, "STOREKEEPER_HOME": str(tmp_path)}
    del environment["STOREKEEPER_ASSERTION_KEY"]
    run = storekeeper("call", "who_am_i", environment=environment)
    assert run.returncode == 1
    assert holds_no_secret(told(run), shared.key, shared.password)


@pytest.mark.parametrize(
    "command",
    [
        ("call", "who_am_i", "--json"),
        ("call", "top_products", "max_rows=none"),
        ("call", "execute_sales_query", "postgresql_query=SELECT nothing"),
        ("tools", "--json"),
    ],
    ids=" ".join,
)
def test_commands_as_a_person(
    marked: dict[str, str], shared: Target, command: tuple[str, ...]
) -> None:
    assert holds_no_secret(
        told(storekeeper(*command, environment=marked)), shared.key, shared.password
    )


@pytest.mark.parametrize(
    "command",
    [("doctor", "--json"), ("doctor",), ("people",), ("status",), ("stats",)],
    ids=" ".join,
)
def test_commands_as_the_dba(
    as_dba: dict[str, str], shared: Target, command: tuple[str, ...]
) -> None:
    run = storekeeper(*command, environment=as_dba)
    assert run.stdout
    assert holds_no_secret(told(run), shared.key, shared.password, password_of(shared))


# processes


@pytest.fixture
def command_lines() -> Any:
    proc = Path("/proc")
    if not (proc / "self" / "cmdline").exists():
        pytest.skip("there is no /proc here, so other processes' command lines can't be read")

    def read() -> list[str]:
        lines = []
        for file in proc.glob("[0-9]*/cmdline"):
            try:
                lines.append(file.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
            except OSError:  # it has ended
                continue
        return lines

    return read


def test_the_command_line_of_a_server(shared: Target, command_lines: Any) -> None:
    with Wire(shared.environment(SEATTLE)) as wire:
        wire.greet()
        lines = command_lines()
        assert any("storekeeper serve" in line for line in lines)
        assert holds_no_secret("\n".join(lines), shared.key, shared.password)


@pytest.mark.parametrize("principal", [(), ("--principal", SEATTLE)], ids=["dba", "person"])
def test_the_command_line_of_psql(
    own: Target, command_lines: Any, principal: tuple[str, ...]
) -> None:
    # A transaction open in psql keeps its database from being dropped, hence a copy of its own.
    environment = own.environment(
        STOREKEEPER_DATABASE_URL=dba(own),
        PATH=f"{Path(own.server.psql).parent}:{own.environment()['PATH']}",
    )
    with subprocess.Popen(
        [sys.executable, "-m", "storekeeper", "sql", *principal, "--", "-At"],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write("SELECT 'ready';\n")
        process.stdin.flush()
        assert process.stdout.readline().strip() == "ready"
        lines = command_lines()
        output, errors = process.communicate("\\q\n", timeout=30)
    psql = [line for line in lines if own.name in line]
    assert psql
    assert holds_no_secret("\n".join(lines), own.key, own.password, password_of(own))
    assert holds_no_secret(output + errors, own.key, own.password, password_of(own))
    recorded = own.execute("SELECT i::text FROM gateway.impersonations AS i")
    assert holds_no_secret(str(recorded), own.key, own.password, password_of(own))


# the database


@pytest.fixture
def slow_call(own: Target) -> Iterator[Target]:
    """While a person's query runs."""
    with Wire(own.environment(SEATTLE), LEGACY) as wire:
        wire.greet()
        number = wire.request(
            "tools/call",
            {"name": "execute_sales_query", "arguments": {"postgresql_query": SLOW}},
        )
        yield own
        wire.send("notifications/cancelled", {"requestId": number})


def test_what_others_see_of_a_call_that_runs(slow_call: Target) -> None:
    def of_the_call() -> list[tuple[str, str]]:
        return [
            (query, application)
            for query, application, state in slow_call.execute(ACTIVITY)
            if state == "active" and re.fullmatch("storekeeper [0-9a-f]{16}", application)
        ]

    seen = eventually(of_the_call)
    for query, _ in seen:
        assert "$1" in query, query
        assert "order_items" not in query
    assert SEATTLE not in str(seen)
    assert holds_no_secret(str(slow_call.execute(ACTIVITY)), slow_call.key, slow_call.password)


def test_what_others_see_after_a_call(own: Target) -> None:
    with Wire(own.environment(SEATTLE)) as wire:
        wire.greet()
        wire.call("who_am_i")
        wire.call("execute_sales_query", postgresql_query="SELECT nothing")
        rows = own.execute(ACTIVITY)
        assert len(rows) >= 2
        assert holds_no_secret(str(rows), own.key, own.password)
        wire.end()
    recorded = own.execute("SELECT c::text FROM gateway.calls AS c")
    assert len(recorded) == 2
    assert holds_no_secret(str(recorded), own.key, own.password)
