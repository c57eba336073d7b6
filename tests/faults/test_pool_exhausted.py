"""More is asked for than there are connections: who waits in vain is told so, and when to come again."""

from __future__ import annotations

import time

import psycopg

from faults.world import POOL, SLACK, World, failure, start, works
from wire import eventually

SIZE = 2
CALLS = 8
TERMINATE = f"SELECT pg_terminate_backend(p.pid) FROM ({POOL}) AS p"


def test_all_connections_are_busy(world: World) -> None:
    with world.serving(pool_max_size=SIZE, pool_timeout=0.5) as wire:
        started = time.monotonic()
        numbers = [start(wire, "fixture_sleep", seconds=2) for _ in range(CALLS)]
        results = [wire.answer(number)["result"] for number in numbers]
        assert time.monotonic() - started < 2 + SLACK
        refused = [failure(result) for result in results if result["isError"]]
        assert len(refused) == CALLS - SIZE
        for told in refused:
            assert told["error_code"] == "UNAVAILABLE"
            assert told["retry_after"] > 0
        assert len(world.pool()) <= SIZE
        assert works(wire)


def test_who_is_patient_is_served_in_turn(world: World) -> None:
    with world.serving(pool_max_size=SIZE, pool_timeout=15) as wire:
        numbers = [start(wire, "fixture_sleep", seconds=0.2) for _ in range(CALLS)]
        assert not any(wire.answer(number)["result"]["isError"] for number in numbers)
        assert len(world.pool()) <= SIZE


def test_postgresql_has_no_connection_left(world: World) -> None:
    """Taken by others; nothing is lost but the time until they leave."""
    with world.serving(pool_min_size=0, pool_max_size=SIZE, pool_timeout=1) as wire:
        assert works(wire)
        takers = world.target.server.conninfo(world.target.name)
        others = [world.connect()]
        try:
            while True:
                try:
                    others.append(psycopg.connect(takers))
                except psycopg.OperationalError:
                    if not others[0].execute(TERMINATE).fetchall():
                        break
            started = time.monotonic()
            told = failure(wire.call("fixture_scalar"))
            assert time.monotonic() - started < 2 + SLACK
            assert told["error_code"] == "UNAVAILABLE"
            assert told["retry_after"] > 0
        finally:
            for other in others:
                other.close()
        assert eventually(lambda: not wire.call("fixture_scalar")["isError"])
        assert works(wire)
