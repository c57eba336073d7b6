"""Whether a service can be reached: when it can't, calls are told so at once, not after a wait."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

from storekeeper.delays import delays
from storekeeper.errors import UnavailableError

log = logging.getLogger("storekeeper.circuit")

FAILURES = 3  # to connect, in a row
PATIENCE = 3  # seconds from the first of them: a restart takes no longer, and calls wait for it
FIRST, LONGEST = 0.2, 5.0  # seconds between two tries in the background
HURRY = 0.25  # seconds that a call waits for the try that it asks for


class Circuit:
    """Opens after some failures to connect in a row; closes when a try in the background succeeds."""

    def __init__(
        self,
        probe: Callable[[], Awaitable[None]],
        failure: type[Exception],
        subject: str = "database",
    ) -> None:
        self._probe = probe
        self._failure = failure
        self._subject = subject
        self._failures = 0
        self._since = 0.0  # the first of them, by the monotonic clock
        self._next = 0.0  # when the next try is
        self._probing: asyncio.Task[None] | None = None
        self._wanted, self._closed = asyncio.Event(), asyncio.Event()

    @property
    def open(self) -> bool:
        return self._probing is not None

    async def check(self) -> None:
        """Fails while the database can't be reached. The first to ask after it is back goes through."""
        if not self.open:
            return
        self._wanted.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(HURRY):
                await self._closed.wait()
        if self.open:
            raise UnavailableError(
                f"The {self._subject} can't be reached.",
                hint="Try again when it runs. Whoever runs this server finds the reason in its log.",
                retry_after=max(1, round(self._next - time.monotonic() + 0.5)),
            )

    def succeeded(self) -> None:
        self._failures = 0

    def failed(self) -> None:
        now = time.monotonic()
        if not self._failures:
            self._since = now
        self._failures += 1
        if self._failures >= FAILURES and now - self._since >= PATIENCE and not self.open:
            log.warning("the %s can't be reached; calls are refused until it can", self._subject)
            self._closed.clear()
            self._probing = asyncio.create_task(self._try())

    def close(self) -> None:
        if self._probing:
            self._probing.cancel()

    async def _try(self) -> None:
        for delay in delays(FIRST, LONGEST):
            self._next = time.monotonic() + delay
            self._wanted.clear()
            await asyncio.sleep(min(delay, FIRST))
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0, delay - FIRST)):
                    await self._wanted.wait()
            try:
                await self._probe()
            except self._failure:
                continue
            except Exception:
                # A defect of ours, which must not refuse calls for ever.
                log.exception("unexpected failure of a try to connect")
                continue
            break
        log.warning("the %s can be reached again", self._subject)
        self._failures = 0
        self._probing = None
        self._closed.set()
