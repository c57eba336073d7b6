"""One guarded path for every call: its round trip, limits, deadlines, retries and cancellation."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import pytest
from psycopg.pq import Trace

from conftest import BELLEVUE, SEATTLE, Target, client
from storekeeper.errors import (
    LimitError,
    MCPError,
    QueryTimeoutError,
    UnavailableError,
)
from storekeeper.gateway import Gateway
from storekeeper.protocol import Protocol
from storekeeper.telemetry import Telemetry
from wire import MODES, PATIENCE, eventually

pytestmark = pytest.mark.anyio

BACKENDS = """
    SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND usename = 'storekeeper_gateway' AND state = 'active'
      AND application_name LIKE 'storekeeper ________________' AND query LIKE '%fixture_%'
"""
TERMINATE = f"SELECT pg_terminate_backend(b.pid) FROM ({BACKENDS}) AS b"
CONNECTIONS = """
    SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND usename = 'storekeeper_gateway'
      AND application_name = 'storekeeper' ORDER BY pid
"""


@dataclass
class Serving:
    """The path of a call, and what it told of itself."""

    gateway: Gateway
    protocol: Protocol
    telemetry: Telemetry

    async def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(await self.protocol.call(tool, arguments))
        return answer

    async def fail(self, tool: str, **arguments: Any) -> MCPError:
        with pytest.raises(MCPError) as failed:
            await self.protocol.call(tool, arguments)
        return failed.value

    def told(self) -> list[dict[str, Any]]:
        self.protocol.calls._tell()
        return [self.telemetry.as_record(call) for call in self.telemetry.take_unrecorded()]


@asynccontextmanager
async def serving(
    database: Target, principal: str = SEATTLE, **settings: Any
) -> AsyncIterator[Serving]:
    given = database.settings(principal, **settings)
    telemetry = Telemetry(given)
    async with Gateway(database.gateway, given, given.read_assertion_key()) as gateway:
        protocol = Protocol(gateway, telemetry)
        await protocol.load()
        yield Serving(gateway, protocol, telemetry)


@pytest.fixture
async def one(typed: Target) -> AsyncIterator[Serving]:
    """With one connection only."""
    async with serving(typed, pool_min_size=1, pool_max_size=1) as found:
        yield found


async def rows_of(database: Target, query: str) -> list[tuple[Any, ...]]:
    """The rows, once there are any."""
    with anyio.fail_after(PATIENCE):
        while True:
            if rows := database.execute(query):
                return rows
            await anyio.sleep(0.02)


# one call


async def test_a_call_is_one_round_trip(one: Serving, tmp_path: Path) -> None:
    async with one.gateway.pool._connections.connection() as connection:
        pgconn = connection.pgconn
    for n in range(8):  # the statements are prepared on the way
        seen = tmp_path / str(n)
        with seen.open("w") as file:
            pgconn.trace(file.fileno())
            pgconn.set_trace_flags(Trace.SUPPRESS_TIMESTAMPS | Trace.REGRESS_MODE)
            await one.call("echo_integer", given=n)
            pgconn.untrace()
        messages = [line.split("\t") for line in seen.read_text().splitlines()]
        ways = "".join(message[0] for message in messages)
        kinds = [message[2] for message in messages]
        assert re.fullmatch("F+B+", ways), (n, ways)
        assert kinds.count("Sync") == kinds.count("ReadyForQuery") == 1
        assert "Query" not in kinds
        assert kinds.count("Execute") == 4


async def test_the_connection_is_as_it_was_after_a_call(one: Serving) -> None:
    state = """
        SELECT current_user::text, session_user::text,
               coalesce(current_setting('storekeeper.context', true), ''),
               current_setting('statement_timeout'), current_setting('application_name'),
               current_setting('transaction_read_only'), pg_backend_pid()
    """

    async def look() -> tuple[Any, ...]:
        async with one.gateway.pool._connections.connection() as connection:
            row = await (await connection.execute(state)).fetchone()
        assert row
        return row

    before = await look()
    assert before[:3] == ("storekeeper_gateway", "storekeeper_gateway", "")
    inside = await one.call("fixture_session")
    assert inside["role"] == "store_managers"
    assert inside["read_only"] == "on"
    assert inside["timeout"] == "30s"
    assert re.fullmatch(r"storekeeper [0-9a-f]{16}", inside["application"])
    assert await look() == before
    for tool, arguments in [
        ("fixture_broken", {}),
        ("fixture_hasty", {}),
        ("fixture_write", {"note": "left"}),
        ("fixture_forget", {}),
    ]:
        try:
            await one.protocol.call(tool, arguments)
        except MCPError as error:
            assert error.error_code in {"MCP_ERROR", "QUERY_TIMEOUT"}  # noqa: PT017
        assert await look() == before, tool


async def test_reading_tools_can_not_write(one: Serving, typed: Target) -> None:
    error = await one.fail("fixture_sly_write", note="sly")
    assert (error.error_code, error.sqlstate) == ("MCP_ERROR", "25006")
    await one.call("fixture_write", note="honest")
    notes = typed.execute("SELECT note FROM fixture.notes")
    assert ("honest",) in notes
    assert ("sly",) not in notes
    assert await one.call("fixture_forget") == {}
    assert typed.execute("SELECT note FROM fixture.notes") == []


# limits


async def test_rows_are_capped(typed: Target) -> None:
    async with serving(typed, max_rows=10) as found:
        for count in (0, 9, 10):
            answer = await found.call("fixture_rows", count=count)
            assert (answer["row_count"], answer["truncated"]) == (count, False)
            assert "hint" not in answer
        answer = await found.call("fixture_rows", count=11)
        assert (answer["row_count"], answer["truncated"]) == (10, True)
        assert [row["n"] for row in answer["rows"]] == list(range(1, 11))
        assert "narrow" in answer["hint"]
        assert [call["row_count"] for call in found.told()] == [0, 9, 10, 10]


async def test_bytes_are_capped(typed: Target) -> None:
    async with serving(typed, max_bytes=10_000) as found:
        answer = await found.call("fixture_rows", count=50, width=1000)
        assert answer["truncated"] is True
        assert answer["hint"]
        assert answer["row_count"] == 9
        assert sum(len(json.dumps(row)) for row in answer["rows"]) < 10_000
        for count in (1, 3):
            error = await found.fail("fixture_rows", count=count, width=20_000)
            assert isinstance(error, LimitError)
            assert error.hint
        # In UTF-8, not in characters.
        assert await found.call("echo_text", given="x" * 9000)
        assert isinstance(await found.fail("echo_text", given="☃" * 9000), LimitError)


async def test_numbers_that_a_double_would_change(one: Serving) -> None:
    for given, returned in [
        (2**53 - 1, 2**53 - 1),
        (2**53, str(2**53)),
        (str(2**63 - 1), str(2**63 - 1)),
        (-(2**63), str(-(2**63))),
        (0, 0),
    ]:
        text = await one.protocol.call("echo_bigint", {"given": given})
        assert json.loads(text)["rows"][0]["given"] == returned
    (row,) = (await one.call("echo_text", given="90071992547409931234"))["rows"]
    assert row["given"] == "90071992547409931234"
    (row,) = (await one.call("echo_jsonb", given={'a "9007199254740993" ': [2**60, 0.5]}))["rows"]
    assert row["given"] == {'a "9007199254740993" ': [str(2**60), 0.5]}


# deadlines


async def test_a_call_ends_at_its_timeout(typed: Target) -> None:
    async with serving(typed, statement_timeout=0.5) as found:
        started = time.monotonic()
        error = await found.fail("fixture_sleep", seconds=20)
        assert time.monotonic() - started < 3
        assert isinstance(error, QueryTimeoutError)
        assert error.hint
        assert error.sqlstate == "57014"
        assert await found.call("fixture_scalar") == {"value": 42}
        (told, _) = found.told()
        assert (told["outcome"], told["sqlstate"]) == ("QUERY_TIMEOUT", "57014")


async def test_a_tool_s_own_timeout(one: Serving) -> None:
    started = time.monotonic()
    error = await one.fail("fixture_hasty")
    assert 0.2 <= time.monotonic() - started < 3
    assert error.error_code == "QUERY_TIMEOUT"
    assert error.hint


async def test_a_timeout_holds_though_the_tool_can_not_be_interrupted(
    own: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backend that is stopped answers neither the timeout nor the cancel."""
    monkeypatch.setattr("storekeeper.pool.CANCEL_PATIENCE", 0.5)
    if "host=/" not in own.dba:
        pytest.skip("the server's processes are not ours")
    own.execute(
        "CREATE FUNCTION tool.nap() RETURNS void LANGUAGE sql STABLE AS 'SELECT pg_sleep(20)';"
        "GRANT EXECUTE ON FUNCTION tool.nap, pg_sleep(double precision) TO store_managers"
    )
    async with serving(own, statement_timeout=0.5, pool_timeout=0.5, retries=0) as found:
        stopped: list[int] = []

        async def stop() -> None:
            ((pid,),) = await rows_of(own, BACKENDS.replace("fixture_", "nap"))
            stopped.append(pid)
            os.kill(pid, signal.SIGSTOP)

        started = time.monotonic()
        try:
            async with anyio.create_task_group() as both:
                both.start_soon(stop)
                error = await found.fail("nap")
            assert error.error_code == "QUERY_TIMEOUT"
            assert time.monotonic() - started < 6
            assert (await found.call("who_am_i"))["stores"]
        finally:
            for pid in stopped:
                os.kill(pid, signal.SIGCONT)


# retries


async def test_a_read_survives_its_backend(one: Serving, typed: Target) -> None:
    async with anyio.create_task_group() as both:
        both.start_soon(_terminate_once, typed)
        with anyio.fail_after(PATIENCE):
            assert await one.call("fixture_sleep", seconds=1) == {"value": "awake"}
    (told,) = one.told()
    assert told["outcome"] == "ok"
    assert told["retries"] >= 1


async def test_a_read_survives_that_every_idle_connection_was_lost(typed: Target) -> None:
    async with serving(typed, pool_min_size=4) as found:
        await anyio.sleep(0.3)
        terminate = CONNECTIONS.replace("SELECT pid", "SELECT pg_terminate_backend(pid)")
        assert len(typed.execute(terminate.replace("ORDER BY pid", ""))) >= 4
        for _ in range(5):
            assert await found.call("fixture_scalar") == {"value": 42}


@pytest.mark.parametrize("state", ["40001", "40P01", "55P03"])
async def test_what_may_pass_is_tried_again_and_then_told(typed: Target, state: str) -> None:
    async with serving(typed, retries=2) as found:
        started = time.monotonic()
        error = await found.fail("fixture_raise", code=state)
        waited = time.monotonic() - started
        assert isinstance(error, UnavailableError)
        assert error.as_dict()["retryable"] is True
        assert error.retry_after
        assert error.hint
        (told,) = found.told()
        assert (told["outcome"], told["sqlstate"]) == ("UNAVAILABLE", state)
        assert waited > 0.05 * 0.5 + 0.1 * 0.5  # twice, the second time longer
        assert waited < 5


async def test_the_number_of_tries(own: Target) -> None:
    """Counted where it can't be rolled back: a sequence."""
    own.execute(
        "CREATE SEQUENCE public.tries; GRANT USAGE ON SEQUENCE public.tries TO store_managers;"
        "CREATE FUNCTION tool.try(code text) RETURNS void LANGUAGE plpgsql VOLATILE AS $$ BEGIN"
        " PERFORM nextval('public.tries'); RAISE EXCEPTION USING ERRCODE = code; END $$;"
        "GRANT EXECUTE ON FUNCTION tool.try TO store_managers"
    )
    async with serving(own, retries=3) as found:
        for state in ("40001", "55P03", "22012"):
            error = await found.fail("try", code=state)
            assert error.sqlstate == state
    # What the server has undone can be tried again, even a write: four times, four times, once.
    assert own.execute("SELECT last_value FROM public.tries") == [(9,)]


@pytest.mark.parametrize(("retries", "sleeps"), [(0, 0), (1, 1), (4, 4)])
async def test_retries_are_bounded_and_wait_longer(
    typed: Target, monkeypatch: pytest.MonkeyPatch, retries: int, sleeps: int
) -> None:
    waits: list[float] = []
    sleep = asyncio.sleep

    async def noted(delay: float) -> None:
        waits.append(delay)
        await sleep(0)

    async with serving(typed, retries=retries) as found:
        monkeypatch.setattr("storekeeper.attempts.asyncio.sleep", noted)
        await found.fail("fixture_raise", code="40001")
        monkeypatch.undo()
    waits = [delay for delay in waits if delay]
    assert len(waits) == sleeps
    for n, delay in enumerate(waits):
        assert 0.5 <= delay / (0.05 * 2**n) <= 1.5


async def test_what_will_not_pass_is_not_tried_again(one: Serving) -> None:
    for state in ("SK404", "22012", "42501", "P0001", "57014"):
        await one.fail("fixture_raise", code=state)
    assert [call["retries"] for call in one.told()] == [0] * 5


async def test_a_write_whose_backend_dies_before_its_commit_is_made_once(
    one: Serving, typed: Target
) -> None:
    async with anyio.create_task_group() as both:
        both.start_soon(_terminate_once, typed)
        with anyio.fail_after(PATIENCE):
            assert await one.call("fixture_write", note="once", seconds=1) == {}
    assert typed.execute("SELECT note FROM fixture.notes WHERE note = 'once'") == [("once",)]


async def _terminate_once(database: Target) -> None:
    await rows_of(database, TERMINATE)


# cancellation


async def gone(database: Target) -> None:
    """No statement of ours runs any more, within a second."""
    with anyio.fail_after(1):
        while True:
            if not database.execute(BACKENDS):
                return
            await anyio.sleep(0.01)


async def test_a_cancelled_call_stops_and_keeps_its_connection(one: Serving, typed: Target) -> None:
    (before,) = typed.execute(CONNECTIONS + " OFFSET 0")[-1:]
    await one.call("fixture_scalar")
    pids = {pid for (pid,) in typed.execute(CONNECTIONS)}
    assert before[0] in pids
    for n in range(20):
        with anyio.move_on_after(0.002 * n * n):  # from before it is sent to well under way
            await one.call("fixture_sleep", seconds=30)
        await gone(typed)
        assert await one.call("fixture_scalar") == {"value": 42}
    assert {pid for (pid,) in typed.execute(CONNECTIONS)} == pids
    assert one.gateway.pool.gauges()["pool.size"] == 1
    outcomes = [call["outcome"] for call in one.told()]
    assert outcomes.count("CANCELLED") == 20
    assert outcomes.count("ok") == 21


async def test_a_cancelled_call_ends_within_a_second(one: Serving, typed: Target) -> None:
    for _ in range(5):
        async with anyio.create_task_group() as calls:
            calls.start_soon(lambda: one.call("fixture_sleep", seconds=30))
            await rows_of(typed, BACKENDS)
            cancelled = time.monotonic()
            calls.cancel_scope.cancel()
        assert time.monotonic() - cancelled < 1
        await gone(typed)


async def test_cancelling_who_waits_for_a_connection(one: Serving) -> None:
    async with anyio.create_task_group() as calls:
        calls.start_soon(lambda: one.call("fixture_sleep", seconds=1.5))
        await anyio.sleep(0.3)
        for _ in range(5):
            with anyio.move_on_after(0.1):
                await one.call("fixture_scalar")
    assert await one.call("fixture_scalar") == {"value": 42}
    assert one.gateway.pool.gauges()["pool.size"] == 1


@pytest.mark.parametrize("mode", MODES)
async def test_a_client_cancels(typed: Target, mode: str) -> None:
    async with client(typed, mode=mode, STOREKEEPER_POOL_MAX_SIZE="1") as connected:
        await connected.call_tool("fixture_scalar", {})
        for _ in range(3):
            async with anyio.create_task_group() as calls:
                calls.start_soon(connected.call_tool, "fixture_sleep", {"seconds": 30})
                pids = await rows_of(typed, BACKENDS)
                calls.cancel_scope.cancel()
            eventually(lambda: typed.execute(BACKENDS) == [], 1)
            result = await connected.call_tool("fixture_scalar", {})
            assert result.structured_content == {"value": 42}
            assert set(pids) <= set(typed.execute(CONNECTIONS))


# a pool that is used up


async def test_a_pool_that_is_used_up_says_so_and_recovers(typed: Target) -> None:
    async with serving(typed, pool_min_size=1, pool_max_size=1, pool_timeout=0.3) as found:
        errors: list[MCPError] = []

        async def sleep() -> None:
            try:
                await found.call("fixture_sleep", seconds=1)
            except MCPError as error:
                errors.append(error)

        async with anyio.create_task_group() as calls:
            for _ in range(3):
                calls.start_soon(sleep)
        assert len(errors) == 2
        for error in errors:
            assert isinstance(error, UnavailableError)
            assert "free in time" in error.message
            assert error.hint
            assert error.retry_after
        assert await found.call("fixture_scalar") == {"value": 42}
        outcomes = sorted(call["outcome"] for call in found.told())
        assert outcomes == ["UNAVAILABLE", "UNAVAILABLE", "ok", "ok"]


async def test_a_pool_grows_and_serves_side_by_side(typed: Target) -> None:
    async with serving(typed, pool_min_size=1, pool_max_size=4) as found:
        await found.call("fixture_scalar")
        started = time.monotonic()
        async with anyio.create_task_group() as calls:
            for _ in range(8):
                calls.start_soon(lambda: found.call("fixture_sleep", seconds=0.5))
        assert time.monotonic() - started < 8 * 0.5
        assert found.gateway.pool.gauges()["pool.size"] == 4


async def test_a_database_that_is_not_there(typed: Target) -> None:
    elsewhere = typed.settings(pool_timeout=0.5)
    async with Gateway("host=127.0.0.1 port=1", elsewhere, b"k" * 32) as gateway:
        protocol = Protocol(gateway, Telemetry(elsewhere))
        with pytest.raises(UnavailableError) as failed:
            await protocol.tools()
        assert "can't be reached" in failed.value.message
        assert failed.value.retry_after
        with pytest.raises(UnavailableError) as explained:
            await gateway.pool.check()
        assert "port 1" in explained.value.message


FREE_QUERIES = BACKENDS.replace("fixture_", "execute_sales_query")
ENDLESS = "SELECT count(*) FROM generate_series(1, 1000000000000)"


async def test_two_free_queries_of_one_person_at_a_time(typed: Target) -> None:
    async with serving(typed, lock_timeout=0.3) as mine, serving(typed, BELLEVUE) as another:

        async def ask(serving: Serving) -> dict[str, Any]:
            return await serving.call("execute_sales_query", postgresql_query="SELECT 1 AS one")

        async with anyio.create_task_group() as calls:
            for _ in range(2):
                calls.start_soon(lambda: mine.call("execute_sales_query", postgresql_query=ENDLESS))
            await rows_of(typed, FREE_QUERIES + " OFFSET 1")
            third = await mine.fail("execute_sales_query", postgresql_query="SELECT 1")
            assert (third.error_code, third.sqlstate) == ("LIMIT_EXCEEDED", "SK429")
            assert third.hint
            assert await mine.call("fixture_scalar") == {"value": 42}
            assert (await ask(another))["rows"] == [{"one": 1}]
            calls.cancel_scope.cancel()
        assert (await ask(mine))["rows"] == [{"one": 1}]
