"""The pipes alone: lines whole, in order, of bounded length, and a client that reads late or never."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from random import Random

import pytest

from storekeeper import stdio
from storekeeper.stdio import Stdio
from wire import PATIENCE

pytestmark = pytest.mark.anyio


class Ends:
    """The client's ends of the pipes."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.theirs_in, self.write_end = os.pipe()
        self.read_end, self.theirs_out = os.pipe()
        self.errors, self.theirs_errors = os.pipe()
        patch.setattr(stdio, "STDIN", self.theirs_in)
        patch.setattr(stdio, "STDOUT", self.theirs_out)
        patch.setattr(stdio, "STDERR", self.theirs_errors)
        self.heard: list[bytes | None] = []

    def hear(self, line: bytes | bytearray | None) -> None:
        self.heard.append(None if line is None else bytes(line))

    def close_all(self) -> None:
        for end in vars(self).values():
            if isinstance(end, int):
                with suppress(OSError):
                    os.close(end)


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ends]:
    made = Ends(monkeypatch)
    yield made
    made.close_all()


@asynccontextmanager
async def opened(ends: Ends, hear: Callable[..., None] | None = None) -> AsyncIterator[Stdio]:
    transport = Stdio(hear or ends.hear)
    transport.open()
    try:
        yield transport
    finally:
        await transport.close(0.01)


async def until(check: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not check():  # noqa: ASYNC110 (what it looks at knows no event)
            await asyncio.sleep(0.005)


def written(end: int, data: bytes) -> threading.Thread:
    """Writes in a thread, as a pipe takes only so much."""

    def write() -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(end, rest[:65536]) :]

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    return thread


async def test_lines_come_whole_however_they_are_cut(ends: Ends) -> None:
    random = Random(1)
    lines = [random.randbytes(random.choice([1, 5, 300, 70_000])) for _ in range(40)]
    lines = [line.replace(b"\n", b" ") for line in lines]
    data = b"\n".join(lines) + b"\n"
    async with opened(ends):
        while data:
            size = random.choice([1, 2, 3, 1000, 4096, 65536])
            piece, data = data[:size], data[size:]
            thread = written(ends.write_end, piece)
            await asyncio.to_thread(thread.join, PATIENCE)
        await until(lambda: len(ends.heard) == len(lines))
    assert ends.heard == lines


async def test_empty_lines_are_no_lines_and_the_last_needs_no_end(ends: Ends) -> None:
    async with opened(ends) as transport:
        os.write(ends.write_end, b"\n\na\n\nb\r\nlast")
        os.close(ends.write_end)
        await asyncio.wait_for(transport.ended.wait(), PATIENCE)
    assert ends.heard == [b"a", b"b\r", b"last"]


@pytest.mark.parametrize("excess", [-1, 0, 1, 1000])
async def test_a_line_that_is_too_long_is_told_once_and_the_next_is_heard(
    ends: Ends, monkeypatch: pytest.MonkeyPatch, excess: int
) -> None:
    monkeypatch.setattr(stdio, "LONGEST_LINE", 300_000)
    line = b"x" * (300_000 + excess)
    async with opened(ends):
        written(ends.write_end, line + b"\nnext\n" + line * 3 + b"\nlast\n")
        await until(lambda: b"last" in ends.heard)
    first, following, second, last = ends.heard
    assert first == (line if excess <= 0 else None)
    assert (following, second, last) == (b"next", None, b"last")


async def test_what_is_printed_goes_to_stderr(ends: Ends) -> None:
    async with opened(ends) as transport:
        os.write(ends.theirs_out, b"printed")
        transport.send(b"said\n")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert os.read(ends.errors, 100) == b"printed"
        assert os.read(ends.read_end, 100) == b"said\n"


async def test_answers_keep_their_order_for_a_slow_reader(ends: Ends) -> None:
    random = Random(2)
    lines = [b"%d %s\n" % (n, b"x" * random.choice([1, 100, 9000])) for n in range(2000)]
    read = bytearray()
    async with opened(ends) as transport:

        async def say() -> None:
            for n, line in enumerate(lines):
                transport.send(line)
                if n % 7 == 0:
                    await asyncio.sleep(0)

        speaking = asyncio.create_task(say())
        expected = b"".join(lines)
        while len(read) < len(expected):
            read += await asyncio.to_thread(os.read, ends.read_end, random.choice([1, 100, 65536]))
        await speaking
    assert read == expected


async def test_while_too_much_is_unread_no_line_is_read(
    ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stdio, "UNREAD", 200_000)
    async with opened(ends) as transport:
        transport.send(b"x" * 500_000)
        await asyncio.sleep(0.01)
        os.write(ends.write_end, b"meanwhile\n")
        await asyncio.sleep(0.1)
        assert ends.heard == []
        read = 0
        while read < 500_000:
            read += len(await asyncio.to_thread(os.read, ends.read_end, 65536))
        await until(lambda: ends.heard == [b"meanwhile"])


async def test_many_answers_that_nobody_reads_cost_no_time(ends: Ends) -> None:
    """Not that of the square of their number: each is copied once or twice."""
    line = b"x" * 10_000 + b"\n"

    async def say(many: int) -> float:
        began = time.process_time()
        for _ in range(many):
            transport.send(line)
            await asyncio.sleep(0)
        return time.process_time() - began

    async with opened(ends) as transport:
        few = min([await say(20) for _ in range(5)])  # up to a megabyte
        await say(2000)
        many = min([await say(20) for _ in range(5)])  # beyond 20
    assert many < few * 8 + 0.01


async def test_a_client_that_reads_no_more_ends_it(ends: Ends) -> None:
    async with opened(ends) as transport:
        os.close(ends.read_end)
        transport.send(b"x" * 1_000_000)
        await asyncio.wait_for(transport.ended.wait(), PATIENCE)
        transport.send(b"more\n")
        await asyncio.sleep(0.01)


async def test_a_client_that_goes_away_while_much_is_unread_ends_it(ends: Ends) -> None:
    async with opened(ends) as transport:
        transport.send(b"x" * 1_000_000)
        await asyncio.sleep(0.05)
        assert not transport.ended.is_set()
        os.close(ends.read_end)
        await asyncio.wait_for(transport.ended.wait(), PATIENCE)


async def test_the_end_waits_for_the_reader_but_not_for_ever(ends: Ends) -> None:
    transport = Stdio(ends.hear)
    transport.open()
    transport.send(b"x" * 300_000)
    reading = asyncio.create_task(asyncio.to_thread(_read_all, ends.read_end, 300_000))
    await asyncio.wait_for(transport.close(PATIENCE), PATIENCE)
    assert await reading == 300_000
    os.dup2(ends.theirs_out, ends.theirs_out)
    never = Stdio(ends.hear)
    never.open()
    never.send(b"x" * 1_000_000)
    await asyncio.wait_for(never.close(0.05), PATIENCE)


def _read_all(end: int, size: int) -> int:
    found = 0
    while found < size:
        found += len(os.read(end, 65536))
    return found


async def test_a_socket_whose_other_end_was_killed(
    ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, other = socket.socketpair()
    monkeypatch.setattr(stdio, "STDIN", ours.fileno())
    async with opened(ends) as transport:
        other.send(b"a\nb")
        await until(lambda: ends.heard == [b"a"])
        ours.send(b"unread")
        other.close()  # with something unread, which resets the connection
        await asyncio.wait_for(transport.ended.wait(), PATIENCE)
    ours.close()
    assert ends.heard == [b"a", b"b"]


async def test_a_regular_file_is_read_to_its_end(
    ends: Ends, monkeypatch: pytest.MonkeyPatch, tmp_path: os.PathLike[str]
) -> None:
    path = os.path.join(tmp_path, "lines")  # noqa: PTH118
    with open(path, "wb") as file:  # noqa: PTH123, ASYNC230
        file.write(b"".join(b"%d\n" % n for n in range(50_000)))
    descriptor = os.open(path, os.O_RDONLY)
    monkeypatch.setattr(stdio, "STDIN", descriptor)
    async with opened(ends) as transport:
        await asyncio.wait_for(transport.ended.wait(), PATIENCE)
    os.close(descriptor)
    assert ends.heard == [b"%d" % n for n in range(50_000)]
