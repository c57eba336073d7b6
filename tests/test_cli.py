"""The commands, as a shell sees them: stdout, stderr, exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from conftest import BELLEVUE, HEAD_OFFICE, PUGET_SOUND, SEATTLE, STRANGER, Target, storekeeper
from storekeeper.cli import main
from storekeeper.database import Database
from storekeeper.psql import run as run_psql


def test_call_answers_as_a_table_and_as_json(shared: Target) -> None:
    table = storekeeper(
        "call", "top_products", "max_rows=3", environment=shared.environment(SEATTLE)
    )
    assert table.returncode == 0, table.stderr
    assert "product_name" in table.stdout

    answer = storekeeper(
        "call", "top_products", '{"max_rows": 3}', "--json", environment=shared.environment(SEATTLE)
    )
    result = json.loads(answer.stdout)
    assert result["row_count"] == len(result["rows"]) == 3
    assert all(row["product_name"] in table.stdout for row in result["rows"])
    assert answer.stderr == ""


def test_principal_option_prevails(shared: Target) -> None:
    answer = storekeeper(
        "call",
        "who_am_i",
        "--principal",
        BELLEVUE,
        "--json",
        environment=shared.environment(SEATTLE),
    )
    assert json.loads(answer.stdout)["stores"] == ["Zava Retail Bellevue"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (
            ["call", "top_products", "max_rows=500"],
            1,
            ["VALIDATION_ERROR", "max_rows = 500", "200"],
        ),
        (
            ["call", "top_products", "rows=5"],
            1,
            ["VALIDATION_ERROR", "rows is no argument", "max_rows"],
        ),
        (["call", "top_prodcts"], 1, ["Unknown tool: top_prodcts", "top_products"]),
        (["call", "top_products", "5"], 2, ["'5' is not name=value"]),
        (["call", "top_products", "{"], 2, ["not JSON"]),
        (
            ["call", "who_am_i", "--principal", STRANGER],
            1,
            ["AUTHORIZATION_ERROR", "STOREKEEPER_PRINCIPAL"],
        ),
        (["tools", "--principal", STRANGER], 1, ["AUTHORIZATION_ERROR"]),
        (["init", "--scale", "0"], 2, ["--scale"]),
        (["no-such-command"], 2, ["No such command"]),
    ],
)
def test_failures_say_what_to_do(
    shared: Target, arguments: list[str], code: int, words: list[str]
) -> None:
    run = storekeeper(*arguments, environment=shared.environment(SEATTLE))
    assert run.returncode == code
    assert run.stdout == ""
    for word in words:
        assert word in run.stderr
    assert "Traceback" not in run.stderr


def test_a_failed_call_is_json_too(shared: Target) -> None:
    run = storekeeper(
        "call", "top_products", "max_rows=0", "--json", environment=shared.environment(SEATTLE)
    )
    assert run.returncode == 1
    error = json.loads(run.stdout)["error"]
    assert error["error_code"] == "VALIDATION_ERROR"
    assert error["hint"]
    assert error["request_id"]


def test_nobody_is_told_how_to_sign_in(shared: Target) -> None:
    run = storekeeper("call", "who_am_i", environment=shared.environment(None))
    assert run.returncode == 1
    assert "STOREKEEPER_PRINCIPAL" in run.stderr


def test_tools_are_those_of_the_person(shared: Target) -> None:
    listed = storekeeper("tools", "--json", environment=shared.environment(SEATTLE))
    tools = json.loads(listed.stdout)["tools"]
    assert {"get_store_performance", "execute_sales_query"} <= {tool["name"] for tool in tools}
    assert all(tool["inputSchema"]["type"] == "object" for tool in tools)
    everything = storekeeper("tools", environment=_as_dba(shared))
    assert everything.returncode == 0, everything.stderr
    assert "get_store_performance" in everything.stdout


def test_no_command_serves_unless_a_person_types(shared: Target) -> None:
    ping = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "ping"})
    served = storekeeper(environment=shared.environment(SEATTLE), given=ping + "\n")
    assert served.returncode == 0, served.stderr
    assert json.loads(served.stdout)["id"] == 1

    parent, child = os.openpty()
    try:
        assert "Usage:" in _run_on_terminal(child, shared)
    finally:
        os.close(parent)
        os.close(child)


def test_people(shared: Target) -> None:
    people = json.loads(storekeeper("people", "--json", environment=_as_dba(shared)).stdout)
    by_email = {person["email"]: person for person in people}
    assert len(people) == 15
    assert [s["name"] for s in by_email[SEATTLE]["stores"]] == ["Zava Retail Seattle"]
    assert len(by_email[PUGET_SOUND]["stores"]) == 3
    assert len(by_email[HEAD_OFFICE]["stores"]) == 8
    assert by_email["former@zava.example"]["active"] is False
    assert set(by_email[SEATTLE]) == {
        "principal_id", "email", "display_name", "role", "active", "stores"
    }  # fmt: skip
    refused = storekeeper("people", environment=shared.environment(SEATTLE))
    assert refused.returncode == 1
    assert "AUTHORIZATION_ERROR" in refused.stderr


def test_doctor_tells_the_truth(own_with_model: Target) -> None:
    own = own_with_model
    well = storekeeper("doctor", "--json", environment=_as_dba(own))
    findings = {f["subject"]: f for f in json.loads(well.stdout)["findings"]}
    assert findings.pop("serving")["ok"] is False  # a superuser must not serve
    assert all(finding["ok"] for finding in findings.values()), findings

    own.execute("ALTER TABLE retail.orders NO FORCE ROW LEVEL SECURITY")
    own.execute("COMMENT ON FUNCTION tool.who_am_i IS NULL")
    own.execute("DELETE FROM gateway.keys WHERE name = 'assertion'")
    ill = storekeeper("doctor", "--json", environment=_as_dba(own))
    assert ill.returncode == 1
    findings = {f["subject"]: f for f in json.loads(ill.stdout)["findings"]}
    for subject, word in {
        "row security": "retail.orders",
        "published functions": "who_am_i",
        "keys": "context",
    }.items():
        assert findings[subject]["ok"] is False
        assert word in findings[subject]["finding"]
        assert findings[subject]["hint"]


def test_doctor_without_a_database() -> None:
    url = "postgresql://nobody@127.0.0.1:9/none"
    run = storekeeper("doctor", environment={"STOREKEEPER_DATABASE_URL": url})
    assert run.returncode == 1
    assert "Connection refused" in run.stdout or "connection" in run.stdout


def test_stats_count_the_calls(own: Target) -> None:
    storekeeper("call", "who_am_i", environment=own.environment(SEATTLE))
    storekeeper("call", "top_products", "max_rows=0", environment=own.environment(SEATTLE))
    stats = json.loads(storekeeper("stats", "--json", environment=_as_dba(own)).stdout)
    counted = {row["tool"]: (row["calls"], row["errors"]) for row in stats["tools"]}
    assert counted == {"who_am_i": (1, 0), "top_products": (1, 1)}


def test_sql_as_a_person(own: Target) -> None:
    environment = _as_dba(own, PATH=f"{Path(own.server.psql).parent}:{os.environ['PATH']}")
    count = "SELECT count(*) FROM retail.orders"
    as_dba = storekeeper("sql", "--", "-Atc", count, environment=environment)
    assert int(as_dba.stdout) == own.execute(count)[0][0], as_dba.stderr
    as_manager = storekeeper(
        "sql", "--principal", SEATTLE, "--", "-At", "-c", count, environment=environment
    )
    (seattle,) = own.execute(
        f"{count} JOIN retail.stores USING (store_id) WHERE location = 'Seattle, WA'"
    )
    assert int(as_manager.stdout) == seattle[0] < int(as_dba.stdout)
    typed = storekeeper(
        "sql", "--principal", SEATTLE, "--", "-At",
        environment=environment, given=f"SELECT nonsense;\n{count};\n",
    )  # fmt: skip
    assert typed.stdout.split() == [str(seattle[0])]
    assert "nonsense" in typed.stderr
    stranger = storekeeper(
        "sql", "--principal", STRANGER, "--", "-c", count, environment=environment
    )
    assert stranger.returncode != 0
    (recorded,) = own.execute(
        "SELECT count(*) FROM gateway.impersonations WHERE dba = session_user"
    )
    assert recorded == (1,)


def test_sql_keeps_the_password_off_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in = tmp_path / "psql"
    stand_in.write_text(
        f'#!/bin/sh\necho "$@" > {tmp_path}/words\necho "$PGPASSWORD" > {tmp_path}/password\n'
    )
    stand_in.chmod(0o700)
    url = "postgresql://dba:very-secret@localhost/shop"
    monkeypatch.delenv("PGPASSWORD", raising=False)
    assert run_psql(Database(server=url, dba=url, psql=stand_in), None, []) == 0
    assert "very-secret" not in (tmp_path / "words").read_text()
    assert (tmp_path / "password").read_text().strip() == "very-secret"


@pytest.mark.parametrize("name", main.commands)
def test_each_command_is_where_it_is_said_to_be(name: str) -> None:
    command = main.get_command(click.Context(main), name)
    assert command is not None
    assert command.name == name
    assert command.help


def test_serving_starts_without_the_other_commands() -> None:
    program = (
        "import sys, storekeeper.cli as c; print(set(c.ELSEWHERE.values()) & set(sys.modules))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30
    )
    assert run.stdout.strip() == "set()"


def _as_dba(database: Target, **more: str) -> dict[str, str]:
    return database.environment(**{"STOREKEEPER_DATABASE_URL": database.dba, **more})


def _run_on_terminal(terminal: int, database: Target) -> str:
    return subprocess.run(
        [sys.executable, "-m", "storekeeper"],
        env=database.environment(SEATTLE),
        stdin=terminal,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    ).stdout
