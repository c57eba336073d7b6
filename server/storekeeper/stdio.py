"""stdin and stdout as the protocol's streams, and the signals that end them.

Not the SDK's own reader and writer: they block in threads, for which the process could not end.
"""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, cast

import anyio
from mcp.server.stdio import stdio_server

STDIN, STDOUT, STDERR = 0, 1, 2
GRACE = 0.3  # seconds
AT_ONCE = 4096  # bytes that a pipe with room takes without blocking (PIPE_BUF)


@asynccontextmanager
async def streams(scope: anyio.CancelScope) -> AsyncIterator[tuple[Any, Any]]:
    """What the SDK's Server.run takes; the scope is cancelled when the client is gone."""
    with _stdout() as descriptor:
        lines, answers = cast(Any, _lines(STDIN)), cast(Any, _Answers(descriptor, scope))
        async with stdio_server(lines, answers) as pair:
            yield pair


async def until_told_to_end(scope: anyio.CancelScope) -> None:
    """Ends the scope on the first signal; another one ends the process as if nobody listened."""
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async for _ in signals:
            break
    scope.cancel()


@contextmanager
def _stdout() -> Iterator[int]:
    """stdout for the protocol alone: what anything else prints goes to stderr."""
    private = os.dup(STDOUT)
    os.dup2(STDERR, STDOUT)
    try:
        yield private
    finally:
        os.dup2(private, STDOUT)
        os.close(private)


async def _lines(descriptor: int) -> AsyncIterator[str]:
    """Lines as they come."""
    pending = bytearray()
    while True:
        with suppress(PermissionError):  # a regular file, which epoll doesn't take, never blocks
            await anyio.wait_readable(descriptor)
        if not (chunk := os.read(descriptor, 65536)):
            break
        pending += chunk
        if b"\n" in chunk:
            *lines, pending = pending.split(b"\n")
            for line in lines:
                yield line.decode(errors="replace")
    if pending:
        yield pending.decode(errors="replace")
    # The SDK cancels what runs when the lines end; what was asked last gets its answer still.
    await anyio.sleep(GRACE)


class _Answers:
    """Writes to a client; ends the scope when it is gone."""

    def __init__(self, descriptor: int, scope: anyio.CancelScope) -> None:
        self._descriptor = descriptor
        self._scope = scope

    async def write(self, text: str) -> None:
        rest = memoryview(text.encode())
        try:
            while rest:
                with suppress(PermissionError):
                    await anyio.wait_writable(self._descriptor)
                rest = rest[os.write(self._descriptor, rest[:AT_ONCE]) :]
        except (BrokenPipeError, ConnectionResetError):
            self._scope.cancel()

    async def flush(self) -> None:
        pass
