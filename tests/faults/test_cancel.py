"""A client cancels a long query, again and again: it stops at once, and the pool is as it was.

STOREKEEPER_TEST_CANCELS says how often.
"""

from __future__ import annotations

import os
import time

import pytest

from faults.world import RUNNING, World, start, works
from wire import MODES, Wire, eventually

CANCELS = int(os.environ.get("STOREKEEPER_TEST_CANCELS", "50"))
SOON = 0.5  # seconds
LATE = 0.02  # part of the cancels that a busy machine may delay
PATIENCE = 2  # seconds


@pytest.mark.parametrize("mode", MODES)
def test_a_cancelled_query_is_gone_at_once(world: World, mode: str) -> None:
    environment = world.environment(
        statement_timeout=90, pool_min_size=2, pool_max_size=2, pool_max_lifetime=100_000
    )
    with Wire(environment, mode) as wire, world.connect() as dba:

        def running() -> bool:
            return dba.execute(RUNNING, ("fixture_sleep",)).rowcount > 0

        wire.greet()
        assert works(wire)
        pids = eventually(lambda: len(found := world.pool()) == 2 and found)
        took = []
        for _ in range(CANCELS):
            number = start(wire, "fixture_sleep", seconds=60)
            eventually(running)
            cancelled = time.monotonic()
            wire.send("notifications/cancelled", {"requestId": number})
            eventually(lambda: not running(), PATIENCE)
            took.append(time.monotonic() - cancelled)
            assert works(wire)
        took.sort()
        assert took[int(len(took) * (1 - LATE)) - 1] < SOON, took[-10:]
        assert world.pool() == pids
        outcomes = [call["outcome"] for call in wire.calls()]
        assert outcomes.count("CANCELLED") == CANCELS
        assert outcomes.count("ok") == CANCELS + 1
        print(f"slowest {took[-1]:.3f} s, median {took[len(took) // 2]:.3f} s")  # noqa: T201


def test_a_cancelled_write_leaves_nothing(world: World) -> None:
    with world.serving(pool_min_size=1, pool_max_size=1) as wire:
        for n in range(10):
            note = f"cancelled {n}"
            number = start(wire, "plain_write", note=note, seconds=60)
            world.once_running("plain_write")
            wire.send("notifications/cancelled", {"requestId": number})
            eventually(lambda: not world.running("plain_write"), PATIENCE)
            assert works(wire)
            assert world.notes(note) == 0
