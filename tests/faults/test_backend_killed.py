"""A backend dies before, during and at the end of a call: reads answer, writes happen at most once.

A write with an idempotency key happens exactly once, whenever its backend died; also when it died
after the COMMIT and nobody has heard of that.
"""

from __future__ import annotations

import os
import secrets
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from faults.world import World, failure, start, works
from wire import Wire, eventually

WAITS_FOR_STANDBY = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"


def terminate(world: World, pids: list[int]) -> None:
    world.terminate(pids)


def kill(world: World, pids: list[int]) -> None:
    """PostgreSQL answers that with the end of all its backends, and crash recovery."""
    recoveries = world.cluster.recoveries()
    for pid in pids:
        with suppress(ProcessLookupError):  # it has ended with the first
            os.kill(pid, signal.SIGKILL)
    eventually(lambda: world.cluster.recoveries() > recoveries and world.cluster.accepts())


WAYS = pytest.mark.parametrize("end", [terminate, kill])
End = Callable[[World, list[int]], None]


@pytest.fixture(scope="module")
def wire(world: World) -> Iterator[Wire]:
    with world.serving(pool_timeout=15) as serving:
        yield serving


@pytest.fixture(autouse=True)
def _anew(world: World, wire: Wire) -> None:
    world.execute("ALTER SEQUENCE fixture.tries RESTART")
    world.switch("slow", on=True)
    assert works(wire)  # which looks at all connections when it has met a dead one


@WAYS
def test_all_idle_connections_die_before_a_read(world: World, wire: Wire, end: End) -> None:
    assert works(wire)
    for _ in range(3):
        end(world, world.pool())
        assert works(wire)


@WAYS
def test_a_read_is_under_way(world: World, wire: Wire, end: End) -> None:
    number = start(wire, "fixture_sleep", seconds=1)
    end(world, world.once_running("fixture_sleep"))
    assert wire.answer(number)["result"]["structuredContent"] == {"value": "awake"}
    assert wire.calls()[-1]["outcome"] == "ok"
    assert wire.calls()[-1]["retries"] >= 1
    assert works(wire)


@WAYS
def test_reads_side_by_side(world: World, wire: Wire, end: End) -> None:
    """One backend of several, or by crash recovery all of them."""
    numbers = [start(wire, "fixture_sleep", seconds=1) for _ in range(4)]
    end(world, world.once_running("fixture_sleep", 4)[:1])
    for number in numbers:
        assert wire.answer(number)["result"]["isError"] is False


@WAYS
def test_all_idle_connections_die_before_a_write(world: World, wire: Wire, end: End) -> None:
    """Nothing of it was sent on a connection that lives: it can't have been made twice."""
    assert works(wire)
    end(world, world.pool())
    note = f"idle {secrets.token_hex(8)}"
    result = wire.call("plain_write", note=note)
    if result["isError"]:
        assert failure(result)["error_code"] == "UNAVAILABLE"
    assert world.notes(note) == (0 if result["isError"] else 1)
    assert works(wire)


@WAYS
def test_a_write_without_a_key_before_its_commit(world: World, wire: Wire, end: End) -> None:
    """Nothing of it was made, so that it can be tried again."""
    note = f"at once {secrets.token_hex(8)}"
    number = start(wire, "plain_write", note=note, seconds=1)
    end(world, world.once_running("plain_write"))
    assert wire.answer(number)["result"]["isError"] is False
    assert wire.calls()[-1]["retries"] >= 1
    assert world.notes(note) == 1
    assert works(wire)


@WAYS
def test_a_write_without_a_key_at_its_commit(world: World, wire: Wire, end: End) -> None:
    """It is told as it is, and not tried again."""
    note = f"slow {secrets.token_hex(8)}"
    number = start(wire, "plain_write", note=note)
    end(world, world.once_running("COMMIT"))
    told = failure(wire.answer(number)["result"])
    assert told["error_code"] == "UNAVAILABLE"
    assert wire.calls()[-1]["retries"] == 0
    assert world.notes(note) == 0
    assert works(wire)


@WAYS
@pytest.mark.parametrize("when", ["statement", "commit"])
@pytest.mark.parametrize("whose", ["the client's", "the server's"])
def test_a_write_with_a_key(world: World, wire: Wire, end: End, when: str, whose: str) -> None:
    key = {"idempotency_key": secrets.token_hex(16)} if whose == "the client's" else {}
    note = f"{'slow' if when == 'commit' else 'at once'} {secrets.token_hex(8)}"
    number = start(wire, "once_write", note=note, seconds=0 if when == "commit" else 1, **key)
    pids = world.once_running("COMMIT" if when == "commit" else "once_write")
    world.switch("slow", on=False)  # the next try
    end(world, pids)
    answer = wire.answer(number)["result"]
    assert answer["isError"] is False
    assert answer["structuredContent"]["note"] == note
    assert wire.calls()[-1]["retries"] >= 1
    assert world.notes(note) == 1
    if key:
        again = wire.call("once_write", note=note, **key)
        assert again["structuredContent"] == answer["structuredContent"]
        assert world.notes(note) == 1


@pytest.mark.parametrize("whose", ["the client's", "the server's"])
def test_who_knows_the_key_may_repeat_what_is_in_doubt(world: World, whose: str) -> None:
    key = {"idempotency_key": secrets.token_hex(16)} if whose == "the client's" else {}
    note = f"slow {secrets.token_hex(8)}"
    with world.serving(retries=0) as serving:
        number = start(serving, "once_write", note=note, **key)
        world.terminate(world.once_running("COMMIT"))
        told = failure(serving.answer(number)["result"])
        assert told["error_code"] == "UNAVAILABLE"
        assert told["retryable"] is bool(key)
        assert ("same idempotency_key" in told["hint"]) is bool(key)
        world.switch("slow", on=False)
        if key:
            assert serving.call("once_write", note=note, **key)["isError"] is False
            assert world.notes(note) == 1


def test_a_commit_that_ends_its_own_backend(world: World, wire: Wire) -> None:
    note = f"fatal {secrets.token_hex(8)}"
    assert wire.call("once_write", note=note)["isError"] is False
    assert world.notes(note) == 1
    world.execute("ALTER SEQUENCE fixture.tries RESTART")
    note = f"fatal {secrets.token_hex(8)}"
    assert failure(wire.call("plain_write", note=note))["error_code"] == "UNAVAILABLE"
    assert world.notes(note) == 0


@pytest.fixture
def _no_standby_confirms(world: World) -> Iterator[None]:
    """A COMMIT is on disk, and waits; a backend that is terminated then has committed."""
    world.configure("synchronous_standby_names", "nobody")
    yield
    world.configure("synchronous_commit", None)
    world.configure("synchronous_standby_names", None)


@pytest.mark.parametrize("tool", ["once_write", "plain_write"])
@pytest.mark.usefixtures("_no_standby_confirms")
def test_it_was_committed_and_nobody_has_heard(world: World, wire: Wire, tool: str) -> None:
    note = f"unheard {secrets.token_hex(8)}"
    number = start(wire, tool, note=note)
    pids = world.once_running("COMMIT")
    eventually(lambda: world.execute(WAITS_FOR_STANDBY))
    world.configure("synchronous_commit", "local")  # those who come now do not wait
    world.terminate(pids)
    result = wire.answer(number)["result"]
    if tool == "once_write":
        assert result["structuredContent"] == {"note": note, "try": 1}
    else:
        told = failure(result)
        assert told["error_code"] == "UNAVAILABLE"
        assert "may have been made" in told["message"]
    assert world.notes(note) == 1
    assert works(wire)
