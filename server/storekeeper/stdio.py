"""The stdio transport: lines from a client and lines to it.

stdout belongs to the protocol alone: whatever else prints there goes to stderr. The descriptors stay
blocking, as they may be shared with a terminal: they are read when there is something, and written
in pieces that never block.
"""

from __future__ import annotations

import asyncio
import os
import select
from collections import deque
from collections.abc import Callable

STDIN, STDOUT, STDERR = 0, 1, 2
CHUNK = 65536  # bytes that are read at once
AT_ONCE = 4096  # bytes that a pipe with room takes without blocking (PIPE_BUF)
LONGEST_LINE = 64 * 2**20  # bytes
UNREAD = 64 * 2**20  # bytes of answers; while more of them are unread, no line is read

Hear = Callable[[bytes | bytearray | None], None]  # a line, or None for one that is too long


class Stdio:
    """The pipes to one client. `ended` is set once the client says, or reads, no more."""

    def __init__(self, hear: Hear) -> None:
        self.ended = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._hear = hear
        self._stdin, self._stdout = os.dup(STDIN), os.dup(STDOUT)
        os.dup2(STDERR, STDOUT)
        self._writable = select.poll()
        self._writable.register(self._stdout, select.POLLOUT)
        self._line = bytearray()  # that is not whole yet
        self._skipping = False  # the rest of a line that is too long
        self._reading = False
        self._paused = False  # while the client leaves too much unread
        self._all_read = asyncio.Event()
        self._all_read.set()
        self._unsent: list[bytes] = []
        self._unread: deque[memoryview] = deque()
        self._unread_size = 0

    def open(self) -> None:
        self._reading = True
        self._listen()

    def hear_no_more(self) -> None:
        self._reading = False
        self._loop.remove_reader(self._stdin)

    def send(self, line: bytes) -> None:
        """What is sent in one turn of the event loop is written together."""
        if not self._unsent:
            self._loop.call_soon(self._write)
        self._unsent.append(line)

    async def close(self, patience: float) -> None:
        """Lets the client read what is unread, but not for longer than so many seconds."""
        self.hear_no_more()
        self._write()
        try:
            async with asyncio.timeout(patience):
                await self._all_read.wait()
        except TimeoutError:
            self._lose()
        os.dup2(self._stdout, STDOUT)
        os.close(self._stdout)
        os.close(self._stdin)

    def _listen(self) -> None:
        try:
            self._loop.add_reader(self._stdin, self._read)
        except PermissionError:  # a regular file always has something, and is not waited for
            self._loop.call_soon(self._read_file)

    def _read(self) -> None:
        try:
            data = os.read(self._stdin, CHUNK)
        except OSError:  # a socket whose other end was killed
            data = b""
        if not data:
            self._end_line()
            self.hear_no_more()
            self.ended.set()
            return
        first, *rest = data.split(b"\n")
        self._line += first
        for piece in rest:
            self._end_line()
            self._line += piece
        if len(self._line) > LONGEST_LINE:
            self._skipping = True
            self._line.clear()

    def _read_file(self) -> None:
        if self._reading and not self._paused:
            self._read()
            self._loop.call_soon(self._read_file)

    def _end_line(self) -> None:
        line, self._line = self._line, bytearray()
        if self._skipping or len(line) > LONGEST_LINE:
            self._skipping = False
            self._hear(None)
        elif line:
            self._hear(line)

    def _write(self) -> None:
        if self._unsent:
            piece = memoryview(b"".join(self._unsent))
            self._unsent.clear()
            self._unread.append(piece)
            self._unread_size += len(piece)
        try:
            while self._unread and self._writable.poll(0):
                written = os.write(self._stdout, self._unread[0][:AT_ONCE])
                self._unread_size -= written
                self._unread[0] = self._unread[0][written:]
                if not self._unread[0]:
                    self._unread.popleft()
        except OSError:
            self._lose()
            return
        self._wait(bool(self._unread))
        self._pause(self._unread_size > UNREAD)

    def _wait(self, waiting: bool) -> None:
        """For room in the pipe."""
        if waiting and self._all_read.is_set():
            self._all_read.clear()
            self._loop.add_writer(self._stdout, self._write)
        elif not waiting and not self._all_read.is_set():
            self._all_read.set()
            self._loop.remove_writer(self._stdout)

    def _pause(self, paused: bool) -> None:
        if self._reading and paused != self._paused:
            if paused:
                self._loop.remove_reader(self._stdin)
            else:
                self._listen()
        self._paused = paused

    def _lose(self) -> None:
        """The client is gone: nobody reads what is unread."""
        self._unread.clear()
        self._unread_size = 0
        self._wait(False)
        self.hear_no_more()
        self.ended.set()
