"""Slow calls don't stand in each other's way, nor in the way of what needs no database."""

from __future__ import annotations

import time

import pytest

from faults.world import World, start, works
from wire import LEGACY, MODES, Message, Wire, eventually

CALLS = 8
LONGER = 1.25  # than one alone


def took(wire: Wire, count: int, seconds: float) -> float:
    started = time.monotonic()
    numbers = [start(wire, "fixture_sleep", seconds=seconds) for _ in range(count)]
    for number in numbers:
        assert wire.answer(number)["result"]["isError"] is False
    return time.monotonic() - started


def test_eight_slow_calls_take_as_long_as_one(world: World) -> None:
    with world.serving(pool_min_size=CALLS, pool_max_size=CALLS) as wire:
        eventually(lambda: len(world.pool()) == CALLS)
        assert works(wire)
        one = took(wire, 1, 1)
        all_of_them = took(wire, CALLS, 1)
        print(f"one {one:.3f} s, {CALLS} {all_of_them:.3f} s")  # noqa: T201
        assert all_of_them <= LONGER * one


def test_the_pool_grows_for_them(world: World) -> None:
    """From one connection: no call waits for another's end."""
    with world.serving(pool_min_size=1, pool_max_size=CALLS) as wire:
        one = took(wire, 1, 1)
        assert took(wire, CALLS, 1) < 2 * one
        assert len(world.pool()) == CALLS


@pytest.mark.parametrize("mode", MODES)
def test_what_needs_no_database_is_answered_at_once(world: World, mode: str) -> None:
    with Wire(world.environment(pool_min_size=2, pool_max_size=2), mode) as wire:
        wire.greet()
        assert works(wire)
        numbers = [start(wire, "fixture_sleep", seconds=5) for _ in range(4)]
        world.once_running("fixture_sleep", 2)
        for method in ("ping", "tools/list", "prompts/list") if mode == LEGACY else ("tools/list",):
            assert "result" in wire.ask(method)
        assert wire.messages == []  # none of the others has been answered
        assert len(world.running("fixture_sleep")) == 2
        for number in numbers[::-1]:
            wire.send("notifications/cancelled", {"requestId": number})


@pytest.mark.parametrize("mode", MODES)
def test_progress_is_seen_while_the_function_runs(world: World, mode: str) -> None:
    """Each report when it is made, not all at the end."""
    meta: Message = {"progressToken": "steps"}
    with Wire(world.environment(), mode) as wire:
        wire.greet()
        assert works(wire)
        if mode != LEGACY:
            meta |= wire.meta()
        request = {"name": "fixture_steps", "arguments": {}, "_meta": meta}
        number = wire.request("tools/call", request)
        seen = []
        while (message := wire.next()).get("id") != number:
            assert message["method"] == "notifications/progress"
            seen.append((message["params"]["message"], time.monotonic()))
        answered = time.monotonic()
        assert message["result"]["structuredContent"] == {"value": "done"}
        assert [text for text, _ in seen] == ["step 1", "step 2", "step 3"]
        # The function sleeps 0.3 s after each report.
        assert answered - seen[0][1] > 0.6
        assert answered - seen[2][1] > 0.2
