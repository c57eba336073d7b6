"""MCP's methods over catalog and gateway, for one person."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from copy import copy
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from storekeeper import health, jsonrpc, results, surface
from storekeeper.cache import Cache
from storekeeper.calls import Calls
from storekeeper.catalog import CATALOG, Catalog
from storekeeper.errors import AuthorizationError, ConfigurationError, MCPError
from storekeeper.function import Function
from storekeeper.gateway import Gateway
from storekeeper.health import Health
from storekeeper.jsonrpc import INVALID_PARAMS, ProtocolError, Wire
from storekeeper.request import Request
from storekeeper.session import Context, Handler, Methods, Params
from storekeeper.telemetry import Call, Telemetry
from storekeeper.uri import match

if TYPE_CHECKING:
    from storekeeper.embedder import Embedder

log = logging.getLogger("storekeeper.protocol")

FIRST_LOAD = 5  # seconds that a greeting waits for the catalog
COMPLETIONS = 100  # MCP's limit
REFERENCES = ("ref/prompt", "ref/resource")
NOTHING_MORE = Context()
UNCACHED = {"ttlMs": 0, "cacheScope": "private"}  # of what is listed and read


class Protocol:
    """One person's MCP server: what is published to them, and how it is called."""

    def __init__(
        self,
        gateway: Gateway,
        telemetry: Telemetry,
        cache: Cache | None = None,
        embedder: Embedder | None = None,
    ) -> None:
        self._gateway = gateway
        self._telemetry = telemetry
        self._health = Health(gateway, embedder)
        self._catalog: Catalog | None = None
        self._refusal: MCPError | None = None  # why nobody is signed in
        self._first_load = asyncio.Event()
        self._listings: dict[str, bytes] = {}
        self.calls = Calls(gateway, telemetry, cache, embedder)
        self.tell_change: Callable[[], None] = lambda: None  # tells clients

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
                self.tell_change()

    async def load_first(self) -> None:
        """Before the first greeting: without the database for now, if need be."""
        try:
            await self.load()
        except ConfigurationError:
            raise  # nobody is greeted by a server that must not serve
        except MCPError as failure:
            log.warning("serving without the database for now: %s", failure.message)
        self._first_load.set()

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
        return await self._call(await self._function("tool", name), arguments, context)

    async def call_with_texts(self, name: str, words: dict[str, Any]) -> bytes:
        """The same, with arguments as a person types them at a prompt."""
        function = await self._function("tool", name)
        return await self._call(function, function.from_texts(words), NOTHING_MORE)

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

    def methods(self) -> Methods:
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

    async def _call(self, function: Function, arguments: Params, context: Context) -> bytes:
        return await self.calls.run(self._catalog or Catalog(), function, arguments, context)

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
            text = await self._call(function, function.from_texts(given), context)
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
        rows = json.loads(await self._call(function, given, context))["rows"]
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
            text = await self._call(function, {"prefix": prefix, "context": chosen}, context)
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
