"""A connection that runs several statements in one round trip.

psycopg's own pipeline costs several times as much for statements as short as ours, and forgets what
it has prepared at each ROLLBACK, with which every read ends.
"""

from __future__ import annotations

import asyncio
import secrets
import select
from collections import Counter, deque
from collections.abc import Sequence
from typing import Any, NamedTuple, Self

import psycopg
from psycopg.pq import ConnStatus, ExecStatus, PipelineStatus
from psycopg.pq.abc import PGresult

from storekeeper.circuit import Circuit

MOST_PREPARED = 100  # statements of one connection
MOST_COUNTED = 1000  # texts that may turn out to recur
FAILED = (ExecStatus.FATAL_ERROR, ExecStatus.BAD_RESPONSE)


class Statement(NamedTuple):
    """A statement and its arguments as text; one that recurs may be prepared on the server."""

    text: str
    arguments: tuple[str | None, ...] = ()
    recurs: bool = False


ROLLBACK = Statement("ROLLBACK")
UNLOCK = Statement("SELECT pg_advisory_unlock_all()")  # the one thing that outlives a ROLLBACK
# What a function that writes could leave to the next call.
RESET = (
    Statement("RESET SESSION AUTHORIZATION"),
    Statement("RESET ALL"),
    Statement("UNLISTEN *"),
    Statement("CLOSE ALL"),
    Statement("DISCARD TEMP"),
    Statement("DEALLOCATE ALL"),
    UNLOCK,
)

Encoded = tuple[Statement, bytes, list[bytes | None]]


class Connection(psycopg.AsyncConnection[tuple[Any, ...]]):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.prepare_after: int | None = None  # how often a statement is sent before; None: never
        self._sent: Counter[str] = Counter()
        # Names that no function can guess, so that none can prepare something else under them.
        self._names: dict[str, bytes] = {}  # of what is prepared, by text
        # For each result to come: the text that it prepares, if it does.
        self._expected: deque[str | None] = deque()

    @classmethod
    async def connect(  # type: ignore[override]
        cls, conninfo: str, *, circuit: Circuit, prepare_after: int | None = None, **given: Any
    ) -> Self:
        """Connects, and tells the circuit how it went."""
        try:
            connection = await super().connect(conninfo, **given | {"autocommit": True})
        except psycopg.Error:
            circuit.failed()
            raise
        circuit.succeeded()
        connection.prepare_after = prepare_after
        return connection

    async def run(
        self, statements: Sequence[Statement], ending: Sequence[Statement] = ()
    ) -> list[PGresult]:
        """The results of the statements, all sent at once. The first error is raised, after the
        ending, which runs in any case."""
        results = await self._exchange([*statements, *ending])
        failure = _first_failure(results)
        if failure and ending:
            results = await self._exchange(ending)  # was skipped
            if _first_failure(results):
                await self.close()
        if failure:
            self._look_for_loss(failure)
            raise failure
        return results

    @property
    def is_unsettled(self) -> bool:
        """Whether a `run` was cancelled before it had read all results."""
        return self.pgconn.pipeline_status != PipelineStatus.OFF

    async def settle(self) -> None:
        """Reads what is unread of a cancelled `run`; may be cancelled, and called again."""
        async with self.lock:
            await self._finish()

    async def clear(self) -> None:
        """Takes away what a function that writes, or a cancelled call, could leave to the next."""
        try:
            await self.run((ROLLBACK, *RESET))
        except psycopg.Error:
            await self.close()
        self._forget_prepared()

    def _forget_prepared(self) -> None:
        """Everything that was prepared here has been deallocated."""
        self._sent.clear()
        self._names.clear()

    def _look_for_loss(self, failure: psycopg.Error) -> None:
        """A function may have deallocated what was prepared here: the next try prepares it anew."""
        if isinstance(failure, psycopg.errors.InvalidSqlStatementName):
            said = failure.diag.message_primary or ""
            if any(name.decode() in said for name in self._names.values()):
                self._forget_prepared()

    @property
    def is_alive(self) -> bool:
        """Whether the server, as far as is known here, has not ended the connection."""
        readable = select.poll()
        try:
            readable.register(self.pgconn.socket, select.POLLIN)
            for _ in range(3):  # a last word of the server, and then its end
                if not readable.poll(0):
                    return True
                self.pgconn.consume_input()
        except psycopg.OperationalError:
            pass
        return False

    async def _exchange(self, statements: Sequence[Statement]) -> list[PGresult]:
        # Before anything is sent: what can't be encoded would leave the connection in mid-pipeline.
        encoded = [
            (s, s.text.encode(), [None if a is None else a.encode() for a in s.arguments])
            for s in statements
        ]
        async with self.lock:
            self.pgconn.enter_pipeline_mode()
            self._send(encoded)
            return await self._finish()

    async def _finish(self) -> list[PGresult]:
        await self._flush()
        results = await self._results()
        if not self.closed:
            self.pgconn.exit_pipeline_mode()
        return results

    def _send(self, statements: Sequence[Encoded]) -> None:
        self._expected.clear()
        for statement, text, values in statements:
            name = self._names.get(statement.text)
            if name is None and statement.recurs and self._is_due(statement.text):
                name = self._names[statement.text] = f"sk_{secrets.token_hex(8)}".encode()
                self.pgconn.send_prepare(name, text)
                self._expected.append(statement.text)
            if name is None:
                self.pgconn.send_query_params(text, values)
            else:
                self.pgconn.send_query_prepared(name, values)
            self._expected.append(None)
        self.pgconn.pipeline_sync()

    def _is_due(self, text: str) -> bool:
        if len(self._sent) >= MOST_COUNTED:
            self._sent.clear()
        self._sent[text] += 1
        return (
            self.prepare_after is not None
            and self._sent[text] > self.prepare_after
            and len(self._names) < MOST_PREPARED
        )

    async def _results(self) -> list[PGresult]:
        """The results, those of preparations left out unless they failed."""
        found: list[PGresult] = []
        try:
            while (result := await self._result()).status != ExecStatus.PIPELINE_SYNC:
                if not self._expected:
                    # The server's end, which comes after all answers and takes none back.
                    await self.close()
                    break
                text = self._expected.popleft()
                if text is None or result.status in FAILED:
                    found.append(result)
                if text is not None and result.status != ExecStatus.COMMAND_OK:
                    del self._names[text]
        except psycopg.OperationalError:
            # What the server said last says more than that it went away.
            if failure := _first_failure(found):
                raise failure from None
            raise
        return found

    async def _result(self) -> PGresult:
        while True:
            while self.pgconn.is_busy():
                await self._ready(reading=True)
                self.pgconn.consume_input()
            # After each command but a sync libpq says that there is no more of it.
            if (result := self.pgconn.get_result()) is not None:
                return result
            if self.pgconn.status != ConnStatus.OK:
                raise psycopg.OperationalError("the connection is lost")

    async def _flush(self) -> None:
        while self.pgconn.flush():
            await self._ready(writing=True)
            self.pgconn.consume_input()

    async def _ready(self, *, reading: bool = True, writing: bool = False) -> None:
        loop, socket = asyncio.get_running_loop(), self.pgconn.socket
        ready: asyncio.Future[None] = loop.create_future()

        def wake() -> None:
            if not ready.done():
                ready.set_result(None)

        try:
            if reading:
                loop.add_reader(socket, wake)
            if writing:
                loop.add_writer(socket, wake)
            await ready
        finally:
            loop.remove_reader(socket)
            loop.remove_writer(socket)


def _first_failure(results: Sequence[PGresult]) -> psycopg.Error | None:
    for result in results:
        if result.status in FAILED:
            return psycopg.errors.error_from_result(result)
    return None
