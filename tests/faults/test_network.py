"""The network between server and database fails: each call ends in time, and says honestly how.

It is the same server all the time, which goes on by itself.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress

import pytest

from faults.proxy import Proxy
from faults.world import GRACE, SLACK, World, failure, start, works
from wire import Wire, eventually

TIMEOUT = 1.0  # seconds
POOL_TIMEOUT = 1.0
SETTINGS = {
    "statement_timeout": TIMEOUT,
    "pool_timeout": POOL_TIMEOUT,
    "pool_min_size": 2,
    "pool_max_size": 2,
}
DEADLINE = TIMEOUT + GRACE + POOL_TIMEOUT
RECOVERY = 10  # seconds until calls are answered again
HONEST = {"UNAVAILABLE", "QUERY_TIMEOUT"}


@pytest.fixture(scope="module")
def proxy(world: World) -> Iterator[Proxy]:
    with Proxy(world.cluster.port) as made:
        yield made


@pytest.fixture(scope="module")
def servers(world: World, proxy: Proxy) -> Iterator[Callable[[], Wire]]:
    """The one of the test before; another one where that has not recovered, which failed its own test."""
    with ExitStack() as stack:
        found: list[Wire] = []

        def get() -> Wire:
            with suppress(AssertionError, TimeoutError, EOFError):
                eventually(lambda: works(found[-1]), RECOVERY)
                return found[-1]
            found.append(stack.enter_context(world.serving(proxy, **SETTINGS)))
            return found[-1]

        found.append(stack.enter_context(world.serving(proxy, **SETTINGS)))
        yield get


@pytest.fixture
def wire(proxy: Proxy, servers: Callable[[], Wire]) -> Iterator[Wire]:
    yield servers()
    proxy.delay = 0
    proxy.listen()
    proxy.flow()


def ends_in_time(wire: Wire, tool: str, **arguments: object) -> str:
    """How it ended: ok, or the code of an honest error."""
    started = time.monotonic()
    result = wire.call(tool, **arguments)
    assert time.monotonic() - started < DEADLINE + SLACK
    if not result["isError"]:
        return "ok"
    code: str = failure(result)["error_code"]
    assert code in HONEST
    return code


def goes_on(wire: Wire) -> None:
    """Soon all is as it was, and no call meanwhile was slow or less than honest."""
    eventually(lambda: ends_in_time(wire, "fixture_scalar") == "ok", RECOVERY)
    for _ in range(4):
        assert works(wire)


GOES_WRONG: dict[str, Callable[[Proxy], object]] = {
    "nothing arrives": Proxy.hold,
    "all is lost": Proxy.drop,
    "answers are lost": Proxy.silence,
}


@pytest.mark.parametrize("wrong", GOES_WRONG.values(), ids=GOES_WRONG.keys())
def test_during_a_call(
    world: World, proxy: Proxy, wire: Wire, wrong: Callable[[Proxy], object]
) -> None:
    number = start(wire, "fixture_sleep", seconds=0.5)
    world.once_running("fixture_sleep")
    started = time.monotonic()
    wrong(proxy)
    told = failure(wire.answer(number)["result"])
    assert time.monotonic() - started < DEADLINE + SLACK
    assert told["error_code"] in HONEST
    assert wire.ask("ping")["result"] == {}
    proxy.flow()
    goes_on(wire)


def test_while_idle(proxy: Proxy, wire: Wire) -> None:
    assert works(wire)
    proxy.drop()
    assert ends_in_time(wire, "fixture_scalar") != "ok"
    proxy.flow()
    goes_on(wire)


def test_connections_become_half_open(proxy: Proxy, wire: Wire) -> None:
    """As behind a router that forgot them: they look alive, and new ones are."""
    assert works(wire)
    proxy.forget()
    lost = [code for _ in range(4) if (code := ends_in_time(wire, "fixture_scalar")) != "ok"]
    assert len(lost) <= SETTINGS["pool_max_size"], lost
    assert works(wire)


def test_it_comes_back_during_a_call(world: World, proxy: Proxy, wire: Wire) -> None:
    """What was only late is not lost."""
    number = start(wire, "fixture_sleep", seconds=0.5)
    world.once_running("fixture_sleep")
    proxy.hold()
    time.sleep(1)
    proxy.flow()
    assert wire.answer(number)["result"]["structuredContent"] == {"value": "awake"}
    assert works(wire)


def test_a_reset_while_idle(proxy: Proxy, wire: Wire) -> None:
    for _ in range(3):
        assert works(wire)
        assert proxy.reset() >= 1
        assert works(wire)


def test_a_reset_during_a_read(world: World, proxy: Proxy, wire: Wire) -> None:
    number = start(wire, "fixture_sleep", seconds=0.5)
    world.once_running("fixture_sleep")
    proxy.reset()
    assert wire.answer(number)["result"]["structuredContent"] == {"value": "awake"}
    assert wire.calls()[-1]["retries"] >= 1


@pytest.mark.parametrize("tool", ["once_write", "plain_write"])
def test_an_answer_is_lost_and_the_connection_then(world: World, proxy: Proxy, tool: str) -> None:
    """The write was made: with a key its answer is told all the same, without one nobody knows."""
    note = f"lost {secrets.token_hex(8)}"
    # A server of its own, whose calls have time to find out.
    with world.serving(proxy, **SETTINGS | {"statement_timeout": 20, "pool_timeout": 20}) as wire:
        number = start(wire, tool, note=note)
        world.once_running("COMMIT")
        proxy.silence()
        eventually(lambda: world.notes(note) == 1)
        proxy.flow()
        proxy.reset()
        result = wire.answer(number)["result"]
        if tool == "once_write":
            assert result["structuredContent"]["note"] == note
        else:
            assert failure(result)["error_code"] == "UNAVAILABLE"
        assert world.notes(note) == 1
        assert works(wire)


def test_a_reset_before_the_database_heard_of_a_write(
    world: World, proxy: Proxy, wire: Wire
) -> None:
    assert works(wire)
    note = f"unheard {secrets.token_hex(8)}"
    proxy.hold()
    number = start(wire, "once_write", note=note)
    time.sleep(0.3)
    proxy.reset()
    proxy.flow()
    assert wire.answer(number)["result"]["isError"] is False
    assert world.notes(note) == 1


def test_nobody_listens(proxy: Proxy, wire: Wire) -> None:
    assert works(wire)
    proxy.refuse()
    assert works(wire)  # on the connections that there are
    proxy.reset()
    for _ in range(2):
        started = time.monotonic()
        told = failure(wire.call("fixture_scalar"))
        assert time.monotonic() - started < DEADLINE + SLACK
        assert told["error_code"] == "UNAVAILABLE"
        assert told["retry_after"] > 0
    proxy.listen()
    assert works(wire)


def test_a_slow_network_costs_one_round_trip_a_call(proxy: Proxy, wire: Wire) -> None:
    assert works(wire)
    proxy.delay = 0.2
    took = []
    for _ in range(3):
        started = time.monotonic()
        assert works(wire)
        took.append(time.monotonic() - started)
    assert 2 * proxy.delay <= min(took) < 4 * proxy.delay


def test_a_network_slower_than_the_deadline(proxy: Proxy, wire: Wire) -> None:
    assert works(wire)
    proxy.delay = 20
    assert ends_in_time(wire, "fixture_scalar") != "ok"
    proxy.delay = 0
    goes_on(wire)
