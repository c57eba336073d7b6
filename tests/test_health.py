"""What an operator asks: the health of a server, its record at the shell, what a failure costs."""

from __future__ import annotations

import json
import re
import shutil
import statistics
import time
from pathlib import Path
from typing import Any

import pytest

from conftest import SEATTLE, STRANGER, TESTS, Target, storekeeper
from storekeeper import errors
from test_errors import classes
from test_telemetry import HANDBOOK, SECRET, table
from wire import LEGACY, MODES, Wire, eventually

HEALTH = {"uri": "storekeeper://health"}
NOWHERE = "postgresql://storekeeper_gateway@127.0.0.1:1/nowhere"
ROUNDS = 150


def health(wire: Wire) -> dict[str, Any]:
    (shown,) = wire.ask("resources/read", HEALTH)["result"]["contents"]
    assert (shown["uri"], shown["mimeType"]) == (HEALTH["uri"], "application/json")
    said: dict[str, Any] = json.loads(shown["text"])
    return said


def listed(wire: Wire) -> list[str]:
    return [r["uri"] for r in wire.ask("resources/list")["result"]["resources"]]


# health


@pytest.mark.parametrize("mode", MODES)
def test_health_of_a_server_that_is_well(own: Target, mode: str) -> None:
    with Wire(own.environment(SEATTLE), mode) as wire:
        wire.greet()
        assert HEALTH["uri"] in listed(wire)
        said = health(wire)
        # The catalog may have been on its way.
        eventually(lambda: health(wire)["calls"] == {"running": 0, "waiting": 0})
        assert wire.calls() == []
    assert said["status"] == "ok"
    assert "reason" not in said
    assert said["migrations"]["pending"] == []
    assert said["migrations"]["applied"] == len(migration_files())
    assert said["database"]["in_recovery"] is False
    assert said["pool"]["size"] >= 1
    assert said["circuit"] == "closed"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", said["server"]["started_at"])
    members = set(said) | {"reason"}
    assert members == table("health")


def migration_files() -> list[str]:
    files = (TESTS.parent / "sql").glob("*/migrations/*.sql")
    return sorted(f.stem for f in files if not f.name.endswith(".rollback.sql"))


@pytest.mark.parametrize("mode", MODES)
def test_health_while_the_database_is_down(typed: Target, mode: str) -> None:
    environment = typed.environment(
        SEATTLE, STOREKEEPER_DATABASE_URL=NOWHERE, STOREKEEPER_POOL_TIMEOUT="1"
    )
    with Wire(environment, mode) as wire:
        if mode == LEGACY:
            wire.greet()
        said = health(wire)
        assert said["status"] == "down"
        assert said["reason"]["error_code"] == "UNAVAILABLE"
        assert said["reason"]["hint"]
        assert "127.0.0.1" not in json.dumps(said)
        unknown = {"database", "migrations", "record", "embedding", "findings"}
        assert not unknown & set(said)
        assert set(said) == table("health") - unknown
        assert eventually(lambda: health(wire)["circuit"] == "open")


@pytest.mark.parametrize("person", [STRANGER, None])
def test_nobody_else_learns_of_it(typed: Target, person: str | None) -> None:
    with Wire(typed.environment(person)) as wire:
        wire.greet()
        assert listed(wire) == []
        error = wire.ask("resources/read", HEALTH)["error"]
        assert error["data"]["error_code"] == "AUTHORIZATION_ERROR"


def test_health_while_every_connection_is_busy(own: Target) -> None:
    own.execute((TESTS / "fixtures" / "every_type.sql").read_text())
    with Wire(own.environment(SEATTLE, STOREKEEPER_POOL_MAX_SIZE="1")) as wire:
        wire.greet()
        assert health(wire)["status"] == "ok"
        number = wire.request("tools/call", {"name": "fixture_sleep", "arguments": {"seconds": 6}})
        eventually(lambda: own.execute("SELECT pid FROM pg_stat_activity WHERE query ~ 'x_sleep'"))
        said = health(wire)
        assert (said["status"], said["reason"]["error_code"]) == ("degraded", "QUERY_TIMEOUT")
        assert said["calls"]["running"] == 1
        assert wire.answer(number)["result"]["isError"] is False
        assert health(wire)["status"] == "ok"


def test_a_finding_degrades(own: Target) -> None:
    own.execute(
        "CREATE SCHEMA shelves AUTHORIZATION storekeeper_owner; SET ROLE storekeeper_owner;"
        "CREATE FUNCTION shelves.doctor() RETURNS TABLE (subject text, ok boolean, finding text, hint text)"
        " LANGUAGE sql STABLE AS $$ SELECT 'shelves', false, 'bent', 'straighten them' $$;"
        "GRANT EXECUTE ON FUNCTION shelves.doctor TO storekeeper_definer;"
        "GRANT USAGE ON SCHEMA shelves TO storekeeper_definer"
    )
    with Wire(own.environment(SEATTLE)) as wire:
        wire.greet()
        # On a busy machine the first answer may be that the database took too long.
        said = eventually(lambda: (found := health(wire)).get("findings") and found)
    assert {"subject": "shelves", "ok": False, "finding": "bent"} in said["findings"]
    assert said["status"] == "degraded"


# a database that is older than the server


def test_pending_migrations_are_told(own: Target, tmp_path: Path) -> None:
    sql = tmp_path / "sql"
    shutil.copytree(TESTS.parent / "sql", sql)
    (sql / "gateway" / "migrations" / "9999_gateway_later.sql").write_text("SELECT 1;\n")
    with Wire(own.environment(SEATTLE, STOREKEEPER_SQL=str(sql))) as wire:
        wire.greet()
        said = health(wire)
        (warning,) = eventually(lambda: [line for line in wire.log() if "pending" in line])
        assert wire.call("who_am_i")["isError"] is False
    assert said["status"] == "degraded"
    assert said["migrations"]["pending"] == ["9999_gateway_later"]
    assert (warning["level"], warning["pending"]) == ("WARNING", ["9999_gateway_later"])
    assert "storekeeper migrate" in warning["message"]


def test_a_half_that_is_not_wanted_is_not_pending(own: Target) -> None:
    own.execute("DELETE FROM _yoyo_migration WHERE migration_id ~ 'retail'")
    with Wire(own.environment(SEATTLE)) as wire:
        wire.greet()
        assert health(wire)["migrations"]["pending"] == []


@pytest.mark.parametrize("mode", MODES)
def test_a_function_that_the_server_needs_is_missing(own: Target, mode: str) -> None:
    own.execute((TESTS / "fixtures" / "every_type.sql").read_text())
    own.execute("ALTER FUNCTION gateway.record_calls RENAME TO recorded_calls")
    own.execute("ALTER FUNCTION gateway.health RENAME TO healthy")
    with Wire(own.environment(SEATTLE), mode) as wire:
        wire.greet()
        error = wire.call("fixture_write", note="x")["_meta"]["storekeeper/error"]
        assert error["error_code"] == "CONFIGURATION_ERROR"
        assert "gateway.record_calls" in error["message"]
        assert "storekeeper migrate" in error["hint"]
        # Only what the server itself asks for.
        broken = wire.call("execute_sales_query", postgresql_query="SELECT gateway.nothing()")
        assert broken["_meta"]["storekeeper/error"]["error_code"] != "CONFIGURATION_ERROR"
        said = health(wire)
        assert (said["status"], said["reason"]["error_code"]) == ("degraded", "CONFIGURATION_ERROR")
        assert "storekeeper migrate" in said["reason"]["hint"]
    assert own.execute("SELECT note FROM fixture.notes") == []


# the record at the shell


def as_dba(database: Target) -> dict[str, str]:
    return database.environment(STOREKEEPER_DATABASE_URL=database.dba)


def test_audit(own: Target) -> None:
    for tool, argument in [("who_am_i", None), ("top_products", "max_rows=0")]:
        storekeeper(
            "call", tool, *([argument] if argument else []), environment=own.environment(SEATTLE)
        )

    def audit(*more: str) -> list[str]:
        run = storekeeper("audit", "--json", *more, environment=as_dba(own))
        assert run.returncode == 0, run.stderr
        return [call["tool"] for call in json.loads(run.stdout)]

    assert audit() == ["who_am_i", "top_products"]
    assert audit("--errors") == ["top_products"]
    assert audit("--tool", "who_am_i", "--principal", SEATTLE) == ["who_am_i"]
    assert audit("--principal", STRANGER) == []
    own.execute("UPDATE gateway.calls SET at = at - interval '2 hours' WHERE tool = 'who_am_i'")
    assert audit("--since", "90m") == ["top_products"]
    assert "top_products" in storekeeper("audit", environment=as_dba(own)).stdout
    wrong = storekeeper("audit", "--since", "long", environment=as_dba(own))
    assert wrong.returncode == 1
    assert "Traceback" not in wrong.stderr
    denied = storekeeper("audit", environment=own.environment())
    assert denied.returncode == 1
    assert "AUTHORIZATION_ERROR" in denied.stderr
    assert "storekeeper_auditor" in denied.stderr


def test_audit_verify(own: Target) -> None:
    def verify() -> tuple[int, dict[str, Any]]:
        run = storekeeper("audit", "verify", "--json", environment=as_dba(own))
        return run.returncode, json.loads(run.stdout)

    assert verify() == (0, {"ok": True, "newest_seal": None, "problems": []})
    storekeeper("call", "who_am_i", environment=own.environment(SEATTLE))
    ((seal, digest, _),) = own.execute("SELECT * FROM gateway.seal_calls()")
    code, said = verify()
    assert (code, said["ok"], said["problems"]) == (0, True, [])
    assert said["newest_seal"]["seal_id"] == seal
    assert said["newest_seal"]["digest"] == digest
    shown = storekeeper("audit", "verify", environment=as_dba(own)).stdout
    assert f"{seal}, {digest}" in shown
    own.execute("UPDATE gateway.calls SET principal = 'somebody'")
    code, said = verify()
    assert (code, said["ok"]) == (1, False)
    assert "altered" in said["problems"][0]["problem"]


def test_stats_show_slow_queries(own: Target) -> None:
    environment = own.environment(SEATTLE, STOREKEEPER_SLOW_CALL="0.000001")
    query = f"postgresql_query=SELECT '{SECRET}' AS x"
    storekeeper("call", "execute_sales_query", query, environment=environment)
    run = storekeeper("stats", "--hours", "2", "--json", environment=as_dba(own))
    found = json.loads(run.stdout)
    assert found["window"]["hours"] == 2
    assert found["totals"]["calls"] == 1
    assert [q["statement"] for q in found["slow_queries"]] == ["SELECT ? AS x"]
    shown = storekeeper("stats", environment=as_dba(own))
    assert "execute_sales_query" in shown.stdout
    assert SECRET not in run.stdout + shown.stdout
    own.execute("UPDATE gateway.calls SET at = at - interval '3 hours'")
    assert "none" in storekeeper("stats", "--hours", "2", environment=as_dba(own)).stdout


# what the handbook says


def test_the_handbook_tells_what_to_do_about_each_error() -> None:
    codes = {c.error_code for c in classes(errors.MCPError)}
    assert table("operator") == codes
    rows = HANDBOOK.partition("<!-- operator -->\n")[2].partition("\n\n")[0].splitlines()[2:]
    assert all(row.split("|")[2].strip() for row in rows)


# what a failure costs


def test_a_failing_call_costs_no_more_than_a_good_one(typed: Target) -> None:
    """Generous, for the noise of a busy machine: medians of calls that take turns."""
    kinds: dict[str, tuple[str, dict[str, Any]]] = {
        "good": ("fixture_scalar", {}),
        "NOT_FOUND": ("fixture_raise", {"code": "SK404"}),
        "MCP_ERROR": ("fixture_broken", {}),
        "VALIDATION_ERROR": ("fixture_rows", {"count": "many"}),
    }
    times: dict[str, list[float]] = {kind: [] for kind in kinds}
    with Wire(typed.environment(SEATTLE)) as wire:
        wire.greet()
        for _ in range(ROUNDS):
            for kind, (tool, arguments) in kinds.items():
                begun = time.perf_counter()
                answer = wire.call(tool, **arguments)
                times[kind].append(time.perf_counter() - begun)
                assert answer["isError"] is (kind != "good")
        outcomes = [call["outcome"] for call in wire.calls()]
        assert outcomes == ["ok", *list(kinds)[1:]] * ROUNDS
        assert "Traceback" not in wire.log_text()
    medians = {kind: statistics.median(taken) for kind, taken in times.items()}
    good = medians.pop("good")
    assert max(medians.values()) <= 3 * good, (good, medians)
