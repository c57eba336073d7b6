"""The only place that runs a call: pool, identity, deadline, retry, cancel, rows.

A call is one transaction in one pipeline, so one round trip:

    BEGIN;            SELECT gateway.enter(assertion, request id, timeout);  SELECT …;  COMMIT;  RESET …
    BEGIN READ ONLY;  SELECT gateway.enter(assertion, request id, timeout);  SELECT …;  ROLLBACK
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import random
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, LiteralString

import anyio
import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

from storekeeper.errors import (
    ConfigurationError,
    LimitError,
    MCPError,
    QueryTimeoutError,
    UnavailableError,
    error_class,
)
from storekeeper.failures import LATER, NARROWER, explain, explain_connection, no_gateway
from storekeeper.settings import Settings
from storekeeper.telemetry import Telemetry

log = logging.getLogger("storekeeper.gateway")

Connection = psycopg.AsyncConnection[tuple[Any, ...]]
Statement = sql.Composed | LiteralString
Progress = Callable[[float, float, str], None]  # done, total, what is being done

ASSERTION_LIFETIME = 60  # seconds
CANCEL_PATIENCE = 5  # seconds that a cancelled backend gets to stop
CANCEL_AGAIN = 0.2  # seconds until the next try: a cancel that comes before its query is lost
RECONNECT = 3  # seconds of trying to reconnect in the background; the next call tries anew
GRACE = 2  # seconds by which the client-side deadline exceeds the server-side one
LOGIN_FAULTS = "SELECT fault FROM gateway.login_faults() AS fault"
ENTER = "SELECT gateway.enter(%s, %s, %s)"
UNLOCK = "SELECT pg_advisory_unlock_all()"  # the one thing of a read that outlives its transaction
# What a function that writes could leave to the next call. Its COMMIT keeps what a ROLLBACK undoes.
RESET = (
    "RESET SESSION AUTHORIZATION",
    "RESET ALL",
    "UNLISTEN *",
    "CLOSE ALL",
    "DISCARD TEMP",
    UNLOCK,
)
# Last, and each time another text: psycopg, which then prepares its own anew, looks only at the
# result of a statement that it has not seen before.
DEALLOCATE = sql.SQL("DEALLOCATE ALL -- {}")
RECORD = "SELECT gateway.record_calls(%s::jsonb)"
CATALOG_CHANNEL = "storekeeper_catalog"
PROGRESS = "SK001"  # the notice of gateway.progress


@dataclass(frozen=True)
class Request:
    """One statement to run for a person; `timeout_ms` None means the default."""

    statement: Statement
    arguments: dict[str, Any] | None = (
        None  # bound as one JSON parameter where the statement has one
    )
    writes: bool = False
    timeout_ms: int | None = None
    holds_sql: bool = False
    capped: bool = True  # whether max_rows and max_bytes hold
    request_id: str = ""
    progress: Progress | None = None  # told what the statement reports of its progress


@dataclass(frozen=True)
class Answer:
    """The JSON texts of the rows, one a row, and how it went."""

    rows: list[str]
    truncated: bool
    retries: int


class Gateway:
    """A pool of connections that serves one person."""

    def __init__(self, conninfo: str, settings: Settings, assertion_key: bytes) -> None:
        self._settings = settings
        self._key = assertion_key
        self._conninfo = settings.session_conninfo(conninfo)
        self._login_is_fit = False
        self._at_work = 0  # connections that calls have now
        self._pool = AsyncConnectionPool[Connection](
            self._conninfo,
            min_size=min(settings.pool_min_size, settings.pool_max_size),
            max_size=settings.pool_max_size,
            max_lifetime=settings.pool_max_lifetime,
            timeout=settings.pool_timeout,
            reconnect_timeout=RECONNECT,
            kwargs={"autocommit": True, "prepare_threshold": settings.prepare_after},
            open=False,
        )

    @property
    def principal(self) -> str | None:
        return self._settings.principal

    async def __aenter__(self) -> Gateway:
        # Not waited for: a server starts, and says so, while its database is down.
        await self._pool.open(wait=False)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._pool.close(timeout=1)

    async def check(self) -> None:
        """Fails with an MCPError that says why this database can't be served, if it can't."""
        try:
            connection = await Connection.connect(
                self._conninfo, autocommit=True, connect_timeout=5
            )
        except psycopg.Error as failure:
            raise explain_connection(failure) from None
        async with connection:
            await self._check_login(connection)

    async def run(self, request: Request) -> Answer:
        """Runs the statement as the person; every failure is an MCPError."""
        if not self.principal:
            raise error_class("SK401")(
                "Nobody is signed in.",
                sqlstate="SK401",
                hint="Set STOREKEEPER_PRINCIPAL to the id or e-mail of a person (storekeeper people "
                "lists them) and start the server again.",
            )
        timeout_ms = request.timeout_ms or round(self._settings.statement_timeout * 1000)
        request = replace(request, timeout_ms=timeout_ms)
        attempts = _Attempts(0 if request.writes else self._settings.retries)
        try:
            async with asyncio.timeout(timeout_ms / 1000 + GRACE + self._settings.pool_timeout):
                while True:
                    try:
                        return replace(await self._attempt(request), retries=attempts.made)
                    except (PoolTimeout, PoolClosed):
                        raise self._no_connection() from None
                    except psycopg.Error as failure:
                        error = explain(
                            failure,
                            holds_sql=request.holds_sql,
                            writes=request.writes,
                            request_id=request.request_id,
                        )
                        if not await attempts.another(error):
                            error.retries = attempts.made
                            raise error from None
                        # What broke one connection has often broken all of them.
                        await self._pool.check()
        except TimeoutError:
            raise _too_slow(timeout_ms) from None

    async def record(self, telemetry: Telemetry) -> None:
        """Writes the calls that the database has not heard of yet into its record."""
        calls = telemetry.take_unrecorded()
        if calls and self._login_is_fit:
            try:
                async with self._pool.connection(timeout=1) as connection:
                    await connection.execute(RECORD, (json.dumps(calls),))
            except (psycopg.Error, PoolTimeout, PoolClosed) as failure:
                log.warning("%d calls not recorded: %s", len(calls), type(failure).__name__)

    async def follow_catalog(self, changed: Callable[[], Awaitable[None]]) -> None:
        """Calls `changed` after each change of what is published, and after each reconnection. Never ends."""
        delays = _backoff()
        while True:
            try:
                connection = await Connection.connect(
                    make_conninfo(self._conninfo, application_name="storekeeper catalog"),
                    autocommit=True,
                )
                async with connection:
                    await connection.execute(f"LISTEN {CATALOG_CHANNEL}")
                    await changed()
                    delays = _backoff()
                    async for _ in connection.notifies():
                        await changed()
            except psycopg.Error as failure:
                log.warning("catalog changes not followed: %s", type(failure).__name__)
            await asyncio.sleep(next(delays))

    async def _attempt(self, request: Request) -> Answer:
        async with self._connection() as connection:
            if not self._login_is_fit:
                await self._check_login(connection)
            return await _uninterrupted(connection, self._transaction(connection, request))

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Connection]:
        # Not pool.connection(): that ends with a COMMIT of its own, a round trip more.
        connection = await self._pool.getconn()
        self._at_work += 1
        try:
            yield connection
        finally:
            self._at_work -= 1
            with anyio.CancelScope(shield=True):
                await self._pool.putconn(connection)

    def _no_connection(self) -> UnavailableError:
        if self._at_work:
            return UnavailableError(
                "No database connection was free in time.", hint=LATER, retry_after=2
            )
        return UnavailableError(
            "The database can't be reached.",
            hint="Try again when it runs. Whoever runs this server finds the reason in its log.",
            retry_after=5,
        )

    async def _transaction(self, connection: Connection, request: Request) -> Answer:
        parameters = None if request.arguments is None else (json.dumps(request.arguments),)
        statement = self._limited(request) if request.capped else request.statement
        if request.progress:
            relay = progress_handler(request.progress)
            connection.add_notice_handler(relay)
        try:
            async with connection.pipeline():
                await connection.execute("BEGIN" if request.writes else "BEGIN READ ONLY")
                await connection.execute(
                    ENTER, (self._assertion(), request.request_id, request.timeout_ms)
                )
                cursor = await connection.execute(statement, parameters)
                # A read is rolled back: that undoes a session setting made inside it, too.
                for ending in ("COMMIT" if request.writes else "ROLLBACK", *_clearings(request)):
                    # Not by the name of a prepared statement, which the function could have changed.
                    await connection.execute(ending, prepare=False)
            if not request.capped:
                return Answer([text for (text,) in await cursor.fetchall()], False, 0)
            return self._answer(await cursor.fetchmany(self._settings.max_rows + 1))
        except psycopg.Error:
            if not connection.closed:
                await connection.rollback()
                for clearing in _clearings(request):
                    await connection.execute(clearing, prepare=False)
            raise
        finally:
            if request.progress:
                connection.remove_notice_handler(relay)

    def _limited(self, request: Request) -> sql.Composed:
        statement = request.statement
        return sql.SQL("{} LIMIT {}").format(
            sql.SQL(statement) if isinstance(statement, str) else statement,
            self._settings.max_rows + 1,
        )

    def _answer(self, rows: list[tuple[Any, ...]]) -> Answer:
        texts: list[str] = []
        size = 0
        for (text,) in rows[: self._settings.max_rows]:
            size += len((text or "").encode())
            if size > self._settings.max_bytes:
                if texts:
                    return Answer(texts, truncated=True, retries=0)
                raise LimitError(
                    f"The answer has {size:,} bytes; {self._settings.max_bytes:,} are allowed.",
                    hint=NARROWER,
                )
            texts.append(text)
        return Answer(texts, truncated=len(rows) > self._settings.max_rows, retries=0)

    def _assertion(self) -> str:
        expiry = round(time.time()) + ASSERTION_LIFETIME
        claim = f"v1|{self.principal}|{expiry}|{secrets.token_hex(8)}"
        return f"{claim}|{hmac.digest(self._key, claim.encode(), hashlib.sha256).hex()}"

    async def _check_login(self, connection: Connection) -> None:
        try:
            cursor = await connection.execute(LOGIN_FAULTS)
            faults = [fault for (fault,) in await cursor.fetchall()]
        except (psycopg.errors.InvalidSchemaName, psycopg.errors.UndefinedFunction):
            raise no_gateway(connection.info.dbname) from None
        except psycopg.errors.InsufficientPrivilege:
            faults = ["may not use the gateway"]
        if faults:
            raise ConfigurationError(
                f"The account {connection.info.user} must not serve: it {', '.join(faults)}.",
                hint="Connect as storekeeper_gateway. If it can't log in yet, the DBA runs: "
                "ALTER ROLE storekeeper_gateway PASSWORD '…'",
            )
        self._login_is_fit = True


def _clearings(request: Request) -> list[Statement]:
    """What leaves the connection as the next call wants it, once the transaction has ended."""
    if request.writes:
        return [*RESET, DEALLOCATE.format(sql.Identifier(request.request_id))]
    return [UNLOCK] if request.holds_sql else []


class _Attempts:
    """Counts retries of what may be retried, and waits between them."""

    def __init__(self, allowed: int) -> None:
        self.made = 0
        self._allowed = allowed
        self._delays = _backoff()

    async def another(self, error: MCPError) -> bool:
        if not error.retryable or self.made >= self._allowed:
            return False
        self.made += 1
        await asyncio.sleep(next(self._delays))
        return True


def _backoff(first: float = 0.05, longest: float = 5) -> Any:
    """Jittered exponential delays in seconds, without end."""
    delay = first
    while True:
        yield delay * random.uniform(0.5, 1.5)  # noqa: S311 (no secret depends on it)
        delay = min(delay * 2, longest)


async def _uninterrupted(connection: Connection, work: Any) -> Answer:
    """Runs the work in a task of its own; when the caller is cancelled, stops the backend and waits.

    anyio cancels at every await until the scope is left, which would interrupt psycopg's own cancel
    and lose the connection with the query still running.
    """
    task: asyncio.Task[Answer] = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        with anyio.CancelScope(shield=True):
            try:
                async with asyncio.timeout(CANCEL_PATIENCE):
                    while not task.done():
                        await connection.cancel_safe(timeout=CANCEL_PATIENCE)
                        await asyncio.wait([task], timeout=CANCEL_AGAIN)
            except (psycopg.Error, TimeoutError):
                log.warning("a cancelled call did not stop; its connection is closed")
                task.cancel()
                await connection.close()
        if task.done() and not task.cancelled():
            task.exception()  # the cancel itself, which nobody waits for
        raise


def progress_handler(progress: Progress) -> Callable[[psycopg.errors.Diagnostic], None]:
    """A notice handler that hears what gateway.progress says."""

    def hear(diagnosis: psycopg.errors.Diagnostic) -> None:
        if diagnosis.sqlstate == PROGRESS:
            done, total = (diagnosis.message_detail or "0/1").split("/")
            progress(float(done), float(total), diagnosis.message_primary or "")

    return hear


def _too_slow(timeout_ms: int) -> QueryTimeoutError:
    return QueryTimeoutError(
        f"No answer within {timeout_ms / 1000:g} s.",
        hint=NARROWER,
    )
