"""MCP's methods over catalog and gateway, for one person."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import re
import secrets
import signal
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from copy import copy
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from storekeeper import health, jsonrpc, results, surface
from storekeeper.cache import Cache, Entry, NoCache, cache_key
from storekeeper.catalog import CATALOG, KEY, Catalog, Function
from storekeeper.errors import AuthorizationError, ConfigurationError, MCPError
from storekeeper.gateway import CATALOG_CHANNEL, Answer, Gateway, Request
from storekeeper.health import Health
from storekeeper.jsonrpc import INVALID_PARAMS, ProtocolError, Wire
from storekeeper.session import Context, Handler, Methods, Params, Session
from storekeeper.settings import Settings
from storekeeper.stdio import Stdio
from storekeeper.telemetry import Call, Telemetry, recordable
from storekeeper.uri import match

log = logging.getLogger("storekeeper.protocol")

FIRST_LOAD = 5  # seconds that a greeting waits for the catalog
SIGNALS = (signal.SIGTERM, signal.SIGINT)
RECORD_EVERY = 2  # seconds
MAINTAIN_EVERY = 30  # times as long
PLAN_TIMEOUT = 2000  # milliseconds
GAUGES_EVERY = 2  # seconds
STOPPING = 1  # seconds that cancelled calls, then the record, get at the end
COMPLETIONS = 100  # MCP's limit
# W3C's traceparent: neither version ff nor an id of zeros is valid.
TRACE = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
REFERENCES = ("ref/prompt", "ref/resource")
NOTHING_MORE = Context()
UNCACHED = {"ttlMs": 0, "cacheScope": "private"}  # of what is listed and read


class Protocol:
    """One person's MCP server: what is published to them, and how it is called."""

    def __init__(self, gateway: Gateway, telemetry: Telemetry, cache: Cache | None = None) -> None:
        self._cache = cache or NoCache()
        self._gateway = gateway
        self._telemetry = telemetry
        self._health = Health(gateway)
        self._recording = asyncio.Lock()
        self._planning: asyncio.Task[None] | None = None  # asks for a slow call's plan
        self._catalog: Catalog | None = None
        self._refusal: MCPError | None = None  # why nobody is signed in
        self._first_load = asyncio.Event()
        self._listings: dict[str, bytes] = {}
        self._changed: Callable[[], None] = lambda: None  # tells clients

    async def load(self) -> None:
        """Reads the catalog anew and tells clients when it has changed."""
        refusal = None
        try:
            answer = await self._gateway.run(Request(CATALOG, capped=False, request_id="catalog"))
            loaded = Catalog.load(json.loads(answer.rows[0]))
        except AuthorizationError as refused:
            loaded, refusal = Catalog(), refused
        before = self._catalog or Catalog()  # another load may have ended meanwhile
        self._catalog, self._refusal = loaded, refusal
        if surface.whole(before) != surface.whole(loaded):
            self._listings.clear()
            if self._first_load.is_set():  # or there was nothing that a client could know
                self._changed()

    async def reload(self) -> None:
        """The same; the old catalog stays where the new one can't be read."""
        try:
            await self.load()
        except MCPError as failure:
            log.warning("catalog not reloaded: %s", failure.message)
        else:
            await self._health.warn()

    async def call(
        self, name: str, arguments: dict[str, Any], context: Context = NOTHING_MORE
    ) -> bytes:
        """Calls a tool and returns the JSON text of its result; a failure is an MCPError or, for an
        unknown name, a ProtocolError."""
        return await self._run(await self._function("tool", name), arguments, context)

    async def call_with_texts(self, name: str, words: dict[str, Any]) -> bytes:
        """The same, with arguments as a person types them at a prompt."""
        function = await self._function("tool", name)
        return await self._run(function, function.from_texts(words), NOTHING_MORE)

    async def tools(self) -> list[dict[str, Any]]:
        catalog = await self._published()
        if refusal := self._refused():
            raise refusal
        return surface.tools(catalog)

    async def instructions(self) -> str:
        """Whom a model speaks for, and where to start."""
        with suppress(TimeoutError):
            async with asyncio.timeout(FIRST_LOAD):
                await self._first_load.wait()
        if self._refusal is not None:
            return f"{self._refusal.message} {self._refusal.hint or ''}".strip()
        catalog = self._catalog or Catalog()
        if not catalog.who:
            return "The database can't be reached yet. Try a tool in a moment."
        who = catalog.who
        tenants = ", ".join(who["tenants"] or ["no store"])
        return (
            f"You speak for {who['display_name']} ({who['persona']}), who sees: {tenants}.\n"
            f"{catalog.instructions}"
        )

    async def serve(self, settings: Settings) -> None:
        """MCP over stdin and stdout until stdin closes, or SIGTERM or SIGINT comes.

        What runs then gets `shutdown_grace` seconds to end, and is cancelled after that.
        """
        stdio = Stdio(lambda line: session.hear(line))
        session = Session(self._methods(), stdio.send)
        self._changed = session.tell_change
        _end_on_signals(stdio.ended)
        loading = asyncio.create_task(self._load_first())
        loading.add_done_callback(lambda load: stdio.ended.set() if _failed(load) else None)
        background = [
            loading,
            asyncio.create_task(self._gateway.follow(self.reload, self._hear)),
            asyncio.create_task(self._record_regularly()),
            asyncio.create_task(self._tell_gauges()),
        ]
        stdio.open()
        await stdio.ended.wait()
        stdio.hear_no_more()
        grace = 0 if _failed(loading) else settings.shutdown_grace
        await asyncio.gather(session.end(grace, STOPPING), asyncio.wait([loading], timeout=grace))
        await stdio.close(STOPPING)
        for task in background:
            task.cancel()
        await self._cache.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(STOPPING):
                await self.finish(STOPPING / 2)
        if failure := _failed(loading):
            raise failure

    async def finish(self, patience: float = PLAN_TIMEOUT / 1000) -> None:
        """Records what is left; a plan that is being asked for gets so many seconds."""
        if self._planning and not self._planning.done():
            await asyncio.wait([self._planning], timeout=patience)
            self._planning.cancel()
            await asyncio.wait([self._planning])
        await self.record()

    async def record(self) -> None:
        """Writes the calls that the database has not heard of yet into its record."""
        async with self._recording:
            while calls := self._telemetry.take_unrecorded():
                if not await self._gateway.record([self._telemetry.as_record(c) for c in calls]):
                    self._telemetry.put_back(calls)
                    return

    async def _load_first(self) -> None:
        try:
            await self.load()
        except ConfigurationError:
            raise  # nobody is greeted by a server that must not serve
        except MCPError as failure:
            log.warning("serving without the database for now: %s", failure.message)
        self._first_load.set()

    async def _hear(self, channel: str, payload: str) -> None:
        if channel == CATALOG_CHANNEL:
            await self._cache.clear()
            await self.reload()
        else:
            await self._cache.forget(payload)

    async def _record_regularly(self) -> None:
        for turn in itertools.count():
            await asyncio.sleep(RECORD_EVERY)
            # Not cancelled at the end: what is on its way would be lost.
            await asyncio.shield(asyncio.create_task(self.record()))
            if turn % MAINTAIN_EVERY == 0:
                await self._gateway.maintain()

    async def _tell_gauges(self) -> None:
        while True:
            unwritten = {"record.unwritten": self._telemetry.unrecorded}
            self._telemetry.gauge(self._gateway.gauges() | unwritten)
            await asyncio.sleep(GAUGES_EVERY)

    def _methods(self) -> Methods:
        return Methods(
            handlers={
                "tools/list": self._lister("tools", surface.tools),
                "tools/call": self._call_tool,
                "resources/list": self._lister("resources", _resources),
                "resources/templates/list": self._lister(
                    "resourceTemplates", surface.resource_templates
                ),
                "resources/read": _guarded(self._read_resource),
                "prompts/list": self._lister("prompts", surface.prompts),
                "prompts/get": _guarded(self._get_prompt),
                "completion/complete": _guarded(self._complete),
            },
            server_info={
                "name": "storekeeper",
                "title": "Storekeeper",
                "version": version("storekeeper"),
            },
            instructions=self.instructions,
        )

    async def _published(self) -> Catalog:
        # Somebody who was refused may have been let in since.
        if self._catalog is None or self._refusal is not None:
            await self.load()
        return self._catalog or Catalog()

    async def _function(self, kind: str, name: str) -> Function:
        published = (await self._published()).of(kind)
        if name not in published:
            raise self._refused() or results.unknown(kind, name, published)
        return published[name]

    def _refused(self) -> MCPError | None:
        """Why nobody is signed in, for this one call, of which it leaves a log line."""
        if self._refusal is None:
            return None
        refusal = copy(self._refusal)
        refusal.request_id = secrets.token_hex(8)
        self._telemetry.tell(
            Call(
                "refused",
                self._gateway.principal,
                refusal.error_code,
                0,
                refusal.request_id,
                sqlstate=refusal.sqlstate,
            )
        )
        return refusal

    async def _fetch(
        self, function: Function, given: Params, request: Request
    ) -> tuple[Answer, bool]:
        """The answer, and whether it was kept from an earlier call."""
        rule, catalog = function.cache_rule, self._catalog
        if rule is None or catalog is None:
            return await self._gateway.run(request), False
        computed: Answer | None = None

        async def compute() -> Entry:
            nonlocal computed
            computed = await self._gateway.run(replace(request, with_snapshot=True))
            return Entry(tuple(computed.rows), computed.truncated, computed.snapshot or "")

        async def holds(entry: Entry) -> bool:
            return await self._gateway.is_unchanged(entry.snapshot, rule.tables)

        key = cache_key(function, given, catalog.who, catalog.database)
        async with self._gateway.in_time(request):  # who waits for another's answer, too
            entry, hit = await self._cache.answer(key, rule, holds, compute)
        self._telemetry.count("cache.hit" if hit else "cache.miss")
        return computed or Answer(list(entry.rows), entry.truncated), hit

    async def _run(self, function: Function, arguments: Params, context: Context) -> bytes:
        """Checks, calls and records; returns the JSON text."""
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
            if function.keyed and given.get(KEY) is None:
                given[KEY] = request_id
            answer, cached = await self._fetch(
                function,
                given,
                Request(
                    function.statement(given),
                    given or None,
                    function=f"{function.kind}.{function.name}",
                    writes=function.writes,
                    keyed=function.keyed,
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
            self._telemetry.tell(call, recorded=recorded or planning)
        return text

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

    async def _call_tool(self, params: Params, context: Context) -> Wire:
        name, arguments = _text(params, "name"), _object(params, "arguments")
        try:
            return results.success(await self.call(name, arguments, context))
        except MCPError as error:
            return results.error_result(error)

    def _lister(self, key: str, describe: Callable[[Catalog], list[dict[str, Any]]]) -> Handler:
        def listing(catalog: Catalog) -> bytes:
            if key not in self._listings:
                self._listings[key] = jsonrpc.encode({key: describe(catalog), **UNCACHED})
            return self._listings[key]

        async def later() -> Wire:
            return listing(await self._published())

        def lister(params: Params, context: Context) -> Wire | Awaitable[Wire]:
            if params.get("cursor"):
                raise ProtocolError(INVALID_PARAMS, "There is one page only: no cursor.")
            if self._catalog is not None and self._refusal is None:
                return listing(self._catalog)
            return _guarded(lambda _, __: later())(params, context)

        return lister

    async def _read_resource(self, params: Params, context: Context) -> Wire:
        uri = _text(params, "uri")
        if uri == health.URI:
            if self._refusal is not None:
                await self._published()
            if refusal := self._refused():
                raise refusal
            said = json.dumps(await self._health.report())
            shown = {"uri": uri, "mimeType": health.RESOURCE["mimeType"], "text": said}
            return {"contents": [shown], **UNCACHED}
        published = (await self._published()).of("resource")
        for function in published.values():
            if (given := match(function.uri, uri)) is None:
                continue
            text = await self._run(function, function.from_texts(given), context)
            if function.shape == "value" and not function.mime_type.endswith("json"):
                text = str(json.loads(text)["value"]).encode()
            shown = {"uri": uri, "mimeType": function.mime_type, "text": text.decode()}
            return {"contents": [shown], **UNCACHED}
        raise self._refused() or results.unknown(
            "resource", uri, (f.uri for f in published.values())
        )

    async def _get_prompt(self, params: Params, context: Context) -> Wire:
        function = await self._function("prompt", _text(params, "name"))
        given = function.from_texts(_object(params, "arguments"))
        rows = json.loads(await self._run(function, given, context))["rows"]
        return {
            "description": function.description,
            "messages": [
                {"role": row["role"], "content": {"type": "text", "text": row["content"]}}
                for row in rows
            ],
        }

    async def _complete(self, params: Params, context: Context) -> Wire:
        argument = _object(params, "argument", required=True)
        if _object(params, "ref", required=True).get("type") not in REFERENCES:
            raise ProtocolError(INVALID_PARAMS, "ref.type is ref/prompt or ref/resource.")
        name, prefix = _text(argument, "name"), _text(argument, "value")
        function = (await self._published()).of("completion").get(name)
        values: list[Any] = []
        if function:
            chosen = _object(_object(params, "context"), "arguments")
            text = await self._run(function, {"prefix": prefix, "context": chosen}, context)
            values = [next(iter(row.values())) for row in json.loads(text)["rows"]]
        return {
            "completion": {
                "values": values[:COMPLETIONS],
                "total": len(values),
                "hasMore": len(values) > COMPLETIONS,
            }
        }


def _resources(catalog: Catalog) -> list[dict[str, Any]]:
    """The server's own one first, for whoever is signed in."""
    own = [health.RESOURCE] if catalog.who else []
    return [*own, *(r for r in surface.resources(catalog) if r["uri"] != health.URI)]


def _text(params: Params, name: str) -> str:
    value = params.get(name)
    if not isinstance(value, str):
        raise ProtocolError(INVALID_PARAMS, f"{name} must be a string.")
    return value


def _object(params: Params, name: str, *, required: bool = False) -> Params:
    value = params.get(name)
    if value is None and not required:
        return {}
    if not isinstance(value, dict):
        raise ProtocolError(INVALID_PARAMS, f"{name} must be an object.")
    return value


def _guarded(handler: Callable[[Params, Context], Awaitable[Wire]]) -> Handler:
    """Failures of everything but tools/call are protocol errors, and never another text than ours."""

    async def guarded(params: Params, context: Context) -> Wire:
        try:
            return await handler(params, context)
        except MCPError as error:
            raise results.protocol_error(error) from None

    return guarded


def _unexpected(where: str, request_id: str) -> MCPError:
    error = MCPError("Something went wrong inside the server.")
    error.request_id = request_id
    log.exception("unexpected failure in %s", where, extra={"request_id": request_id})
    return error


def _failed(task: asyncio.Task[None]) -> BaseException | None:
    return task.exception() if task.done() and not task.cancelled() else None


def _end_on_signals(ended: asyncio.Event) -> None:
    """The first signal ends the server as it should; another one as if nobody listened."""
    loop = asyncio.get_running_loop()

    def end() -> None:
        for signal_number in SIGNALS:
            loop.remove_signal_handler(signal_number)
        ended.set()

    for signal_number in SIGNALS:
        loop.add_signal_handler(signal_number, end)
