"""PostgreSQL is restarted while calls are under way: each gets its answer, or is told to come again."""

from __future__ import annotations

import secrets
import signal
import time

import pytest

from faults.world import SLACK, World, failure, start, works
from storekeeper.failures import IN_DOUBT
from wire import Message, eventually

IN_FLIGHT = 32
POOL = 8


@pytest.mark.parametrize("how", [signal.SIGQUIT, signal.SIGINT], ids=["immediate", "fast"])
def test_many_calls_are_under_way(world: World, how: signal.Signals) -> None:
    with world.serving(pool_max_size=POOL, pool_timeout=15) as wire:
        calls = {}
        for n in range(IN_FLIGHT):
            note = f"restart {n} {secrets.token_hex(8)}"
            kinds: list[tuple[str, Message]] = [
                ("fixture_sleep", {"seconds": 0.5}),
                ("plain_write", {"note": note, "seconds": 0.2}),
                ("once_write", {"note": note, "seconds": 0.2}),
                ("fixture_rows", {"count": 100}),
            ]
            tool, arguments = kinds[n % 4]
            calls[start(wire, tool, **arguments)] = (tool, note)
        eventually(lambda: len(world.pool()) == POOL)
        world.cluster.restart(how)
        for number, (tool, note) in calls.items():
            result = wire.answer(number)["result"]
            if result["isError"]:
                told = failure(result)
                assert told["error_code"] == "UNAVAILABLE"
                # Where nobody knows whether it was made, it is not said to try again.
                assert told.get("retry_after") or told["hint"].startswith(IN_DOUBT), tool
            if tool == "once_write":
                assert world.notes(note) == (0 if result["isError"] else 1)
            elif tool == "plain_write":
                assert world.notes(note) in ((0, 1) if result["isError"] else (1,))
            else:
                assert result["isError"] is False, tool  # a read is tried again
        assert works(wire)


def test_it_stays_away_and_comes_back(world: World) -> None:
    """No answer is waited for longer than was promised; the first call after it is back answers."""
    with world.serving(pool_timeout=1) as wire:
        assert works(wire)
        world.cluster.stop(signal.SIGQUIT)
        for tool, arguments in [("fixture_scalar", {}), ("plain_write", {"note": "away"})] * 3:
            started = time.monotonic()
            told = failure(wire.call(tool, **arguments))
            assert told["error_code"] == "UNAVAILABLE"
            assert told["retry_after"] > 0
            assert time.monotonic() - started < 1 + SLACK
        assert wire.ask("ping")["result"] == {}
        world.cluster.start()
        assert works(wire)
        assert world.notes("away") == 0


def test_calls_come_while_it_starts(world: World) -> None:
    """They wait for it, as long as the pool's timeout lets them."""
    with world.serving(pool_timeout=15) as wire:
        assert works(wire)
        for _ in range(3):
            world.cluster.stop(signal.SIGQUIT)
            numbers = [start(wire, "fixture_scalar") for _ in range(8)]
            world.cluster.start()
            for number in numbers:
                assert wire.answer(number)["result"]["structuredContent"] == {"value": 42}
