"""storekeeper embed: vectors for what lacks one, and the switch to another model."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack

import click

from storekeeper import vector_index
from storekeeper.command import explained, session
from storekeeper.console import progress_bar
from storekeeper.database import Database
from storekeeper.dba import as_dba
from storekeeper.embedding_worker import EmbeddingWorker
from storekeeper.errors import ConfigurationError, ConflictError, UnavailableError
from storekeeper.pool import Pool
from storekeeper.progress import Progress
from storekeeper.settings import Settings

BUILT_IN = "built-in"  # what --model calls the model in the database, whatever its name is
LANES = 4  # batches that are embedded at once
WAIT = 1.0  # seconds between two looks at what other workers have
SWITCHES = 30  # tries to get in between the searches

BEGIN = "SELECT gateway.begin_model(%s, %s)"
# No search waits longer than that for the switch.
ACTIVATE = "SELECT gateway.activate_model(%s) FROM set_config('lock_timeout', '500ms', true)"
FIND_BUILT_IN = "SELECT name, dimension FROM embedding.models WHERE provider = 'built-in'"
IS_ACTIVE = "SELECT is_active FROM embedding.models WHERE name = %s"


@click.command()
@click.option(
    "--model",
    metavar="MODEL",
    help="Instead of STOREKEEPER_EMBEDDING_MODEL; built-in: the database's own.",
)
@click.option(
    "--dimension",
    type=click.IntRange(1, 16_000),
    help="Ask the service for vectors of so many numbers.",
)
@explained
def embed(model: str | None, dimension: int | None) -> None:
    """Vectors of an embedding service for what lacks one; then search by that model (DBA only).

    May be stopped and run again. Until all is done, search goes on with the model before.
    """
    with session(embedding_model=model, embedding_dimension=dimension) as (settings, database):
        with progress_bar("Embeddings") as progress:
            done, name = fill_and_switch(settings, database, progress)
        click.echo(f"{done:,} texts embedded. Search uses {name}.")


def fill_and_switch(settings: Settings, database: Database, progress: Progress) -> tuple[int, str]:
    """How many texts got vectors, and the name of the model that is searched by now."""
    if settings.embedding_model == BUILT_IN:
        found = as_dba(database, FIND_BUILT_IN)
        if not found:
            raise ConfigurationError(
                "The built-in model is not loaded.", hint="Run storekeeper init."
            )
        name, dimension = found[0]["name"], found[0]["dimension"]
        _switch(database, name, progress, lambda: as_dba(database, BEGIN, name, dimension))
        return 0, name
    if settings.embedding_url is None:
        raise ConfigurationError(
            "STOREKEEPER_EMBEDDING_URL is not set: there is no service to ask.",
            hint=f"Set it, or go back to the model in the database: storekeeper embed --model {BUILT_IN}",
        )
    filler = _Filler(settings, database, progress)
    filler.begin()
    _switch(database, filler.model, progress, filler.fill)
    return filler.embedded, filler.model


class _Filler:
    """Fills the vectors of the model of the settings."""

    def __init__(self, settings: Settings, database: Database, progress: Progress) -> None:
        self._settings = settings
        self._database = database
        self._progress = progress
        self.model = settings.embedding_model or ""
        self.embedded = 0

    def begin(self) -> None:
        from storekeeper.embedder import PROBE, Embedder

        async def probe() -> int:
            async with Embedder.of(self._settings) as embedder:
                (vector,) = await embedder.embed([PROBE])
                return len(vector)

        as_dba(self._database, BEGIN, self.model, asyncio.run(probe()))

    def fill(self) -> None:
        """Until nothing waits any more: not even what others have, or had before they were killed."""
        asyncio.run(self._fill())

    async def _fill(self) -> None:
        from storekeeper.embedder import Embedder

        async with AsyncExitStack() as stack:
            embedder = await stack.enter_async_context(Embedder.of(self._settings))
            pool = Pool(self._database.dba, self._settings)
            stack.push_async_callback(pool.close)
            await pool.open()
            worker = EmbeddingWorker(pool.ask, embedder)
            before = self.embedded
            total = (await worker.state()).get("waiting", 0)

            def moved() -> None:
                self.embedded = before + worker.embedded
                self._progress(
                    worker.embedded, max(total, worker.embedded), f"{self.embedded:,} texts"
                )

            while True:
                try:
                    await worker.drain(LANES, moved)
                except ExceptionGroup as failures:
                    raise _first(failures) from None
                state = await worker.state()
                waiting, taken, failing = (state.get(n, 0) for n in ("waiting", "taken", "failing"))
                if not taken and waiting <= failing:
                    break
                if taken:
                    self._progress(
                        worker.embedded,
                        max(total, worker.embedded + waiting),
                        f"{taken:,} texts are with another worker, or were when it ended",
                    )
                await asyncio.sleep(WAIT)
        if waiting:
            raise ConflictError(
                f"{waiting:,} texts still wait for a vector: {state['last_error']}",
                hint="Run storekeeper embed again later; what is done stays done. A switch in spite of that: "
                "SELECT gateway.activate_model('…', incomplete => true)",
            )


def _switch(database: Database, name: str, progress: Progress, fill: Callable[[], object]) -> None:
    """To vectors that are whole and have their index.

    Between two searches, not in front of a queue of them.
    """
    fill()
    if as_dba(database, vector_index.IS_THERE)[0]["there"]:
        vector_index.build(database.dba, progress, table=vector_index.NEXT_TABLE)
    for left in reversed(range(SWITCHES)):
        fill()  # what has changed since
        if as_dba(database, IS_ACTIVE, name) == [{"is_active": True}]:
            return
        try:
            as_dba(database, ACTIVATE, name)
        except (ConflictError, UnavailableError):
            if not left:
                raise
            time.sleep(WAIT)


def _first(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    while isinstance(failures.exceptions[0], BaseExceptionGroup):
        failures = failures.exceptions[0]
    return failures.exceptions[0]
