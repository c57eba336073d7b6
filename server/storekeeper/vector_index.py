"""Builds the indexes of the product vectors, as retail.wanted_embedding_index() has it.

CONCURRENTLY: nobody waits for the build, and a build that ends halfway leaves an invalid index, which the
next one drops. The server ends a build whose client is gone; where one goes on, the next waits for it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillRunning
from contextlib import contextmanager
from typing import Any

import psycopg

from storekeeper.errors import AuthorizationError, ConfigurationError
from storekeeper.failures import explain, explain_connection
from storekeeper.progress import Progress

MEMORY = "1GB"
POLL = 0.25  # seconds
# Shared memory for parallel workers is asked for at once, and a container may have little of it.
TOO_MUCH_MEMORY = (psycopg.errors.OutOfMemory, psycopg.errors.DiskFull)

IS_THERE = "SELECT to_regprocedure('retail.embedding_index_state()') IS NOT NULL AS there"
STATE = "SELECT ok, finding FROM retail.embedding_index_state()"
TABLE = "retail.product_description_embeddings"
NEXT_TABLE = "retail.next_product_description_embeddings"
WANTED = "SELECT retail.wanted_embedding_index(%s::regclass, %s)"
LOCK = "SELECT pg_try_advisory_lock(hashtextextended('storekeeper index', 0))"
# Not of every platform.
END_WITH_CLIENT = """
SELECT set_config(name, '2s', false) FROM pg_settings
WHERE name = 'client_connection_check_interval' AND setting = '0'
"""
LIMITS = (
    "SELECT set_config('statement_timeout', '0', false), set_config('lock_timeout', '0', false)"
)
RUNNING = """
SELECT
    p.phase,
    coalesce(nullif(p.blocks_done, 0), p.tuples_done),
    coalesce(nullif(p.blocks_total, 0), p.tuples_total)
FROM pg_stat_progress_create_index AS p
WHERE p.relid = %s::regclass AND p.datname = current_database()
"""

Connection = psycopg.Connection[tuple[Any, ...]]


def state(conninfo: str) -> tuple[bool, str]:
    """Whether the index is as it should be, and what was found."""
    with _connected(conninfo) as connection:
        connection.execute("SET ROLE storekeeper_owner")
        ok, finding = connection.execute(STATE).fetchone() or (False, "unknown")
        return ok, finding


def build(
    conninfo: str,
    progress: Progress,
    *,
    memory: str = MEMORY,
    rebuild: bool = False,
    table: str = TABLE,
) -> list[str]:
    """Runs what is wanted, and returns it; nothing where nothing is. Another table, before it takes over."""
    with _connected(conninfo) as builder, _connected(conninfo) as watcher:
        # Polled, as one that waits in a statement is itself waited for by the build.
        while builder.execute(LOCK).fetchone() != (True,):
            _show(watcher, table, progress, "another process is building it")
            time.sleep(POLL)
        # Nor is one that psql runs to be taken for what a build left behind.
        while watcher.execute(RUNNING, (table,)).fetchone() is not None:
            _show(watcher, table, progress, "another process is building it")
            time.sleep(POLL)
        builder.execute(END_WITH_CLIENT)
        builder.execute(LIMITS)
        builder.execute("SELECT set_config('maintenance_work_mem', %s, false)", (memory,))
        builder.execute("SET ROLE storekeeper_owner")
        try:
            return _run(builder, watcher, table, progress, rebuild)
        except psycopg.errors.ProgramLimitExceeded as failure:
            raise ConfigurationError(
                failure.diag.message_primary or "That takes more memory.",
                hint="storekeeper index --memory gives it as much.",
            ) from None
        except TOO_MUCH_MEMORY:
            # Alone, a build takes memory as it needs it.
            builder.execute("SET max_parallel_maintenance_workers = 0")
            return _run(builder, watcher, table, progress, rebuild)


def _run(
    builder: Connection, watcher: Connection, table: str, progress: Progress, rebuild: bool
) -> list[str]:
    statements = [row[0] for row in builder.execute(WANTED, (table, rebuild))]
    for statement in statements:
        with ThreadPoolExecutor(1) as thread:
            running: Future[Any] = thread.submit(builder.execute, statement)
            try:
                while True:
                    _show(watcher, table, progress, statement.partition(" ON ")[0].lower())
                    try:
                        running.result(timeout=POLL)
                        break
                    except StillRunning:
                        continue
            except (KeyboardInterrupt, SystemExit):
                builder.cancel_safe(timeout=5)
                raise
    return statements


def _show(watcher: Connection, table: str, progress: Progress, otherwise: str) -> None:
    row = watcher.execute(RUNNING, (table,)).fetchone()
    if row is None or not row[2]:
        progress(0, 1, row[0] if row and row[0] else otherwise)
    else:
        progress(row[1] or 0, row[2], row[0])


@contextmanager
def _connected(conninfo: str) -> Iterator[Connection]:
    """A connection that commits by itself: CONCURRENTLY allows no transaction."""
    try:
        connection = psycopg.connect(
            conninfo, autocommit=True, application_name="storekeeper index"
        )
    except psycopg.Error as failure:
        raise explain_connection(failure) from None
    with connection:
        try:
            if connection.execute(IS_THERE).fetchone() != (True,):
                raise ConfigurationError(
                    f"The database {connection.info.dbname} has no product vectors.",
                    hint="storekeeper init, or migrate where there is an older version.",
                )
            yield connection
        except psycopg.Error as failure:
            error = explain(failure)
            if isinstance(error, AuthorizationError):
                error.hint = error.hint or "Connect as the DBA."
            raise error from None
