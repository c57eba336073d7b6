"""When the database can't be reached, calls are told so at once; when it can again, they go through."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from storekeeper import circuit as module
from storekeeper.circuit import FAILURES, Circuit
from storekeeper.errors import UnavailableError
from wire import PATIENCE

pytestmark = pytest.mark.anyio


class Database:
    """What is probed: down, up, or silent."""

    def __init__(self) -> None:
        self.failure: Exception | None = OSError("down")
        self.tries = 0

    async def probe(self) -> None:
        self.tries += 1
        if self.failure:
            raise self.failure


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setattr(module, "FIRST", 0.005)
    monkeypatch.setattr(module, "LONGEST", 0.02)
    monkeypatch.setattr(module, "PATIENCE", 0)
    monkeypatch.setattr(module, "HURRY", 0.001)
    return Database()


@pytest.fixture
async def circuit(database: Database) -> AsyncIterator[Circuit]:
    made = Circuit(database.probe, OSError)
    yield made
    made.close()


async def until(check: Any) -> None:
    async with asyncio.timeout(PATIENCE):
        while not check():  # noqa: ASYNC110 (what it looks at knows no event)
            await asyncio.sleep(0.005)


def trip(circuit: Circuit) -> None:
    for _ in range(FAILURES):
        circuit.failed()


async def test_it_opens_after_some_failures_in_a_row_only(circuit: Circuit) -> None:
    for _ in range(5):
        for _ in range(FAILURES - 1):
            circuit.failed()
        circuit.succeeded()
    assert not circuit.open
    await circuit.check()
    trip(circuit)
    assert circuit.open


async def test_it_waits_for_a_restart(circuit: Circuit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.1)
    trip(circuit)
    trip(circuit)
    assert not circuit.open
    await asyncio.sleep(0.11)
    circuit.failed()
    assert circuit.open


async def test_while_it_is_open_a_call_is_told_when_to_come(circuit: Circuit) -> None:
    trip(circuit)
    for _ in range(3):
        with pytest.raises(UnavailableError) as refused:
            await circuit.check()
        assert refused.value.retryable
        assert refused.value.hint
        assert refused.value.retry_after is not None
        assert refused.value.retry_after >= 1
        await asyncio.sleep(0.01)


async def test_it_closes_when_a_try_succeeds(circuit: Circuit, database: Database) -> None:
    trip(circuit)
    await until(lambda: database.tries >= 3)
    assert circuit.open
    database.failure = None
    await until(lambda: not circuit.open)
    await circuit.check()
    tries = database.tries
    await asyncio.sleep(0.05)
    assert database.tries == tries
    circuit.failed()
    assert not circuit.open


async def test_it_opens_again(circuit: Circuit, database: Database) -> None:
    for _ in range(3):
        database.failure = OSError("down")
        trip(circuit)
        assert circuit.open
        database.failure = None
        await until(lambda: not circuit.open)


async def test_failures_meanwhile_start_no_second_round_of_tries(
    circuit: Circuit, database: Database
) -> None:
    trip(circuit)
    probing = circuit._probing
    for _ in range(100):
        circuit.failed()
    assert circuit._probing is probing
    assert database.tries <= 1


async def test_a_defect_in_a_try_does_not_leave_it_open_for_ever(
    circuit: Circuit, database: Database
) -> None:
    database.failure = RuntimeError("a defect")
    trip(circuit)
    await until(lambda: database.tries >= 2 or not circuit.open)
    database.failure = None
    await until(lambda: not circuit.open)


async def test_closed_it_tries_no_more(circuit: Circuit, database: Database) -> None:
    trip(circuit)
    await until(lambda: database.tries)
    circuit.close()
    await asyncio.sleep(0.01)
    tries = database.tries
    await asyncio.sleep(0.06)
    assert database.tries == tries
