"""`storekeeper serve`: one person's MCP server over stdio, from its start to its end."""

from __future__ import annotations

import asyncio
import itertools
import logging
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

from storekeeper.account import CATALOG_CHANNEL
from storekeeper.cache import Cache
from storekeeper.gateway import Gateway
from storekeeper.protocol import Protocol
from storekeeper.session import Session
from storekeeper.settings import Settings
from storekeeper.stdio import Stdio
from storekeeper.telemetry import Telemetry

if TYPE_CHECKING:
    from storekeeper.embedder import Embedder

log = logging.getLogger("storekeeper.server")

SIGNALS = (signal.SIGTERM, signal.SIGINT)
RECORD_EVERY = 2  # seconds
MAINTAIN_EVERY = 30  # times as long
GAUGES_EVERY = 2  # seconds
STOPPING = 1  # seconds that cancelled calls, then the record, get at the end


class Server:
    """What runs for one client beside its calls."""

    def __init__(
        self,
        gateway: Gateway,
        telemetry: Telemetry,
        settings: Settings,
        cache: Cache,
        embedder: Embedder | None = None,
    ) -> None:
        self._gateway = gateway
        self._telemetry = telemetry
        self._settings = settings
        self._cache = cache
        self._protocol = Protocol(gateway, telemetry, cache, embedder)

    async def serve(self) -> None:
        """MCP over stdin and stdout until stdin closes, or SIGTERM or SIGINT comes.

        What runs then gets `shutdown_grace` seconds to end, and is cancelled after that.
        """
        stdio = Stdio(lambda line: session.hear(line))
        session = Session(self._protocol.methods(), stdio.send)
        self._protocol.tell_change = session.tell_change
        _end_on_signals(stdio.ended)
        loading = asyncio.create_task(self._protocol.load_first())
        loading.add_done_callback(lambda load: stdio.ended.set() if _failed(load) else None)
        background = [
            loading,
            asyncio.create_task(self._gateway.account.follow(self._protocol.reload, self._hear)),
            asyncio.create_task(self._record_regularly()),
            asyncio.create_task(self._tell_gauges()),
        ]
        stdio.open()
        await stdio.ended.wait()
        stdio.hear_no_more()
        grace = 0 if _failed(loading) else self._settings.shutdown_grace
        await asyncio.gather(session.end(grace, STOPPING), asyncio.wait([loading], timeout=grace))
        await stdio.close(STOPPING)
        for task in background:
            task.cancel()
        await self._cache.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(STOPPING):
                await self._protocol.calls.finish(STOPPING / 2)
        if failure := _failed(loading):
            raise failure

    async def _hear(self, channel: str, payload: str) -> None:
        if channel == CATALOG_CHANNEL:
            await self._cache.clear()
            await self._protocol.reload()
        else:
            await self._cache.forget(payload)

    async def _record_regularly(self) -> None:
        for turn in itertools.count():
            await asyncio.sleep(RECORD_EVERY)
            # Not cancelled at the end: what is on its way would be lost.
            await asyncio.shield(asyncio.create_task(self._protocol.calls.record()))
            if turn % MAINTAIN_EVERY == 0:
                await self._gateway.account.maintain()

    async def _tell_gauges(self) -> None:
        while True:
            unwritten = {"record.unwritten": self._telemetry.unrecorded}
            self._telemetry.gauge(self._gateway.gauges() | unwritten)
            await asyncio.sleep(GAUGES_EVERY)


def _failed(task: asyncio.Task[None]) -> BaseException | None:
    return task.exception() if task.done() and not task.cancelled() else None


def _end_on_signals(ended: asyncio.Event) -> None:
    """The first signal ends the server as it should; another one as if nobody listened."""
    loop = asyncio.get_running_loop()

    def end() -> None:
        for signal_number in SIGNALS:
            loop.remove_signal_handler(signal_number)
        ended.set()

    for signal_number in SIGNALS:
        loop.add_signal_handler(signal_number, end)
