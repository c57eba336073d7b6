"""Who may call now, who waits, and who is told to come later: no one's calls starve the others'."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from storekeeper.errors import LimitError


@dataclass
class _Place:
    """A call in the queue, and when it is let in."""

    names: dict[str, int]
    entered: asyncio.Future[None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class Admission:
    """Bounds the calls in flight, in all and by name (a person, a function), and those that wait."""

    def __init__(self, in_all: int, waiting: int) -> None:
        self._in_all = in_all
        self._most_waiting = waiting
        self._running = 0
        self._by_name: Counter[str] = Counter()
        self._queue: list[_Place] = []

    @property
    def running(self) -> int:
        return self._running

    @property
    def waiting(self) -> int:
        return len(self._queue)

    @asynccontextmanager
    async def place(self, names: dict[str, int]) -> AsyncIterator[None]:
        """A place for a call; `names` says how many calls of each name may run at once.

        Who comes while all places are taken waits, first come, first served among those whose names
        have room; who comes while too many wait is refused (SK429).
        """
        place = _Place(names)
        if self._has_room(place):
            self._enter(place)
        else:
            await self._wait(place)
        try:
            yield
        finally:
            self._leave(place)

    async def _wait(self, place: _Place) -> None:
        if len(self._queue) >= self._most_waiting:
            raise LimitError(
                f"{self._running} calls are running and {len(self._queue)} wait already.",
                sqlstate="SK429",
                hint="Wait for some of them to end, then try again.",
                retry_after=1,
            )
        self._queue.append(place)
        try:
            await place.entered
        except asyncio.CancelledError:
            if place in self._queue:
                self._queue.remove(place)
            elif not place.entered.cancelled():  # let in, and cancelled in the same turn
                self._leave(place)
            raise

    def _has_room(self, place: _Place) -> bool:
        return self._running < self._in_all and all(
            self._by_name[name] < most for name, most in place.names.items()
        )

    def _enter(self, place: _Place) -> None:
        self._running += 1
        self._by_name.update(place.names.keys())

    def _leave(self, place: _Place) -> None:
        self._running -= 1
        self._by_name.subtract(place.names.keys())
        self._let_in()

    def _let_in(self) -> None:
        for place in list(self._queue):
            if self._running >= self._in_all:
                break
            if self._has_room(place):
                self._queue.remove(place)
                self._enter(place)
                place.entered.set_result(None)
