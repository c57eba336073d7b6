"""The server's own process is killed in the middle of a write: nothing is half done, nothing done twice."""

from __future__ import annotations

import secrets
import signal

import pytest

from faults.world import World, start
from wire import Wire, eventually


def killed(world: World, tool: str, **arguments: object) -> None:
    """A server whose process is killed while the tool runs."""
    with Wire(world.environment()) as wire:
        wire.greet()
        start(wire, tool, **arguments)
        world.once_running(tool)
        wire.process.send_signal(signal.SIGKILL)


def ended(world: World, tool: str) -> None:
    eventually(lambda: world.running(tool) == [])
    # Its last transaction has ended, too.
    eventually(lambda: world.pool() == [])


@pytest.mark.parametrize("seconds", [0.5, 60], ids=["ends soon", "takes long"])
def test_a_write_without_a_key(world: World, seconds: float) -> None:
    """Its client is gone, which PostgreSQL sees after two seconds; all of it is there, or nothing."""
    before = counters(world)
    if seconds < 1:
        killed(world, "count_both_plainly", first=1, second=2)
        ended(world, "count_both_plainly")
        one, two = counters(world)
        assert (one - before[0], two - before[1]) in {(0, 0), (1, 1)}
    else:
        note = f"killed {secrets.token_hex(8)}"
        killed(world, "plain_write", note=note, seconds=seconds)
        ended(world, "plain_write")
        assert world.notes(note) == 0


@pytest.mark.parametrize("seconds", [0.5, 3])
def test_the_same_key_sent_to_a_new_process(world: World, seconds: float) -> None:
    """At once, while the first one's backend is perhaps still at work."""
    key, note = secrets.token_hex(16), f"again {secrets.token_hex(8)}"
    given = {"note": note, "seconds": seconds, "idempotency_key": key}
    killed(world, "once_write", **given)
    with world.serving(pool_timeout=15) as wire:
        answers = [wire.call("once_write", **given) for _ in range(2)]
        for answer in answers:
            assert answer["isError"] is False
        assert answers[0]["structuredContent"] == answers[1]["structuredContent"]
    ended(world, "once_write")
    assert world.notes(note) == 1


def test_two_processes_are_sent_the_same_key_at_once(world: World) -> None:
    with world.serving() as one, world.serving() as another:
        for _ in range(10):
            note = f"both {secrets.token_hex(8)}"
            given = {"note": note, "seconds": 0.05, "idempotency_key": secrets.token_hex(16)}
            numbers = [(wire, start(wire, "once_write", **given)) for wire in (one, another)]
            answers = [wire.answer(number)["result"] for wire, number in numbers]
            assert all(answer["isError"] is False for answer in answers)
            assert answers[0]["structuredContent"] == answers[1]["structuredContent"]
            assert world.notes(note) == 1


def counters(world: World) -> list[int]:
    rows = world.execute("SELECT value FROM fixture.counters ORDER BY counter_id")
    return [value for (value,) in rows]
