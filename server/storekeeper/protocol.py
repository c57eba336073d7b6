"""MCP over catalog and gateway: the SDK's low-level server and its handlers."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import time
import weakref
from collections.abc import Awaitable, Callable
from contextlib import suppress
from copy import copy
from importlib.metadata import version
from typing import Any

import anyio
import mcp_types as t
from mcp.server import NotificationOptions, Server, ServerRequestContext
from mcp.server.subscriptions import (
    InMemorySubscriptionBus,
    ListenHandler,
    PromptsListChanged,
    ResourcesListChanged,
    ToolsListChanged,
)
from mcp.shared.exceptions import MCPError as ProtocolError
from mcp.shared.uri_template import InvalidUriTemplate, UriTemplate

from storekeeper import results, stdio, surface
from storekeeper.catalog import CATALOG, Catalog, Function
from storekeeper.errors import (
    AuthorizationError,
    ConfigurationError,
    MCPError,
)
from storekeeper.gateway import Gateway, Progress, Request
from storekeeper.telemetry import Call, Telemetry

log = logging.getLogger("storekeeper.protocol")

Context = ServerRequestContext[Any]

FIRST_LOAD = 5  # seconds that the start waits for the catalog
RECORD_EVERY = 5  # seconds
COMPLETIONS = 100  # MCP's limit


class Protocol:
    """One person's MCP server: what is published to them, and how it is called."""

    def __init__(self, gateway: Gateway, telemetry: Telemetry) -> None:
        self._gateway = gateway
        self._telemetry = telemetry
        self._catalog: Catalog | None = None
        self._refusal: MCPError | None = None  # why nobody is signed in
        self._bus = InMemorySubscriptionBus()
        self._connections: weakref.WeakSet[Any] = weakref.WeakSet()

    async def load(self) -> None:
        """Reads the catalog anew and tells clients when it has changed."""
        before = surface.whole(self._catalog or Catalog())
        try:
            answer = await self._gateway.run(Request(CATALOG, capped=False, request_id="catalog"))
        except AuthorizationError as refusal:
            self._catalog, self._refusal = Catalog(), refusal
        else:
            self._catalog, self._refusal = Catalog.load(json.loads(answer.rows[0])), None
        if before != surface.whole(self._catalog):
            for event in (ToolsListChanged(), ResourcesListChanged(), PromptsListChanged()):
                await self._bus.publish(event)
            for connection in list(self._connections):
                await connection.send_tool_list_changed()
                await connection.send_resource_list_changed()
                await connection.send_prompt_list_changed()

    async def reload(self) -> None:
        """The same; the old catalog stays where the new one can't be read."""
        try:
            await self.load()
        except MCPError as failure:
            log.warning("catalog not reloaded: %s", failure.message)

    async def call(
        self, name: str, arguments: dict[str, Any], progress: Progress | None = None
    ) -> str:
        """Calls a tool and returns the JSON text of its result; a failure is an MCPError or, for an
        unknown name, a ProtocolError."""
        catalog = await self._published()
        function = catalog.of("tool").get(name)
        if function is None:
            raise self._refused() or results.unknown("tool", name, catalog.of("tool"))
        return await self._run(function, arguments, progress)

    async def call_with_texts(self, name: str, words: dict[str, Any]) -> str:
        """The same, with arguments as a person types them at a prompt."""
        function = (await self._published()).of("tool").get(name)
        return await self.call(name, function.from_texts(words) if function else words)

    async def tools(self) -> list[t.Tool]:
        catalog = await self._published()
        if refusal := self._refused():
            raise refusal
        return surface.tools(catalog)

    def instructions(self) -> str:
        """Whom a model speaks for, and where to start."""
        catalog = self._catalog or Catalog()
        if self._refusal is not None:
            return f"{self._refusal.message} {self._refusal.hint or ''}".strip()
        if not catalog.who:
            return "The database can't be reached yet. Try a tool in a moment."
        who = catalog.who
        tenants = ", ".join(who["tenants"] or ["no store"])
        return (
            f"You speak for {who['display_name']} ({who['persona']}), who sees: {tenants}.\n"
            f"{catalog.instructions}"
        )

    async def serve(self) -> None:
        """MCP over stdin and stdout until stdin closes, or SIGTERM or SIGINT comes."""
        with anyio.move_on_after(FIRST_LOAD):
            try:
                await self.load()
            except ConfigurationError:
                raise
            except MCPError as failure:
                log.warning("serving without the database for now: %s", failure.message)
        server = self._server()
        options = server.create_initialization_options(
            NotificationOptions(tools_changed=True, resources_changed=True, prompts_changed=True)
        )
        try:
            async with anyio.create_task_group() as background:
                background.start_soon(stdio.until_told_to_end, background.cancel_scope)
                background.start_soon(self._gateway.follow_catalog, self.reload)
                background.start_soon(self._record_regularly)
                async with stdio.streams(background.cancel_scope) as (incoming, outgoing):
                    await server.run(incoming, outgoing, options)
                background.cancel_scope.cancel()
        finally:
            with anyio.move_on_after(1, shield=True):
                await self._gateway.record(self._telemetry)

    def _server(self) -> Server[Any]:
        server: Server[Any] = Server(
            "storekeeper",
            version=version("storekeeper"),
            title="Storekeeper",
            instructions=self.instructions(),
            get_tool_input_schema=self._input_schema,
            on_list_tools=_guarded(self._list_tools),
            on_call_tool=self._call_tool,
            on_list_resources=_guarded(self._list_resources),
            on_list_resource_templates=_guarded(self._list_resource_templates),
            on_read_resource=_guarded(self._read_resource),
            on_list_prompts=_guarded(self._list_prompts),
            on_get_prompt=_guarded(self._get_prompt),
            on_completion=_guarded(self._complete),
            on_subscriptions_listen=ListenHandler(self._bus),
        )
        server.add_notification_handler(
            "notifications/initialized", t.NotificationParams, self._remember_connection
        )
        return server

    async def _published(self) -> Catalog:
        # Somebody who was refused may have been let in since.
        if self._catalog is None or self._refusal is not None:
            await self.load()
        return self._catalog or Catalog()

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
                None,
                refusal.request_id,
                sqlstate=refusal.sqlstate,
            )
        )
        return refusal

    async def _run(
        self, function: Function, arguments: dict[str, Any], progress: Progress | None = None
    ) -> str:
        """Checks, calls and records; returns the JSON text."""
        request_id = secrets.token_hex(8)
        started = time.perf_counter()
        outcome, sqlstate, rows, retries = "MCP_ERROR", None, None, 0
        try:
            given = function.check(arguments)
            answer = await self._gateway.run(
                Request(
                    function.statement(given),
                    given or None,
                    writes=function.writes,
                    timeout_ms=function.timeout_ms,
                    holds_sql=function.holds_sql,
                    request_id=request_id,
                    progress=progress,
                )
            )
            text = results.render(function, answer)
            outcome, rows, retries = "ok", len(answer.rows), answer.retries
        except MCPError as error:
            outcome, sqlstate, retries = error.error_code, error.sqlstate, error.retries
            error.request_id = request_id
            raise
        except Exception:  # noqa: BLE001 (on older protocols the SDK would send its text to the client)
            raise _unexpected(f"{function.kind} {function.name}", request_id) from None
        except anyio.get_cancelled_exc_class():
            outcome = "CANCELLED"
            raise
        finally:
            name = function.name if function.kind == "tool" else f"{function.kind}_{function.name}"
            duration_ms = round((time.perf_counter() - started) * 1000, 3)
            principal = self._gateway.principal
            self._telemetry.tell(
                Call(name, principal, outcome, duration_ms, rows, request_id, retries, sqlstate)
            )
        return text

    async def _call_tool(self, context: Context, params: t.CallToolRequestParams) -> Any:
        reports: list[asyncio.Task[None]] = []

        def relay(done: float, total: float, message: str) -> None:
            report = context.session.report_progress(done, total, message)
            reports.append(asyncio.create_task(report))

        try:
            text = await self.call(params.name, params.arguments or {}, relay)
            await asyncio.gather(*reports)
            content = results.structured(text)
        except MCPError as error:
            return results.error_result(error)
        except ProtocolError:
            raise
        except Exception:  # noqa: BLE001 (as in _run)
            return results.error_result(_unexpected(f"tool {params.name}"))
        return {
            "content": [{"type": "text", "text": text}],
            "structuredContent": content,
            "isError": False,
            "resultType": "complete",
        }

    async def _list_tools(self, _: Context, __: Any) -> t.ListToolsResult:
        return t.ListToolsResult(tools=surface.tools(await self._published()))

    async def _list_resources(self, _: Context, __: Any) -> t.ListResourcesResult:
        return t.ListResourcesResult(resources=surface.resources(await self._published()))

    async def _list_resource_templates(self, _: Context, __: Any) -> t.ListResourceTemplatesResult:
        templates = surface.resource_templates(await self._published())
        return t.ListResourceTemplatesResult(resource_templates=templates)

    async def _read_resource(
        self, _: Context, params: t.ReadResourceRequestParams
    ) -> t.ReadResourceResult:
        resources = (await self._published()).of("resource")
        for function in resources.values():
            given = None
            with suppress(InvalidUriTemplate):  # one bad comment leaves the others as they are
                given = UriTemplate.parse(function.uri).match(params.uri)
            if given is not None:
                texts = {name: str(value) for name, value in given.items()}
                text = await self._run(function, function.from_texts(texts))
                if function.shape == "value" and not function.mime_type.endswith("json"):
                    text = str(results.structured(text)["value"])
                return t.ReadResourceResult(
                    contents=[
                        t.TextResourceContents(
                            uri=params.uri, mime_type=function.mime_type, text=text
                        )
                    ]
                )
        raise self._refused() or results.unknown(
            "resource", params.uri, (f.uri for f in resources.values())
        )

    async def _list_prompts(self, _: Context, __: Any) -> t.ListPromptsResult:
        return t.ListPromptsResult(prompts=surface.prompts(await self._published()))

    async def _get_prompt(self, _: Context, params: t.GetPromptRequestParams) -> t.GetPromptResult:
        prompts = (await self._published()).of("prompt")
        function = prompts.get(params.name)
        if function is None:
            raise self._refused() or results.unknown("prompt", params.name, prompts)
        text = await self._run(function, function.from_texts(params.arguments or {}))
        messages = [
            t.PromptMessage(role=row["role"], content=t.TextContent(text=row["content"]))
            for row in json.loads(text)["rows"]
        ]
        return t.GetPromptResult(description=function.description, messages=messages)

    async def _complete(self, _: Context, params: t.CompleteRequestParams) -> t.CompleteResult:
        function = (await self._published()).of("completion").get(params.argument.name)
        if function is None:
            return t.CompleteResult(completion=t.Completion(values=[]))
        chosen = (params.context.arguments if params.context else None) or {}
        text = await self._run(function, {"prefix": params.argument.value, "context": chosen})
        values = [next(iter(row.values())) for row in json.loads(text)["rows"]]
        return t.CompleteResult(
            completion=t.Completion(
                values=values[:COMPLETIONS], total=len(values), has_more=len(values) > COMPLETIONS
            )
        )

    async def _remember_connection(self, context: Context, _: Any) -> None:
        # The session is a new object at each message; the connection behind it has no public name.
        self._connections.add(context.session._connection)  # noqa: SLF001

    async def _record_regularly(self) -> None:
        while True:
            await anyio.sleep(RECORD_EVERY)
            await self._gateway.record(self._telemetry)

    def _input_schema(self, name: str) -> dict[str, Any] | None:
        function = (self._catalog or Catalog()).of("tool").get(name)
        return function.input_schema if function else None


def _guarded(
    handler: Callable[[Context, Any], Awaitable[Any]],
) -> Callable[[Context, Any], Awaitable[Any]]:
    """Failures of everything but tools/call are protocol errors, and never another text than ours."""

    async def guarded(context: Context, params: Any) -> Any:
        try:
            return await handler(context, params)
        except ProtocolError:
            raise
        except MCPError as error:
            raise results.protocol_error(error) from None
        except Exception:  # noqa: BLE001 (as in _call_tool)
            raise results.protocol_error(_unexpected(context.method)) from None

    return guarded


def _unexpected(where: str, request_id: str | None = None) -> MCPError:
    error = MCPError("Something went wrong inside the server.", hint="Report the request id.")
    error.request_id = request_id or secrets.token_hex(8)
    log.exception("unexpected failure in %s", where, extra={"request_id": error.request_id})
    return error
