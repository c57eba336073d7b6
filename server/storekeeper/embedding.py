"""storekeeper embed: vectors for what lacks one, and the switch to another model."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import psycopg

from storekeeper.database import Database
from storekeeper.embedder import PROBE, Embedder, make_embedder
from storekeeper.embedding_worker import EmbeddingWorker
from storekeeper.errors import ConfigurationError, ConflictError, UnavailableError
from storekeeper.failures import explain, explain_connection
from storekeeper.gateway import Gateway, Progress
from storekeeper.settings import Settings

BUILT_IN = "built-in"  # what --model calls the model in the database, whatever its name is
LANES = 4  # batches that are embedded at once
WAIT = 1.0  # seconds between two looks at what other workers have
SWITCHES = 30  # tries to get in between the searches
LOCK_TIMEOUT = "500ms"  # as long may a search wait for the switch

BEGIN = "SELECT gateway.begin_model(%s, %s)"
ACTIVATE = "SELECT gateway.activate_model(%s)"
FIND_BUILT_IN = "SELECT name, dimension FROM embedding.models WHERE provider = 'built-in'"
IS_ACTIVE = "SELECT is_active FROM embedding.models WHERE name = %s"


async def embed(settings: Settings, database: Database, progress: Progress) -> tuple[int, str]:
    """Fills what lacks a vector, then switches to the model. How many texts, and the model's name."""
    if settings.embedding_model == BUILT_IN:
        found = _as_dba(database, FIND_BUILT_IN)
        if not found:
            raise ConfigurationError(
                "The built-in model is not loaded.", hint="Run storekeeper init."
            )
        name, dimension = found[0]
        _as_dba(database, BEGIN, name, dimension)
        await _activate(database, name)
        return 0, name
    embedder = make_embedder(settings)
    if embedder is None:
        raise ConfigurationError(
            "STOREKEEPER_EMBEDDING_URL is not set: there is no service to ask.",
            hint=f"Set it, or go back to the model in the database: storekeeper embed --model {BUILT_IN}",
        )
    name = embedder.service.model
    async with embedder, Gateway(database.dba, settings, b"") as gateway:
        (vector,) = await embedder.embed([PROBE])
        _as_dba(database, BEGIN, name, len(vector))
        done = await _fill(gateway, embedder, progress)
        await _activate(database, name)
    return done, name


async def _fill(gateway: Gateway, embedder: Embedder, progress: Progress) -> int:
    """Until nothing waits any more: not even what other workers have, or had before they were killed."""

    done = 0

    def moved(count: int) -> None:
        nonlocal done
        done += count
        progress(done, max(total, done), f"{done:,} texts")

    worker = EmbeddingWorker(gateway.ask, embedder, moved)
    total = (await worker.state()).get("waiting", 0)
    while True:
        try:
            await worker.drain(LANES)
        except ExceptionGroup as failures:
            raise _first(failures) from None
        state = await worker.state()
        if not state.get("taken"):
            break
        await asyncio.sleep(WAIT)
    if state.get("waiting"):
        raise ConflictError(
            f"{state['waiting']:,} texts still wait for a vector: {state['last_error']}",
            hint="Run storekeeper embed again later; what is done stays done. A switch in spite of that: "
            "SELECT gateway.activate_model('…', incomplete => true)",
        )
    return done


async def _activate(database: Database, name: str) -> None:
    """The switch: between two searches, not in front of a queue of them."""
    for left in reversed(range(SWITCHES)):
        if _as_dba(database, IS_ACTIVE, name) == [(True,)]:
            return
        try:
            _as_dba(database, ACTIVATE, name, lock_timeout=LOCK_TIMEOUT)
        except UnavailableError:
            if not left:
                raise
            await asyncio.sleep(WAIT)


def _first(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    while isinstance(failures.exceptions[0], BaseExceptionGroup):
        failures = failures.exceptions[0]
    return failures.exceptions[0]


def _as_dba(
    database: Database, statement: str, *given: Any, lock_timeout: str = "0"
) -> Sequence[tuple[Any, ...]]:
    try:
        connection = psycopg.connect(database.dba)
    except psycopg.Error as failure:
        raise explain_connection(failure) from None
    with connection:
        try:
            connection.execute("SELECT set_config('lock_timeout', %s, true)", (lock_timeout,))
            return connection.execute(statement, given or None).fetchall()
        except psycopg.Error as failure:
            raise explain(failure) from None
