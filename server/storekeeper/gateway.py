"""The only place that runs a call: identity, deadline, retry, cancel, rows.

A call is one transaction. One that reads is one round trip, its end included. One that writes is looked
at before it is committed, together with its record:

    BEGIN READ ONLY;  SELECT gateway.enter(assertion, request, timeout);  SELECT …;  ROLLBACK
    BEGIN;            SELECT gateway.enter(assertion, request, timeout);  SELECT …;
                      SET LOCAL ROLE NONE;  SELECT gateway.record_calls(…);  COMMIT
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import math
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.pq.abc import PGresult
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

from storekeeper.admission import Admission
from storekeeper.circuit import Circuit
from storekeeper.connection import Connection, Statement
from storekeeper.delays import delays
from storekeeper.errors import (
    ConfigurationError,
    LimitError,
    MCPError,
    QueryTimeoutError,
    UnavailableError,
    error_class,
)
from storekeeper.failures import (
    IN_DOUBT,
    LATER,
    NARROWER,
    READ_ONLY,
    explain,
    explain_connection,
    is_lost,
    no_gateway,
)
from storekeeper.settings import Settings

log = logging.getLogger("storekeeper.gateway")

Progress = Callable[[float, float, str], None]  # done, total, what is being done

ASSERTION_LIFETIME = 60  # seconds
CANCEL_PATIENCE = 1  # seconds that a cancelled backend gets to stop
CANCEL_AGAIN = 0.2  # seconds until the next try: a cancel that comes before its query is lost
RECONNECT = 0.3  # seconds of trying to reconnect in the background; who waits asks anew
ASK_AGAIN = 0.3  # seconds of waiting for the pool
GRACE = 1  # seconds by which the client-side deadline exceeds the server-side one
FIRST_RETRY, LONGEST_RETRY = 0.05, 5  # seconds
DEALLOCATED = "26000"  # a function took away what this connection had prepared

LOGIN_FAULTS = "SELECT fault FROM gateway.login_faults() AS fault"
UNCHANGED = "SELECT gateway.unchanged_since($1, ARRAY(SELECT json_array_elements_text($2)))"
MAINTAIN = "SELECT gateway.maintain()"
APPLIED = "SELECT array_to_json(gateway.applied_migrations())"
HEALTH = (
    "SELECT gateway.health()::jsonb || jsonb_build_object('applied', gateway.applied_migrations())"
)
SEAL = "SELECT seal_id || ' ' || digest FROM gateway.seal_calls()"
ENTER = "SELECT gateway.enter($1, $2, $3)"
ENTER_WITH_SNAPSHOT = "SELECT gateway.enter($1, $2, $3), gateway.snapshot()"
RECORD = "SELECT gateway.record_calls($1::jsonb)"
BEGIN, BEGIN_READ_ONLY = Statement("BEGIN"), Statement("BEGIN READ ONLY")
COMMIT, ROLLBACK = Statement("COMMIT"), Statement("ROLLBACK")
OWN_ROLE = Statement("SET LOCAL ROLE NONE")
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
CATALOG_CHANNEL = "storekeeper_catalog"
CHANGES_CHANNEL = "storekeeper_changes"
PROGRESS = "SK001"  # the notice of gateway.progress


@dataclass(frozen=True)
class Request:
    """One statement to run for a person. Limits that are left out are the server's own."""

    statement: str
    arguments: dict[str, Any] | None = None  # bound as one JSON parameter, where there are any
    function: str = ""
    writes: bool = False
    keyed: bool = False  # a repeat of this write is known by its key, and changes nothing more
    holds_sql: bool = False
    capped: bool = True  # whether rows and bytes are limited
    timeout_ms: int | None = None
    max_rows: int | None = None
    max_bytes: int | None = None
    retries: int | None = None
    concurrency: int | None = None  # calls of this function at once
    request_id: str = ""
    trace_id: str | None = None
    progress: Progress | None = None  # told what the statement reports of its progress
    with_snapshot: bool = False
    record: Callable[[Answer], dict[str, Any]] | None = None  # kept with a write


@dataclass
class Answer:
    """The JSON texts of the rows, one a row, and how it went."""

    rows: list[bytes]
    truncated: bool = False
    retries: int = 0
    db_ms: float = 0.0  # of the last attempt
    snapshot: str | None = None  # what the transaction saw, where asked for

    @property
    def size(self) -> int:
        """Bytes of the rows."""
        return sum(map(len, self.rows))


class Gateway:
    """A pool of connections that serves one person."""

    def __init__(self, conninfo: str, settings: Settings, assertion_key: bytes) -> None:
        self.settings = settings
        self._key = assertion_key
        self._conninfo = settings.session_conninfo(conninfo)
        self._login_is_fit = False
        self._at_work = 0  # connections that calls have now
        self._stopping: set[asyncio.Task[None]] = set()  # what is being cancelled
        self.admission = Admission(
            settings.pool_max_size, settings.max_waiting, settings.pool_timeout
        )
        self.circuit = Circuit(self._probe, psycopg.Error)
        self.pool = AsyncConnectionPool[Connection](
            self._conninfo,
            connection_class=Connection,
            min_size=min(settings.pool_min_size, settings.pool_max_size),
            max_size=settings.pool_max_size,
            max_lifetime=settings.pool_max_lifetime,
            timeout=settings.pool_timeout,
            reconnect_timeout=RECONNECT,
            kwargs={"circuit": self.circuit, "prepare_after": settings.prepare_after},
            open=False,
        )

    @property
    def principal(self) -> str | None:
        return self.settings.principal

    @property
    def is_working(self) -> bool:
        """Whether calls have connections now."""
        return self._at_work > 0

    async def __aenter__(self) -> Gateway:
        # Not waited for: a server starts, and says so, while its database is down.
        await self.pool.open(wait=False)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._stopping:
            await asyncio.wait(self._stopping, timeout=1)
        self.circuit.close()
        await self.pool.close(timeout=1)

    async def check(self) -> None:
        """Fails with an MCPError that says why this database can't be served, if it can't."""
        try:
            connection = await self._connect("storekeeper check")
        except psycopg.Error as failure:
            raise explain_connection(failure) from None
        async with connection:
            await self._check_login(connection)

    async def run(self, request: Request) -> Answer:
        """Runs the statement as the person; every failure is an MCPError.

        The answer, or an error, is there by the statement's timeout and a second: waiting for a
        place and for a connection, and trying again, are all inside it.
        """
        if not self.principal:
            raise error_class("SK401")(
                "Nobody is signed in.",
                sqlstate="SK401",
                hint="Set STOREKEEPER_PRINCIPAL to the id or e-mail of a person (storekeeper people "
                "lists them) and start the server again.",
            )
        deadline = time.monotonic() + self._timeout_ms(request) / 1000
        places = {f"person {self.principal}": self.settings.max_calls_per_person}
        if request.concurrency:
            places[f"function {request.function}"] = request.concurrency
        allowed = self.settings.retries if request.retries is None else request.retries
        attempts = _Attempts(request, allowed)
        async with self.in_time(request), self.admission.place(places):
            while True:
                # In steps, so that calls which did not wait have one and the same timeout.
                left_ms = max(1, math.ceil((deadline - time.monotonic()) * 10)) * 100
                try:
                    answer = await self._attempt(request, left_ms, again=attempts.made > 0)
                except (psycopg.Error, _InDoubtError) as failure:
                    await attempts.another(failure)
                else:
                    answer.retries = attempts.made
                    return answer

    @asynccontextmanager
    async def in_time(self, request: Request) -> AsyncIterator[None]:
        """Fails with a QueryTimeoutError when the body takes longer than the request may."""
        timeout_ms = self._timeout_ms(request)
        try:
            async with asyncio.timeout(timeout_ms / 1000 + GRACE):
                yield
        except TimeoutError:
            raise QueryTimeoutError(
                f"No answer within {timeout_ms / 1000:g} s.",
                hint=IN_DOUBT if request.writes else NARROWER,
            ) from None

    def _timeout_ms(self, request: Request) -> int:
        return request.timeout_ms or round(self.settings.statement_timeout * 1000)

    async def is_unchanged(self, snapshot: str, tables: Sequence[str]) -> bool:
        """Whether a read that saw this snapshot of these tables would see the same now."""
        names = json.dumps(list(tables))
        try:
            return await self.ask(Statement(UNCHANGED, (snapshot, names), recurs=True)) == b"t"
        except (psycopg.Error, MCPError):
            return False

    async def record(self, calls: list[dict[str, Any]]) -> bool:
        """Hands calls to the database's record. False: it can't take them now, but may later."""
        try:
            await self.ask(Statement(RECORD, (json.dumps(calls),), recurs=True))
        except (psycopg.Error, MCPError) as failure:
            later = isinstance(failure, MCPError) or is_lost(failure)
            if len(calls) > 1 and not later:
                # One that can't be written takes none of the others with it.
                half = len(calls) // 2
                return await self.record(calls[:half]) and await self.record(calls[half:])
            log.log(
                logging.WARNING if later else logging.ERROR,
                "%d calls not recorded: %s",
                len(calls),
                type(failure).__name__,
            )
            return not later
        return True

    async def maintain(self) -> None:
        """Has the database keep its record in order."""
        try:
            await self.ask(Statement(MAINTAIN))
            if seal := await self.ask(Statement(SEAL)):
                log.info("record sealed", extra={"seal": seal.decode()})
        except (psycopg.Error, MCPError) as failure:
            log.warning("record not maintained: %s", type(failure).__name__)

    async def health(self) -> dict[str, Any]:
        """What the database says of itself, and the migrations that it has."""
        return dict(json.loads(await self.ask(Statement(HEALTH)) or b"{}"))

    async def applied_migrations(self) -> list[str]:
        return list(json.loads(await self.ask(Statement(APPLIED)) or b"[]"))

    def gauges(self) -> dict[str, float]:
        """What statsd is told of the pool and of the calls."""
        pool = self.pool.get_stats()
        return {
            "pool.size": pool["pool_size"],
            "pool.idle": pool["pool_available"],
            "pool.waiting": pool["requests_waiting"],
            "calls.running": self.admission.running,
            "calls.waiting": self.admission.waiting,
            "circuit.open": int(self.circuit.open),
        }

    async def ask(self, statement: Statement) -> bytes | None:
        """The first value of what the server's account asks for itself."""
        # Cancelled itself, it would lose the connection.
        return await asyncio.shield(asyncio.create_task(self._first_value(statement)))

    async def _first_value(self, statement: Statement) -> bytes | None:
        connection = await self._take()
        try:
            (result,) = await connection.run((statement,))
            return result.get_value(0, 0) if result.ntuples else None
        finally:
            await self._give_back(connection)

    async def follow(
        self, start: Callable[[], Awaitable[None]], hear: Callable[[str, str], Awaitable[None]]
    ) -> None:
        """Calls `hear` with the channel and the payload of each notice, and `start` whenever notices may
        have been missed. Never ends."""
        waits = delays(FIRST_RETRY, LONGEST_RETRY)
        while True:
            try:
                async with await self._connect("storekeeper notices") as connection:
                    await connection.execute(f"LISTEN {CATALOG_CHANNEL}")
                    await connection.execute(f"LISTEN {CHANGES_CHANNEL}")
                    await start()
                    waits = delays(FIRST_RETRY, LONGEST_RETRY)
                    async for notice in connection.notifies():
                        await hear(notice.channel, notice.payload)
            except psycopg.Error as failure:
                log.warning("notices not followed: %s", type(failure).__name__)
            await asyncio.sleep(next(waits))

    async def _connect(self, name: str) -> Connection:
        return await Connection.connect(
            make_conninfo(self._conninfo, application_name=name), circuit=self.circuit
        )

    async def _probe(self) -> None:
        connection = await self._connect("storekeeper probe")
        await connection.close()

    async def _take(self, *, patient: bool = False) -> Connection:
        """A connection that is alive. While the database can't be reached, only the patient wait."""
        deadline = time.monotonic() + self.settings.pool_timeout
        while True:
            if not patient and self.circuit.open and not self._idle():
                await self.circuit.check()
            left = deadline - time.monotonic()
            try:
                # Asked anew each time: the pool gives up reconnecting for those who wait already.
                connection = await self.pool.getconn(timeout=max(0.001, min(left, ASK_AGAIN)))
            except (PoolTimeout, PoolClosed) as failure:
                if left < ASK_AGAIN or isinstance(failure, PoolClosed):
                    raise self._no_connection() from None
                continue
            if connection.is_alive:
                return connection
            await self._give_back(connection, fit=False)

    def _idle(self) -> int:
        return self.pool.get_stats().get("pool_available", 0)

    async def _give_back(self, connection: Connection, *, fit: bool = True) -> None:
        if not fit:
            await connection.close()
        await asyncio.shield(self.pool.putconn(connection))  # or a cancel would lose it to the pool

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

    async def _attempt(self, request: Request, timeout_ms: int, *, again: bool) -> Answer:
        connection = await self._take(patient=again)
        self._at_work += 1
        work = asyncio.create_task(self._work(connection, request, timeout_ms))
        try:
            # Cancelled itself, the work would lose the connection, with the query still running.
            answer = await asyncio.shield(work)
        except asyncio.CancelledError:
            stop = asyncio.create_task(self._stop(connection, work))
            self._stopping.add(stop)
            stop.add_done_callback(self._stopping.discard)
            raise
        except BaseException as failure:
            standby = isinstance(failure, psycopg.Error) and failure.sqlstate == READ_ONLY
            self._at_work -= 1
            await self._give_back(connection, fit=not (standby and request.writes))
            raise
        self._at_work -= 1
        await self._give_back(connection)
        return answer

    async def _stop(self, connection: Connection, work: asyncio.Task[Answer]) -> None:
        """Stops the backend, and keeps the connection from the next call until that has been done."""
        try:
            async with asyncio.timeout(CANCEL_PATIENCE):
                while not work.done():
                    await connection.cancel_safe(timeout=CANCEL_PATIENCE)
                    await asyncio.wait([work], timeout=CANCEL_AGAIN)
        except (psycopg.Error, TimeoutError):
            log.warning("a cancelled call did not stop; its connection is closed")
            work.cancel()
            await asyncio.wait([work])
        if not work.cancelled():
            work.exception()  # the cancel itself, which nobody waits for
        self._at_work -= 1
        await self._give_back(connection, fit=not work.cancelled())

    async def _work(self, connection: Connection, request: Request, timeout_ms: int) -> Answer:
        if not self._login_is_fit:
            await self._check_login(connection)
        relay = progress_handler(request.progress) if request.progress else None
        if relay:
            connection.add_notice_handler(relay)
        try:
            run = self._write if request.writes else self._read
            return await run(connection, request, self._statements(request, timeout_ms))
        finally:
            if relay:
                connection.remove_notice_handler(relay)

    async def _read(
        self, connection: Connection, request: Request, call: Sequence[Statement]
    ) -> Answer:
        started = time.perf_counter()
        # Rolled back: that undoes a session setting made inside it, too.
        ending = (ROLLBACK, UNLOCK) if request.holds_sql else (ROLLBACK,)
        results = await connection.run((BEGIN_READ_ONLY, *call), ending)
        return self._answer(request, results, started)

    async def _write(
        self, connection: Connection, request: Request, call: Sequence[Statement]
    ) -> Answer:
        started = time.perf_counter()
        try:
            results = await connection.run((BEGIN, *call))
            answer = self._answer(request, results, started)
            record = json.dumps([request.record(answer)] if request.record else [])
            try:
                await connection.run((OWN_ROLE, Statement(RECORD, (record,), recurs=True), COMMIT))
            except psycopg.Error as failure:
                raise _InDoubtError(failure) if is_lost(failure) else failure from None
        except (psycopg.Error, MCPError, _InDoubtError):
            await self._clear(connection)
            raise
        await self._clear(connection)
        return answer

    async def _clear(self, connection: Connection) -> None:
        """Takes away what a function that writes could leave to the next call."""
        try:
            await connection.run((ROLLBACK, *RESET))
        except psycopg.Error:
            await connection.close()
        connection.forget_prepared()

    def _statements(self, request: Request, timeout_ms: int) -> tuple[Statement, Statement]:
        enter = ENTER_WITH_SNAPSHOT if request.with_snapshot else ENTER
        name = f"{request.request_id} {request.trace_id or ''}".rstrip()
        text = request.statement
        if request.capped:
            text += f" LIMIT {(request.max_rows or self.settings.max_rows) + 1}"
        given = () if request.arguments is None else (json.dumps(request.arguments),)
        return (
            Statement(enter, (self._assertion(), name, str(timeout_ms)), recurs=True),
            Statement(text, given, recurs=True),
        )

    def _answer(self, request: Request, results: list[PGresult], started: float) -> Answer:
        _, entered, found, *_ = results
        snapshot = entered.get_value(0, 1) if request.with_snapshot else None
        rows = [found.get_value(n, 0) or b"null" for n in range(found.ntuples)]
        most = request.max_rows or self.settings.max_rows
        truncated = request.capped and len(rows) > most
        if request.capped:
            rows = self._fitting(rows[:most], request.max_bytes or self.settings.max_bytes)
            truncated = truncated or len(rows) < min(found.ntuples, most)
        return Answer(
            rows,
            truncated,
            db_ms=round((time.perf_counter() - started) * 1000, 3),
            snapshot=snapshot.decode() if snapshot else None,
        )

    def _fitting(self, rows: list[bytes], most: int) -> list[bytes]:
        size = 0
        for n, row in enumerate(rows):
            size += len(row)
            if size > most:
                if n:
                    return rows[:n]
                raise LimitError(
                    f"The answer has {size:,} bytes; {most:,} are allowed.", hint=NARROWER
                )
        return rows

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


class _InDoubtError(Exception):
    """The connection was lost while a COMMIT was under way: it may have been made, or not."""

    def __init__(self, failure: psycopg.Error) -> None:
        super().__init__()
        self.failure = failure


class _Attempts:
    """Counts retries of what may be retried, and waits between them."""

    def __init__(self, request: Request, allowed: int) -> None:
        self.made = 0
        self._request = request
        self._allowed = allowed
        self._delays = delays(FIRST_RETRY, LONGEST_RETRY)

    async def another(self, failure: psycopg.Error | _InDoubtError) -> None:
        """Waits for the next attempt, or fails with what a client may see of the last one."""
        in_doubt = isinstance(failure, _InDoubtError)
        cause = failure.failure if isinstance(failure, _InDoubtError) else failure
        error = explain(
            cause,
            holds_sql=self._request.holds_sql,
            writes=self._request.writes,
            in_doubt=in_doubt,
            request_id=self._request.request_id,
        )
        may = error.retryable or cause.sqlstate == DEALLOCATED
        if in_doubt:
            may = self._request.keyed
        if not may or self.made >= self._allowed:
            error.retries = self.made
            raise error from None
        self.made += 1
        await asyncio.sleep(next(self._delays))


def progress_handler(progress: Progress) -> Callable[[psycopg.errors.Diagnostic], None]:
    """A notice handler that hears what gateway.progress says."""

    def hear(diagnosis: psycopg.errors.Diagnostic) -> None:
        if diagnosis.sqlstate == PROGRESS:
            done, total = (diagnosis.message_detail or "0/1").split("/")
            progress(float(done), float(total), diagnosis.message_primary or "")

    return hear
