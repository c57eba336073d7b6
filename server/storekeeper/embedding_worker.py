"""Takes texts that wait in the database for a vector, asks the embedding service, and hands the vectors in.

Any number of workers may run. A text that a worker has taken is its own until the lease is over, so one
that is killed loses nothing, and no text is embedded twice.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import psycopg

from storekeeper.connection import Statement
from storekeeper.errors import (
    ConfigurationError,
    MCPError,
    UnavailableError,
    ValidationError,
)
from storekeeper.failures import explain

if TYPE_CHECKING:
    from storekeeper.embedder import Embedder

log = logging.getLogger("storekeeper.embedding_worker")

Ask = Callable[[Statement], Awaitable[bytes | None]]

IDLE = 2.0  # seconds between two looks at a queue that is empty
LATER, MUCH_LATER = 5.0, 60.0  # seconds after a failure that passes, and after one that lasts
GRACE = 5.0  # seconds by which a lease is longer than what a batch may take
REFUSALS = 20  # texts refused and none embedded: then it is not the texts

TAKE = (
    "SELECT coalesce(json_agg(t), '[]') FROM gateway.take_texts($1, $2::integer, $3::interval) AS t"
)
PUT = "SELECT gateway.put_embeddings($1::json)"
FAIL = "SELECT gateway.fail_texts($1::bigint[], $2, $3::interval)"
STATE = "SELECT gateway.embedding_state()"


class Text(NamedTuple):
    ticket: int
    content: str


class EmbeddingWorker:
    """Works for the model of an embedder."""

    def __init__(self, ask: Ask, embedder: Embedder) -> None:
        self._ask = ask
        self._embedder = embedder
        self._lease = 2 * embedder.in_all + GRACE
        self._batch = embedder.batch  # fewer once the service has refused as many
        self.embedded = 0
        self.refused = 0

    async def state(self) -> dict[str, Any]:
        """What gateway.embedding_state says of the model."""
        models = json.loads(await self._say(STATE) or b"[]")
        name = self._embedder.service.model
        return next((dict(model) for model in models if model["model"] == name), {})

    async def turn(self) -> bool:
        """One batch; whether there was one. What can't be done now is given back, and the reason raised."""
        until = time.monotonic() + self._lease
        texts = await self._take()
        if not texts:
            return False
        try:
            await self._embed(texts, until)
        except asyncio.CancelledError:
            with suppress(MCPError):
                await self._give_back(texts, None, 0)
            raise
        except MCPError as failure:
            wait = MUCH_LATER
            if isinstance(failure, UnavailableError):
                wait = max(LATER, failure.retry_after or 0)
            with suppress(MCPError):  # the lease will end
                await self._give_back(texts, failure.message, wait)
            raise
        return True

    async def drain(self, lanes: int, moved: Callable[[], None] = lambda: None) -> None:
        """Works on so many batches at once until nothing waits but what has failed, and what others have."""

        async def work() -> None:
            while await self.turn():
                moved()

        async with asyncio.TaskGroup() as group:
            for _ in range(lanes):
                group.create_task(work())

    async def run(self) -> None:
        """Works for ever."""
        told = None
        while True:
            pause = IDLE
            try:
                if await self.turn():
                    told = None
                    continue
            except MCPError as failure:
                if failure.message != told:
                    log.warning("texts wait for their vectors: %s", failure.message)
                told = failure.message
                lasts = not isinstance(failure, UnavailableError)
                pause = MUCH_LATER if lasts else max(LATER, failure.retry_after or 0)
            except Exception:
                # A defect of ours, which must not end the work for ever.
                log.exception("unexpected failure of the embedding worker")
                pause = MUCH_LATER
            await asyncio.sleep(min(pause, MUCH_LATER) * random.uniform(0.8, 1.2))  # noqa: S311

    async def _take(self) -> list[Text]:
        taking = asyncio.create_task(
            self._say(TAKE, self._embedder.service.model, self._batch, self._lease)
        )
        try:
            found = await asyncio.shield(taking)
        except asyncio.CancelledError:
            # The database goes on, and would hand texts to nobody.
            with suppress(MCPError):
                await self._give_back(_texts(await taking), None, 0)
            raise
        return _texts(found)

    async def _embed(self, texts: Sequence[Text], until: float) -> None:
        try:
            vectors = await self._embedder.embed([text.content for text in texts])
        except ValidationError as failure:
            refusal: MCPError = failure
        except UnavailableError as failure:
            # Some models fail at one text, or at too many, and do for all others.
            if failure.retry_after is not None or not await self._embedder.answers():
                raise
            refusal = failure
        else:
            await self._put(texts, vectors, until)
            self.embedded += len(texts)
            return
        if len(texts) > 1:
            await self._halve(texts, until, is_lasting=isinstance(refusal, ValidationError))
            return
        self.refused += 1
        if self.refused >= REFUSALS and not self.embedded:
            raise ConfigurationError(f"Every text is refused: {refusal.message}", hint=refusal.hint)
        await self._give_back(texts, refusal.message, None)

    async def _halve(self, texts: Sequence[Text], until: float, *, is_lasting: bool) -> None:
        """One text that is refused takes none of the others with it."""
        half, refused = (len(texts) + 1) // 2, self.refused
        for some in (texts[:half], texts[half:]):
            if time.monotonic() + self._embedder.in_all < until:
                await self._embed(some, until)
            else:
                # Somebody else could have taken them before they are done.
                is_lasting = True
                await self._give_back(some, None, 0)
        if is_lasting and self.refused == refused:
            self._batch = min(self._batch, half)  # none of them was at fault: there were too many

    async def _put(
        self, texts: Sequence[Text], vectors: Sequence[Sequence[float]], until: float
    ) -> None:
        """They are paid for: it tries as long as nobody else has taken the texts."""
        pairs = zip(texts, vectors, strict=True)
        given = json.dumps([{"ticket": t.ticket, "vector": v} for t, v in pairs])
        while True:
            try:
                await self._say(PUT, given)
            except UnavailableError:
                if time.monotonic() >= until:
                    raise
                await asyncio.sleep(random.uniform(0.1, 0.5))  # noqa: S311
            else:
                return

    async def _give_back(
        self, texts: Sequence[Text], why: str | None, again_in: float | None
    ) -> None:
        if not texts:
            return
        tickets = "{" + ",".join(str(text.ticket) for text in texts) + "}"
        await self._say(FAIL, tickets, why, again_in)

    async def _say(self, statement: str, *given: str | float | None) -> bytes | None:
        arguments = tuple(None if value is None else str(value) for value in given)
        try:
            return await self._ask(Statement(statement, arguments, recurs=True))
        except psycopg.Error as failure:
            raise explain(failure) from None


def _texts(found: bytes | None) -> list[Text]:
    return [Text(**text) for text in json.loads(found or b"[]")]


@asynccontextmanager
async def working(ask: Ask, embedder: Embedder) -> AsyncIterator[None]:
    """A worker runs beside the body."""
    worker = asyncio.create_task(EmbeddingWorker(ask, embedder).run())
    try:
        yield
    finally:
        worker.cancel()
        await asyncio.wait([worker], timeout=1)
