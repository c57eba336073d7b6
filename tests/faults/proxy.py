"""TCP between a server and its database, which goes wrong as networks do."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Coroutine
from contextlib import suppress
from types import TracebackType
from typing import Any, Self, TypeVar

PATIENCE = 5  # seconds for what the proxy is told to be done
RST_AT_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER of 0 seconds
HOST = "127.0.0.1"
T = TypeVar("T")

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class _Link:
    """A client's connection and the one to the database that was made for it."""

    def __init__(self, client: Streams, database: Streams) -> None:
        self.client, self.database = client, database
        self.deaf = self.mute = False  # what the client says is lost; what the database says is

    def close(self, *, rudely: bool = False) -> None:
        for _, writer in (self.client, self.database):
            if rudely:
                found = writer.get_extra_info("socket")
                with suppress(OSError):
                    found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST_AT_CLOSE)
                writer.transport.abort()
            else:
                writer.close()


class Proxy:
    """Listens on a port of its own for the database on `upstream`; all methods may come from any thread.

    What was dropped is lost, and the connection with it, though neither end hears of that; what is
    held arrives when it is let go, as packets do that TCP sends again.
    """

    def __init__(self, upstream: int) -> None:
        self.delay = 0.0  # seconds, each way
        self._upstream = upstream
        self._links: set[_Link] = set()
        self._pumps: set[asyncio.Task[None]] = set()
        self._deaf = self._mute = False  # of links to come
        self._loop = asyncio.new_event_loop()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.port = 0
        self._listener: asyncio.Server | None = None
        self.listen()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()

    def hold(self) -> None:
        """Nothing arrives, either way, until `flow`."""
        self._do(self._set_flowing(False))

    def drop(self) -> None:
        """All that is said on the connections there are is lost, for good; on new ones, until `flow`."""
        self._do(self._lose(deaf=True, mute=True))

    def silence(self) -> None:
        """The database hears its clients, and they hear no answer: for good, as with `drop`."""
        self._do(self._lose(deaf=False, mute=True))

    def forget(self) -> None:
        """The connections there are become half-open; new ones are as they should be."""
        self.drop()
        self.flow()

    def flow(self) -> None:
        self._do(self._lose(deaf=False, mute=False))
        self._do(self._set_flowing(True))

    def reset(self) -> int:
        """Ends every connection by RST, on both sides; says how many."""
        return self._do(self._reset())

    def refuse(self) -> None:
        """Nobody listens any more; the connections there are stay."""
        self._do(self._unlisten())

    def listen(self) -> None:
        self._do(self._listen())

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    async def _set_flowing(self, flowing: bool) -> None:
        if flowing:
            self._flowing.set()
        else:
            self._flowing.clear()

    async def _lose(self, *, deaf: bool, mute: bool) -> None:
        self._deaf, self._mute = deaf, mute
        for link in self._links:
            link.deaf, link.mute = link.deaf or deaf, link.mute or mute

    async def _reset(self) -> int:
        links = list(self._links)
        for link in links:
            link.close(rudely=True)
        return len(links)

    async def _listen(self) -> None:
        if self._listener:
            return
        self._listener = await asyncio.start_server(
            self._accept, HOST, self.port, start_serving=True
        )
        self.port = self._listener.sockets[0].getsockname()[1]

    async def _unlisten(self) -> None:
        if self._listener:
            self._listener.close()
            self._listener = None

    async def _end(self) -> None:
        await self._unlisten()
        await self._reset()
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            database = await asyncio.open_connection(HOST, self._upstream)
        except OSError:
            writer.close()
            return
        link = _Link((reader, writer), database)
        link.deaf, link.mute = self._deaf, self._mute
        self._links.add(link)
        ways = (
            self._carry(link, link.client[0], link.database[1], "deaf"),
            self._carry(link, link.database[0], link.client[1], "mute"),
        )
        pumps = [asyncio.create_task(way) for way in ways]
        self._pumps.update(pumps)
        try:
            await asyncio.gather(*pumps, return_exceptions=True)
        finally:
            self._links.discard(link)
            self._pumps.difference_update(pumps)
            link.close()

    async def _carry(
        self, link: _Link, source: asyncio.StreamReader, sink: asyncio.StreamWriter, lost: str
    ) -> None:
        """One way, to its end; an end is carried like bytes, and lost like them."""
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def read() -> None:
            data = b"more"
            while data:
                try:
                    data = await source.read(65536)
                except OSError:
                    data = b""
                under_way.put_nowait((self._loop.time() + self.delay, data))

        reading = asyncio.create_task(read())
        try:
            while True:
                due, data = await under_way.get()
                await asyncio.sleep(max(0, due - self._loop.time()))
                await self._flowing.wait()
                if getattr(link, lost):
                    continue
                if not data:
                    sink.close()
                    return
                sink.write(data)
                await sink.drain()
        except OSError:
            pass
        finally:
            reading.cancel()
