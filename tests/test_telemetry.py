"""What is told of each call: a log line, statsd packets, and the record in the database."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from conftest import SEATTLE, TESTS, Target, storekeeper
from storekeeper.gateway import Gateway
from storekeeper.telemetry import BATCH, RECORD_LIMIT, Call, Telemetry
from wire import LEGACY, META, MODES, PATIENCE, Wire, eventually

SECRET = "hunter2-in-an-argument"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
HANDBOOK = (TESTS.parent / "sql" / "README.md").read_text()


@pytest.fixture
def statsd() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(PATIENCE)
        yield listening


def packets(listening: socket.socket) -> Iterator[list[str]]:
    """The packets as they come, each with its lines."""
    while True:
        yield listening.recv(4096).decode().split("\n")


def of_calls(listening: socket.socket) -> Iterator[list[str]]:
    """Those of calls; gauges come between them."""
    return (lines for lines in packets(listening) if not lines[0].endswith("|g"))


def table(name: str) -> set[str]:
    """The names in the first column of one of the handbook's tables."""
    rows = HANDBOOK.partition(f"<!-- {name} -->\n")[2].partition("\n\n")[0].splitlines()[2:]
    assert rows, name
    return {word for row in rows for word in re.findall(r"`([^`]+)`", row.split("|")[1])}


def port(listening: socket.socket) -> str:
    return str(listening.getsockname()[1])


# the log


@pytest.mark.parametrize("mode", MODES)
def test_one_line_a_call(typed: Target, mode: str) -> None:
    with Wire(typed.environment(SEATTLE), mode) as wire:
        wire.greet()
        before = datetime.now(UTC)
        wire.call("fixture_rows", count=3)
        failed = wire.call("fixture_raise", code="SK404")
        wire.ask("resources/read", {"uri": "fixture://half/8"})
        wire.ask("prompts/get", {"name": "fixture_ask", "arguments": {"topic": "x"}})
        wire.ask("tools/list")
        lines = wire.calls()
    assert [(c["tool"], c["outcome"], c["rows"], c["sqlstate"]) for c in lines] == [
        ("fixture_rows", "ok", 3, None),
        ("fixture_raise", "NOT_FOUND", None, "SK404"),
        ("resource_fixture_half", "ok", 1, None),
        ("prompt_fixture_ask", "ok", 1, None),
    ]
    for line in lines:
        assert set(line) == table("log fields")
        assert line["level"] == ("INFO" if line["outcome"] == "ok" else "WARNING")
        assert line["principal"] == SEATTLE
        assert re.fullmatch("[0-9a-f]{16}", line["request_id"])
        assert 0 < line["duration_ms"] < 1000 * PATIENCE
        assert line["retries"] == 0
        told = datetime.fromisoformat(line["ts"])
        assert abs((told - before).total_seconds()) < PATIENCE
    assert len({line["request_id"] for line in lines}) == len(lines)
    error = failed["_meta"]["storekeeper/error"]
    assert error["request_id"] == lines[1]["request_id"]


def test_the_request_id_is_the_one_the_database_shows(typed: Target) -> None:
    with Wire(typed.environment(SEATTLE)) as wire:
        wire.greet()
        shown = wire.call("fixture_session")["structuredContent"]["application"]
        (line,) = wire.calls()
    assert shown == f"storekeeper {line['request_id']}"
    assert line["trace_id"] is None


@pytest.mark.parametrize("mode", MODES)
def test_a_trace_is_followed_to_the_database(own: Target, mode: str) -> None:
    own.execute((TESTS / "fixtures" / "every_type.sql").read_text())
    wrong = ["", "00", TRACE, TRACEPARENT.upper(), TRACEPARENT + "-x", TRACEPARENT + "\n", 7, None]
    wrong += [
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"ff{TRACEPARENT[2:]}",
    ]
    with Wire(own.environment(SEATTLE), mode) as wire:
        wire.greet()
        shown = []
        for given in [TRACEPARENT, *wrong]:
            meta: dict[str, Any] = {"traceparent": given}
            if mode != LEGACY:
                meta |= {META + "protocolVersion": mode, META + "clientCapabilities": {}}
            params = {"name": "fixture_session", "arguments": {}, "_meta": meta}
            answer = wire.ask("tools/call", params)["result"]["structuredContent"]
            shown.append(answer["application"])
        wire.end()
        lines = wire.calls()
    assert [line["trace_id"] for line in lines] == [TRACE] + [None] * len(wrong)
    assert shown == [
        " ".join(["storekeeper", line["request_id"], line["trace_id"] or ""]).rstrip()
        for line in lines
    ]
    assert max(len(name) for name in shown) <= 63  # what PostgreSQL keeps
    recorded = own.execute("SELECT request_id, trace_id FROM gateway.calls ORDER BY at")
    assert recorded == [(line["request_id"], line["trace_id"]) for line in lines]


@pytest.mark.parametrize("level", ["DEBUG", "info"])
def test_the_log_holds_no_values_and_no_secrets(typed: Target, level: str) -> None:
    with Wire(typed.environment(SEATTLE, STOREKEEPER_LOG_LEVEL=level)) as wire:
        wire.greet()
        wire.call("echo_text", given=SECRET)
        wire.call("echo_integer", given=SECRET)
        wire.call("echo_inet", given=SECRET)
        wire.call("execute_sales_query", postgresql_query=f"SELECT '{SECRET}' AS x")
        wire.call("execute_sales_query", postgresql_query=f"SELECT '{SECRET}' FROM nowhere")
        wire.call("fixture_raise", code="SK404", message=SECRET, hint=SECRET)
        wire.call("fixture_write", note=SECRET)
        wire.ask("tools/call", {"name": "no_such_tool"})
        wire.ask("prompts/get", {"name": "fixture_ask", "arguments": {"topic": SECRET}})
        wire.ask("resources/read", {"uri": f"fixture://half/{SECRET}"})
        wire.call("fixture_forget")
        wire.end()
        log = wire.log_text()
        assert len(wire.log()) >= 10  # each a JSON object
    assert SECRET not in log
    assert typed.key not in log
    assert typed.password not in log
    assert not re.search("v1\\|", log)  # assertions


def test_quieter_levels_and_wrong_ones(typed: Target) -> None:
    with Wire(typed.environment(SEATTLE, STOREKEEPER_LOG_LEVEL="ERROR")) as wire:
        wire.greet()
        wire.call("fixture_scalar")
        wire.end()
        assert wire.log_text() == ""
    run = storekeeper("serve", environment=typed.environment(SEATTLE, STOREKEEPER_LOG_LEVEL="LOUD"))
    assert run.returncode == 1
    assert "STOREKEEPER_LOG_LEVEL" in run.stderr
    assert "hint:" in run.stderr
    assert "Traceback" not in run.stderr


def test_refused_and_unfinished_calls_have_their_line(typed: Target) -> None:
    with Wire(typed.environment("nobody@zava.example")) as wire:
        wire.greet()
        error = wire.call("who_am_i")["_meta"]["storekeeper/error"]
        (line,) = wire.calls()
    assert (line["outcome"], line["sqlstate"]) == ("AUTHORIZATION_ERROR", "SK401")
    assert line["request_id"] == error["request_id"]
    with Wire(typed.environment(SEATTLE)) as wire:
        wire.greet()
        number = wire.request("tools/call", {"name": "fixture_sleep", "arguments": {"seconds": 30}})
        eventually(lambda: sleeping(typed))
        wire.send("notifications/cancelled", {"requestId": number})
        eventually(wire.calls)
        (line,) = wire.calls()
        assert (line["tool"], line["outcome"]) == ("fixture_sleep", "CANCELLED")
        eventually(lambda: not sleeping(typed))


def sleeping(database: Target) -> list[Any]:
    return database.execute(
        "SELECT pid FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%fixture_sleep%'"
        " AND pid <> pg_backend_pid() AND datname = current_database()"
    )


# statsd


@pytest.mark.parametrize("mode", MODES)
def test_statsd_hears_of_each_call(typed: Target, statsd: socket.socket, mode: str) -> None:
    environment = typed.environment(SEATTLE, STOREKEEPER_STATSD_PORT=port(statsd))
    with Wire(environment, mode) as wire:
        wire.greet()
        heard = of_calls(statsd)
        for tool, arguments, outcome in [
            ("fixture_scalar", {}, "ok"),
            ("fixture_raise", {"code": "SK409"}, "CONFLICT"),
            ("echo_integer", {"given": "x"}, "VALIDATION_ERROR"),
        ]:
            wire.call(tool, **arguments)
            name = f"storekeeper.call.{tool}.{outcome}"
            counter, timing, *errors = next(heard)
            assert counter == f"{name}:1|c"
            assert errors == ([] if outcome == "ok" else [f"storekeeper.errors.{outcome}:1|c"])
            assert re.fullmatch(re.escape(name) + r":[0-9.]+\|ms", timing)
            (line,) = wire.calls()[-1:]
            assert float(timing.split(":")[1].removesuffix("|ms")) == pytest.approx(
                line["duration_ms"]
            )


def test_statsd_gets_names_that_it_understands(typed: Target, statsd: socket.socket) -> None:
    telemetry = Telemetry(typed.settings(statsd_port=port(statsd)))
    for tool, shown in [("größe", "gr__e"), ("a.b:c|d\ne", "a_b_c_d_e")]:
        telemetry.tell(Call(tool, SEATTLE, "ok", 1.0, "0" * 16))
        name = f"storekeeper.call.{shown}.ok"
        assert next(packets(statsd)) == [f"{name}:1|c", f"{name}:1.000000|ms"]


@pytest.mark.parametrize(
    ("host", "number"), [("127.0.0.1", "1"), ("192.0.2.1", "8125"), ("255.255.255.255", "8125")]
)
def test_no_statsd_does_no_harm(typed: Target, host: str, number: str) -> None:
    environment = typed.environment(
        SEATTLE, STOREKEEPER_STATSD_HOST=host, STOREKEEPER_STATSD_PORT=number
    )
    with Wire(environment) as wire:
        wire.greet()
        for _ in range(20):
            assert not wire.call("fixture_scalar")["isError"]
        assert "Traceback" not in wire.log_text()


def test_a_statsd_host_without_an_address_is_named(typed: Target) -> None:
    environment = typed.environment(SEATTLE, STOREKEEPER_STATSD_HOST="statsd.invalid")
    run = storekeeper("serve", environment=environment)
    assert run.returncode == 1
    assert "STOREKEEPER_STATSD_HOST" in run.stderr
    assert "hint:" in run.stderr


def test_the_handbook_lists_the_metrics(own: Target, statsd: socket.socket) -> None:
    """All that is sent is in the table, and nothing else is in the table."""
    own.execute((TESTS / "fixtures" / "every_type.sql").read_text())
    own.execute(MORE_TOOLS)
    environment = own.environment(SEATTLE, STOREKEEPER_STATSD_PORT=port(statsd))
    heard: set[str] = set()
    with Wire(environment) as wire:
        wire.greet()
        wire.call("fixture_scalar")
        wire.call("fixture_busy")
        assert [wire.call("fixture_kept")["isError"] for _ in range(2)] == [False, False]
        for lines in packets(statsd):
            heard |= {shape(line) for line in lines}
            if heard >= table("metrics"):
                break
    statsd.settimeout(0.1)
    with suppress(TimeoutError):
        heard |= {shape(line) for lines in packets(statsd) for line in lines}
    assert heard == table("metrics")


MORE_TOOLS = """
SET ROLE storekeeper_owner;
CREATE FUNCTION tool.fixture_busy() RETURNS text LANGUAGE plpgsql STABLE
    AS 'BEGIN RAISE EXCEPTION USING ERRCODE = ''55P03'', MESSAGE = ''locked'', HINT = ''none''; END';
CREATE FUNCTION tool.fixture_kept() RETURNS text LANGUAGE sql STABLE AS 'SELECT ''kept''::text';
COMMENT ON FUNCTION tool.fixture_kept IS E'Kept.\\n@cache 5m gateway.principals';
GRANT EXECUTE ON FUNCTION tool.fixture_busy, tool.fixture_kept TO store_managers;
"""


def shape(line: str) -> str:
    """The name as the table has it: <tool>, <outcome> and <code> for what varies."""
    name = line.partition(":")[0]
    name = re.sub(r"^(storekeeper\.call)\.\w+\.\w+$", r"\1.<tool>.<outcome>", name)
    return re.sub(r"^(storekeeper\.errors)\.\w+$", r"\1.<code>", name)


# slow calls

SLOW_QUERY = "SELECT count(*), '{}' AS x FROM products AS a, products AS b WHERE a.sku > b.sku"


@pytest.mark.parametrize("plans", ["1", "0"])
def test_slow_calls_are_told_and_leave_their_statement(own: Target, plans: str) -> None:
    environment = own.environment(
        SEATTLE, STOREKEEPER_SLOW_CALL="0.000001", STOREKEEPER_SLOW_PLANS=plans
    )
    with Wire(environment) as wire:
        wire.greet()
        wire.call("execute_sales_query", postgresql_query=SLOW_QUERY.format(SECRET))
        wire.call("who_am_i")
        wire.end()
        lines, log = wire.calls(), wire.log_text()
    assert [(c["message"], c["level"], c["outcome"]) for c in lines] == [
        ("slow call", "WARNING", "ok")
    ] * 2
    assert SECRET not in log
    recorded = own.execute("SELECT tool, statement, plan FROM gateway.calls ORDER BY at")
    (tool, statement, plan), (_, other, no_plan) = recorded
    assert tool == "execute_sales_query"
    assert statement.startswith("SELECT count(*), ")
    assert SECRET not in statement + (plan or "")
    assert ("Scan" in plan) if plans == "1" else plan is None
    assert (other, no_plan) == ("tool.who_am_i()", None)


def test_slow_calls_at_once_are_each_recorded_once(own: Target) -> None:
    """One plan is asked for at a time; the others do without."""
    environment = own.environment(
        SEATTLE, STOREKEEPER_SLOW_CALL="0.000001", STOREKEEPER_SLOW_PLANS="1"
    )
    query = {"name": "execute_sales_query", "arguments": {"postgresql_query": "SELECT 1 AS one"}}
    with Wire(environment) as wire:
        wire.greet()
        for _ in range(10):
            for number in [wire.request("tools/call", query) for _ in range(2)]:
                wire.answer(number)
        wire.end()
        told = sorted(line["request_id"] for line in wire.calls())
    recorded = own.execute("SELECT request_id, plan IS NOT NULL FROM gateway.calls ORDER BY 1")
    assert [request for request, _ in recorded] == told
    assert len(told) == 20
    assert any(planned for _, planned in recorded)


def test_quick_calls_leave_no_statement_and_no_plan(own: Target) -> None:
    environment = own.environment(SEATTLE, STOREKEEPER_SLOW_CALL="60", STOREKEEPER_SLOW_PLANS="1")
    with Wire(environment) as wire:
        wire.greet()
        wire.call("execute_sales_query", postgresql_query="SELECT 1 AS one")
        wire.end()
        assert [call["message"] for call in wire.calls()] == ["call"]
    recorded = own.execute("SELECT tool, statement, plan FROM gateway.calls")
    assert recorded == [("execute_sales_query", None, None)]


def test_a_query_that_ran_out_of_time_has_its_plan(own: Target) -> None:
    endless = "SELECT count(*) FROM order_items AS a, order_items AS b, order_items AS c, order_items AS d"
    environment = own.environment(
        SEATTLE, STOREKEEPER_STATEMENT_TIMEOUT="1", STOREKEEPER_SLOW_PLANS="1"
    )
    with Wire(environment) as wire:
        wire.greet()
        wire.call("execute_sales_query", postgresql_query=endless)
        eventually(lambda: own.execute("SELECT tool FROM gateway.calls"))
    ((outcome, plan),) = own.execute("SELECT outcome, plan FROM gateway.calls")
    assert outcome == "QUERY_TIMEOUT"
    assert "Nested Loop" in plan


# the record


@pytest.mark.parametrize("mode", MODES)
def test_calls_reach_the_record_and_the_statistics(own: Target, mode: str) -> None:
    with Wire(own.environment(SEATTLE), mode) as wire:
        wire.greet()
        for _ in range(3):
            wire.call("who_am_i")
        wire.call("top_products", max_rows=0)
        wire.end()
        told = [
            (c["tool"], c["principal"], c["outcome"], c["rows"], c["request_id"])
            for c in wire.calls()
        ]
    recorded = own.execute(
        "SELECT tool, principal, outcome, row_count, request_id FROM gateway.calls ORDER BY at"
    )
    assert recorded == told
    assert len(told) == 4
    environment = own.environment(STOREKEEPER_DATABASE_URL=own.dba)
    run = storekeeper("stats", "--json", environment=environment)
    assert run.returncode == 0, run.stderr
    rows = {row["tool"]: row for row in json.loads(run.stdout)["tools"]}
    assert (rows["who_am_i"]["calls"], rows["who_am_i"]["errors"]) == (3, 0)
    assert (rows["top_products"]["calls"], rows["top_products"]["errors"]) == (1, 1)
    assert rows["top_products"]["errors_by_code"] == {"VALIDATION_ERROR": 1}
    assert rows["who_am_i"]["p50_ms"] > 0


def test_calls_are_recorded_while_it_serves(own: Target) -> None:
    with Wire(own.environment(SEATTLE)) as wire:
        wire.greet()
        wire.call("who_am_i")
        eventually(lambda: own.execute("SELECT tool FROM gateway.calls"))
        assert wire.process.poll() is None


def test_what_is_being_recorded_at_the_end_is_not_lost(own: Target) -> None:
    waits = "SELECT pid FROM pg_locks WHERE NOT granted AND relation = 'gateway.calls'::regclass"
    with Wire(own.environment(SEATTLE)) as wire, psycopg.connect(own.dba) as other:
        wire.greet()
        other.execute("LOCK TABLE gateway.calls IN ACCESS EXCLUSIVE MODE")
        wire.call("who_am_i")
        eventually(lambda: own.execute(waits))
        wire.stdin.close()
        time.sleep(0.3)
        other.rollback()
        assert wire.process.wait(PATIENCE) == 0
        assert [line for line in wire.log() if line["level"] != "INFO"] == []
    assert own.execute("SELECT tool FROM gateway.calls") == [("who_am_i",)]


def test_the_command_line_records_too(own: Target) -> None:
    run = storekeeper("call", "who_am_i", "--json", environment=own.environment(SEATTLE))
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["email"] == SEATTLE
    assert own.execute("SELECT tool, outcome FROM gateway.calls") == [("who_am_i", "ok")]


@pytest.mark.parametrize(
    "given", ['"nul \\u0000"', '"half \\ud800"', "NaN", "-Infinity", "1e400", '"\\\\u0000"']
)
def test_no_argument_keeps_calls_out_of_the_record(own: Target, given: str) -> None:
    """Calls are recorded together: one that PostgreSQL could not store would take the others with it."""
    arguments = json.loads(f'{{"surplus": {given}, "postgresql_query": {given}}}')
    with Wire(own.environment(SEATTLE)) as wire:
        wire.greet()
        wire.call("who_am_i")
        wire.call("execute_sales_query", **arguments)
        wire.call("who_am_i")
    told = own.execute("SELECT tool, outcome FROM gateway.calls ORDER BY at")
    assert told == [
        ("who_am_i", "ok"),
        ("execute_sales_query", "VALIDATION_ERROR"),
        ("who_am_i", "ok"),
    ]


async def recorded(database: Target, calls: list[dict[str, Any]]) -> bool:
    settings = database.settings()
    async with Gateway(database.gateway, settings, settings.read_assertion_key()) as gateway:
        return await gateway.account.record(calls)


def test_a_call_that_can_not_be_stored_takes_no_other_with_it(own: Target) -> None:
    calls: list[dict[str, Any]] = [
        {
            "at": "2026-01-01",
            "tool": f"t{n}",
            "principal": SEATTLE,
            "outcome": "ok",
            "duration_ms": 1,
            "request_id": f"{n}",
        }
        for n in range(9)
    ]
    calls[4]["tool"] = "nul \0"
    assert asyncio.run(recorded(own, calls))
    told = own.execute("SELECT tool FROM gateway.calls ORDER BY tool")
    assert told == [(f"t{n}",) for n in range(9) if n != 4]


def test_a_record_that_can_not_be_written_harms_no_call(own: Target) -> None:
    own.execute("ALTER TABLE gateway.calls RENAME TO elsewhere")
    with Wire(own.environment(SEATTLE)) as wire:
        wire.greet()
        assert not wire.call("who_am_i")["isError"]
        wire.end()
        assert any("not recorded" in line["message"] for line in wire.log())
    with psycopg.connect(own.dba) as connection:
        assert connection.execute("SELECT FROM gateway.elsewhere").fetchall() == []


def test_the_record_in_memory_is_bounded(typed: Target, statsd: socket.socket) -> None:
    telemetry = Telemetry(typed.settings(statsd_port=port(statsd)))
    for n in range(RECORD_LIMIT + 5):
        telemetry.tell(Call("x", None, "ok", 1.0, str(n)))
    assert telemetry.unrecorded == RECORD_LIMIT
    batch = telemetry.take_unrecorded()
    assert [call.request_id for call in batch] == [str(n) for n in range(5, 5 + BATCH)]
    telemetry.put_back(batch)
    kept = []
    while calls := telemetry.take_unrecorded():
        kept += calls
    assert [call.request_id for call in kept] == [str(n) for n in range(5, RECORD_LIMIT + 5)]
