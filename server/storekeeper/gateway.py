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
import math
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import psycopg
from psycopg.pq.abc import PGresult

from storekeeper.account import Account, recording
from storekeeper.admission import Admission
from storekeeper.attempts import Attempts, InDoubtError
from storekeeper.connection import ROLLBACK, UNLOCK, Connection, Statement
from storekeeper.errors import LimitError, MCPError, QueryTimeoutError, error_class
from storekeeper.failures import IN_DOUBT, NARROWER, READ_ONLY, is_lost
from storekeeper.pool import Pool
from storekeeper.progress import progress_handler
from storekeeper.request import Answer, Request
from storekeeper.settings import Settings

ASSERTION_LIFETIME = 60  # seconds
GRACE = 1  # seconds by which the client-side deadline exceeds the server-side one

ENTER = "SELECT gateway.enter($1, $2, $3)"
ENTER_WITH_SNAPSHOT = "SELECT gateway.enter($1, $2, $3), gateway.snapshot()"
BEGIN, BEGIN_READ_ONLY = Statement("BEGIN"), Statement("BEGIN READ ONLY")
COMMIT, OWN_ROLE = Statement("COMMIT"), Statement("SET LOCAL ROLE NONE")


class Gateway:
    """Runs calls for one person."""

    def __init__(self, conninfo: str, settings: Settings, assertion_key: bytes) -> None:
        self.settings = settings
        self._key = assertion_key
        self.pool = Pool(conninfo, settings)
        self.account = Account(self.pool)
        self.admission = Admission(
            settings.pool_max_size, settings.max_waiting, settings.pool_timeout
        )

    @property
    def principal(self) -> str | None:
        return self.settings.principal

    async def __aenter__(self) -> Gateway:
        await self.pool.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.pool.close()

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
        attempts = Attempts(request, allowed)
        async with self.in_time(request), self.admission.place(places):
            while True:
                # In steps, so that calls which did not wait have one and the same timeout.
                left_ms = max(1, math.ceil((deadline - time.monotonic()) * 10)) * 100
                try:
                    answer = await self._attempt(request, left_ms, again=attempts.made > 0)
                except (psycopg.Error, InDoubtError) as failure:
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

    def gauges(self) -> dict[str, float]:
        """What statsd is told of the pool and of the calls."""
        return {
            **self.pool.gauges(),
            "calls.running": self.admission.running,
            "calls.waiting": self.admission.waiting,
        }

    def _timeout_ms(self, request: Request) -> int:
        return request.timeout_ms or round(self.settings.statement_timeout * 1000)

    async def _attempt(self, request: Request, timeout_ms: int, *, again: bool) -> Answer:
        connection = await self.pool.lend(patient=again)
        try:
            answer = await self._work(connection, request, timeout_ms)
        except asyncio.CancelledError:
            self.pool.stop(connection)
            raise
        except BaseException as failure:
            standby = isinstance(failure, psycopg.Error) and failure.sqlstate == READ_ONLY
            await self.pool.take_back(connection, fit=not (standby and request.writes))
            raise
        await self.pool.take_back(connection)
        return answer

    async def _work(self, connection: Connection, request: Request, timeout_ms: int) -> Answer:
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
            record = recording([request.record(answer)] if request.record else [])
            try:
                await connection.run((OWN_ROLE, record, COMMIT))
            except psycopg.Error as failure:
                raise InDoubtError(failure) if is_lost(failure) else failure from None
        except (psycopg.Error, MCPError, InDoubtError):
            await connection.clear()
            raise
        await connection.clear()
        return answer

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
