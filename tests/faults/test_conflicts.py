"""Calls get in each other's way: what PostgreSQL gives up is tried again where nothing can happen twice."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import psycopg
import pytest

from faults.world import World, failure, start
from wire import Message, Wire, eventually

WAITS = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


@pytest.fixture(scope="module")
def wire(world: World) -> Iterator[Wire]:
    with world.serving() as serving:
        yield serving


def both(wire: Wire, tool: str) -> list[Message]:
    """Two calls that lock the same two things in opposite order."""
    numbers = [start(wire, tool, first=1, second=2), start(wire, tool, first=2, second=1)]
    return [wire.answer(number)["result"] for number in numbers]


def counters(world: World) -> list[int]:
    rows = world.execute("SELECT value FROM fixture.counters ORDER BY counter_id")
    return [value for (value,) in rows]


def test_reads_in_a_deadlock(wire: Wire) -> None:
    for result in both(wire, "lock_both"):
        assert result["structuredContent"] == {"locked": True}
    assert sum(call["retries"] for call in wire.calls()[-2:]) >= 1


def test_writes_with_a_key_in_a_deadlock(world: World, wire: Wire) -> None:
    before = counters(world)
    for result in both(wire, "count_both"):
        assert result["structuredContent"] == {"counted": True}
    assert counters(world) == [value + 2 for value in before]
    assert sum(call["retries"] for call in wire.calls()[-2:]) >= 1


def test_writes_without_a_key_in_a_deadlock(world: World, wire: Wire) -> None:
    """What the server has undone can be made again."""
    before = counters(world)
    results = both(wire, "count_both_plainly")
    assert [result["isError"] for result in results] == [False, False]
    assert counters(world) == [value + 2 for value in before]


def test_a_read_that_meets_a_conflict(world: World, wire: Wire) -> None:
    """Its first try sees the switch on, though it is off before that has failed."""
    world.switch("conflict", on=True)
    with psycopg.connect(world.target.dba) as holder:
        holder.execute("SELECT pg_advisory_xact_lock(7)")
        number = start(wire, "conflicting_read")
        eventually(lambda: world.execute(WAITS))
        world.switch("conflict", on=False)
    assert wire.answer(number)["result"]["structuredContent"] == {"read": True}
    assert wire.calls()[-1]["retries"] == 1


def test_a_read_whose_conflict_stays(world: World, wire: Wire) -> None:
    world.switch("conflict", on=True)
    told = failure(wire.call("conflicting_read"))
    assert (told["error_code"], told["sqlstate"]) == ("UNAVAILABLE", "40001")
    assert told["retry_after"] > 0
    assert wire.calls()[-1]["retries"] >= 1


@pytest.mark.parametrize("times", [1, 2])
def test_a_write_with_a_key_that_meets_a_conflict(world: World, wire: Wire, times: int) -> None:
    world.execute("ALTER SEQUENCE fixture.tries RESTART")
    note = f"conflict {secrets.token_hex(8)}"
    result = wire.call("conflicting_write", note=note, times=times)
    assert result["structuredContent"] == {"try": times + 1}
    assert world.notes(note) == 1
    assert wire.calls()[-1]["retries"] == times
