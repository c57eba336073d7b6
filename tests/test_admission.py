"""Who may call now, who waits, and who is told to come later; whatever happens, no place is lost."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from storekeeper.admission import Admission
from storekeeper.errors import LimitError, UnavailableError

pytestmark = pytest.mark.anyio

A, B, C = {"person a": 2}, {"person b": 2}, {"person c": 2}


class Hall:
    """An admission, and calls that stay until they are told to go."""

    def __init__(self, in_all: int = 4, waiting: int = 10, patience: float = 10) -> None:
        self.admission = Admission(in_all, waiting, patience)
        self.entered: list[str] = []
        self.gates: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def come(self, label: str, names: dict[str, int]) -> None:
        self.gates[label] = asyncio.Event()

        async def stay() -> None:
            async with self.admission.place(names):
                self.entered.append(label)
                await self.gates[label].wait()

        self.tasks[label] = asyncio.create_task(stay())
        await settle()

    async def go(self, label: str) -> None:
        self.gates[label].set()
        await settle()

    def empty(self) -> bool:
        held = +self.admission._by_name
        return self.admission.running == self.admission.waiting == 0 and not held


async def settle() -> None:
    for _ in range(6):
        await asyncio.sleep(0)


async def test_a_flood_of_one_person_s_leaves_the_others_their_places() -> None:
    hall = Hall(in_all=4)
    for n in range(8):
        await hall.come(f"a{n}", A)
    assert hall.entered == ["a0", "a1"]
    assert hall.admission.waiting == 6
    await hall.come("b", B)
    assert hall.entered[-1] == "b"
    await hall.go("a0")
    assert hall.entered[-1] == "a2"
    for label in hall.tasks:
        hall.gates[label].set()
    await asyncio.gather(*hall.tasks.values())
    assert hall.entered[3:] == [f"a{n}" for n in range(2, 8)]
    assert hall.empty()


async def test_who_comes_first_is_let_in_first_among_those_with_room() -> None:
    hall = Hall(in_all=3)
    await hall.come("a0", A)
    await hall.come("a1", A)
    await hall.come("b0", B)
    await hall.come("a2", A)
    await hall.come("c0", C)
    await hall.come("b1", B)
    await hall.go("b0")
    # The place is free, but not for a third of person a's.
    assert hall.entered[-1] == "c0"
    await hall.go("a0")
    assert hall.entered[-1] == "a2"
    await hall.go("a1")
    assert hall.entered[-1] == "b1"


async def test_a_call_waits_for_all_of_its_names() -> None:
    hall = Hall()
    report = {"function report": 1}
    await hall.come("a0", A | report)
    await hall.come("b0", B | report)
    await hall.come("b1", B)
    assert hall.entered == ["a0", "b1"]
    await hall.go("a0")
    assert hall.entered == ["a0", "b1", "b0"]


async def test_who_comes_when_too_many_wait_is_told_to_come_later() -> None:
    hall = Hall(in_all=1, waiting=2)
    for label in ("a0", "a1", "a2"):
        await hall.come(label, A)
    with pytest.raises(LimitError) as refused:
        async with hall.admission.place(A):
            pass
    assert refused.value.sqlstate == "SK429"
    assert refused.value.retry_after
    assert refused.value.hint
    assert (hall.admission.running, hall.admission.waiting) == (1, 2)
    await hall.go("a0")
    await hall.come("a3", A)
    for label in hall.tasks:
        hall.gates[label].set()
    await asyncio.gather(*hall.tasks.values())
    assert hall.entered == ["a0", "a1", "a2", "a3"]
    assert hall.empty()


async def test_nobody_may_wait_where_no_queue_is_allowed() -> None:
    hall = Hall(in_all=1, waiting=0)
    await hall.come("a0", A)
    with pytest.raises(LimitError):
        async with hall.admission.place(B):
            pass
    await hall.go("a0")
    async with hall.admission.place(B):
        pass
    assert hall.empty()


async def test_who_waits_too_long_is_told_so() -> None:
    hall = Hall(in_all=1, patience=0.01)
    await hall.come("a0", A)
    with pytest.raises(UnavailableError) as refused:
        async with hall.admission.place(B):
            pass
    assert refused.value.retryable
    assert refused.value.retry_after
    assert hall.admission.waiting == 0
    await hall.go("a0")
    assert hall.empty()


async def test_a_cancel_while_waiting_leaves_the_queue() -> None:
    hall = Hall(in_all=1)
    for label in ("a0", "a1", "a2"):
        await hall.come(label, A)
    hall.tasks["a1"].cancel()
    await settle()
    assert hall.admission.waiting == 1
    await hall.go("a0")
    assert hall.entered == ["a0", "a2"]


async def test_a_cancel_in_the_turn_of_being_let_in_passes_the_place_on() -> None:
    hall = Hall(in_all=1)
    for label in ("a0", "a1", "a2"):
        await hall.come(label, A)
    hall.gates["a0"].set()
    while hall.admission.waiting == 2:  # noqa: ASYNC110 (the very turn is what matters)
        await asyncio.sleep(0)
    hall.tasks["a1"].cancel()
    await settle()
    assert hall.entered == ["a0", "a2"]
    await hall.go("a2")
    assert hall.empty()


async def test_an_error_inside_gives_the_place_back() -> None:
    hall = Hall(in_all=1)
    for _ in range(3):
        with pytest.raises(RuntimeError):
            async with hall.admission.place(A):
                raise RuntimeError
    assert hall.empty()


@pytest.mark.parametrize("seed", range(60))
async def test_random_calls_and_cancels_end_at_zero(seed: int) -> None:
    random = Random(seed)
    in_all, most = random.randint(1, 5), random.randint(1, 3)
    patience = random.choice([0.001, 0.01, 5])
    admission = Admission(in_all, waiting=random.randint(0, 8), patience=patience)
    running = dict.fromkeys("abc", 0)

    async def call(name: str, stay: float) -> None:
        async with admission.place({name: most}):
            running[name] += 1
            assert running[name] <= most
            assert sum(running.values()) <= in_all
            try:
                await asyncio.sleep(stay)
            finally:
                running[name] -= 1

    tasks: list[asyncio.Task[None]] = []
    for _ in range(60):
        stay = random.choice([0, 0, 0.0005, 0.002])
        tasks.append(asyncio.create_task(call(random.choice("abc"), stay)))
        if random.random() < 0.4:
            random.choice(tasks).cancel()
        if random.random() < 0.4:
            await asyncio.sleep(random.choice([0, 0, 0.001]))
    async with asyncio.timeout(20):
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    kinds = {type(outcome) for outcome in outcomes if outcome is not None}
    assert kinds <= {asyncio.CancelledError, LimitError, UnavailableError}
    assert admission.running == admission.waiting == 0
    assert not +admission._by_name
    async with asyncio.timeout(1), admission.place({"a": 1}):
        pass
