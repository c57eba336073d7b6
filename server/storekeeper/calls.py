"""A call: its arguments checked, its answer run for or found in the cache, all of it told and recorded."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import secrets
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from storekeeper import results
from storekeeper.cache import Cache, Entry, NoCache, cache_key
from storekeeper.catalog import Catalog
from storekeeper.errors import MCPError
from storekeeper.function import KEY, Function
from storekeeper.gateway import Gateway
from storekeeper.request import Answer, Request
from storekeeper.session import Context, Params
from storekeeper.telemetry import Call, Telemetry, recordable

if TYPE_CHECKING:
    from storekeeper.embedder import Embedder

log = logging.getLogger("storekeeper.calls")

PLAN_TIMEOUT = 2000  # milliseconds
# W3C's traceparent: neither version ff nor an id of zeros is valid.
TRACE = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


class Calls:
    """Runs one person's calls."""

    def __init__(
        self,
        gateway: Gateway,
        telemetry: Telemetry,
        cache: Cache | None = None,
        embedder: Embedder | None = None,
    ) -> None:
        self._gateway = gateway
        self._telemetry = telemetry
        self._cache = cache or NoCache()
        self._embedder = embedder
        self._untold: list[tuple[Call, bool]] = []
        self._recording = asyncio.Lock()
        self._planning: asyncio.Task[None] | None = None  # asks for a slow call's plan

    async def run(
        self, catalog: Catalog, function: Function, arguments: Params, context: Context
    ) -> bytes:
        """The JSON text of the result; a failure is an MCPError."""
        request_id = secrets.token_hex(8)
        trace = TRACE.fullmatch(context.trace) if context.trace else None
        begun, started = datetime.now(UTC), time.perf_counter()
        outcome, answer, error, cached = "MCP_ERROR", None, None, False
        given: Params = {}

        def described(outcome: str, answer: Answer | None) -> Call:
            call = Call(
                tool=function.name
                if function.kind == "tool"
                else f"{function.kind}_{function.name}",
                principal=self._gateway.principal,
                outcome=outcome,
                duration_ms=round((time.perf_counter() - started) * 1000, 3),
                request_id=request_id,
                trace_id=trace[1] if trace else None,
                rows=len(answer.rows) if answer else None,
                bytes=answer.size if answer else None,
                db_ms=answer.db_ms if answer else None,
                retries=answer.retries if answer else error.retries if error else 0,
                sqlstate=error.sqlstate if error else None,
                arguments=recordable(function.masked(arguments)),
                cached=cached,
                at=begun.isoformat(),
            )
            if self._telemetry.is_slow(call):
                return replace(call, statement=function.described(arguments))
            return call

        try:
            given = function.check(arguments)
            repeatable = function.keyed and given.get(KEY) is not None
            if function.keyed and not repeatable:
                given[KEY] = request_id
            given |= await self._embedded(catalog, function, given)
            answer, cached = await self._fetch(
                catalog,
                function,
                given,
                Request(
                    function.statement(given),
                    given or None,
                    function=f"{function.kind}.{function.name}",
                    writes=function.writes,
                    keyed=function.keyed,
                    repeatable=repeatable,
                    holds_sql=function.holds_sql,
                    timeout_ms=function.timeout_ms,
                    max_rows=function.limits["max_rows"],
                    max_bytes=function.limits["max_bytes"],
                    retries=function.limits["retries"],
                    concurrency=function.limits["concurrency"],
                    request_id=request_id,
                    trace_id=trace[1] if trace else None,
                    progress=context.progress,
                    record=lambda answer: self._telemetry.as_record(described("ok", answer)),
                ),
            )
            text = results.render(function, answer)
            outcome = "ok"
        except MCPError as failure:
            failure.request_id = request_id
            error, outcome = failure, failure.error_code
            raise
        except Exception:  # noqa: BLE001 (its text may hold anything)
            raise _unexpected(f"{function.kind} {function.name}", request_id) from None
        except asyncio.CancelledError:
            outcome = "CANCELLED"
            raise
        finally:
            recorded = function.writes and answer is not None
            call = described(outcome, answer)
            planning = not recorded and bool(given) and self._plan(function, given, call)
            self._tell_soon(call, recorded=recorded or planning)
        return text

    async def _embedded(self, catalog: Catalog, function: Function, given: Params) -> Params:
        """The vector of a text that is searched for, where the vectors of a service are searched."""
        embeds, embedder = function.embeds, self._embedder
        if not embeds or not embedder or catalog.embedding_model != embedder.service.model:
            return {}
        text = given.get(embeds.text)
        if not isinstance(text, str):
            return {}
        try:
            vector = await embedder.embed_query(text)
        except MCPError as failure:
            # The function searches by words alone then, and says so.
            log.warning("a query has no vector: %s", failure.message)
            return {}
        if catalog.embedding_dimension not in {None, len(vector)}:
            log.warning(
                "a query has a vector of %s numbers, and what is searched has %s: set "
                "STOREKEEPER_EMBEDDING_DIMENSION",
                len(vector),
                catalog.embedding_dimension,
            )
            return {}
        return {embeds.vector: vector, embeds.model: embedder.service.model}

    async def _fetch(
        self, catalog: Catalog, function: Function, given: Params, request: Request
    ) -> tuple[Answer, bool]:
        """The answer, and whether it was kept from an earlier call."""
        rule = function.cache_rule
        if rule is None:
            return await self._gateway.run(request), False
        computed: Answer | None = None

        async def compute() -> Entry:
            nonlocal computed
            computed = await self._gateway.run(replace(request, with_snapshot=True))
            return Entry(tuple(computed.rows), computed.truncated, computed.snapshot or "")

        async def holds(entry: Entry) -> bool:
            return await self._gateway.account.is_unchanged(entry.snapshot, rule.tables)

        key = cache_key(function, given, catalog.who, catalog.database)
        async with self._gateway.in_time(request):  # who waits for another's answer, too
            entry, hit = await self._cache.answer(key, rule, holds, compute)
        self._telemetry.count("cache.hit" if hit else "cache.miss")
        return computed or Answer(list(entry.rows), entry.truncated), hit

    def _tell_soon(self, call: Call, *, recorded: bool) -> None:
        """After the answer is written, which is what somebody waits for."""
        if not self._untold:
            loop = asyncio.get_running_loop()
            loop.call_soon(loop.call_soon, self._tell)
        self._untold.append((call, recorded))

    def _tell(self) -> None:
        untold, self._untold = self._untold, []
        for call, recorded in untold:
            self._telemetry.tell(call, recorded=recorded)

    def _plan(self, function: Function, given: Params, call: Call) -> bool:
        """Whether the plan of a slow call's free SQL is asked for; the record gets both then."""
        if not (self._telemetry.wants_plan(call) and function.holds_sql):
            return False
        if self._planning and not self._planning.done():
            return False
        self._planning = asyncio.create_task(self._keep_with_plan(function, given, call))
        return True

    async def _keep_with_plan(self, function: Function, given: Params, call: Call) -> None:
        query = function.comment.one("sql") or ""
        request = Request(
            function.statement(given),
            {**given, query: f"EXPLAIN {given.get(query)}"},
            function=f"{function.kind}.{function.name}",
            holds_sql=True,
            timeout_ms=PLAN_TIMEOUT,
            retries=0,
            request_id=call.request_id,
            trace_id=call.trace_id,
        )
        plan = None
        try:
            answer = await self._gateway.run(request)
            lines = json.loads(answer.rows[0])["rows"]
            plan = "\n".join(str(text) for line in lines for text in line.values())
        except (MCPError, LookupError, TypeError, ValueError, AttributeError):
            log.info("no plan", extra={"request_id": call.request_id})
        finally:
            self._telemetry.keep(replace(call, plan=plan))

    async def finish(self, patience: float = PLAN_TIMEOUT / 1000) -> None:
        """Records what is left; a plan that is being asked for gets so many seconds."""
        if self._planning and not self._planning.done():
            await asyncio.wait([self._planning], timeout=patience)
            self._planning.cancel()
            await asyncio.wait([self._planning])
        self._tell()
        await self.record()

    async def record(self) -> None:
        """Writes the calls that the database has not heard of yet into its record."""
        async with self._recording:
            while calls := self._telemetry.take_unrecorded():
                if not await self._gateway.account.record(
                    [self._telemetry.as_record(c) for c in calls]
                ):
                    self._telemetry.put_back(calls)
                    return


def _unexpected(where: str, request_id: str) -> MCPError:
    error = MCPError("Something went wrong inside the server.")
    error.request_id = request_id
    log.exception("unexpected failure in %s", where, extra={"request_id": request_id})
    return error
