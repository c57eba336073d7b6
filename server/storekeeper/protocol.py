"""MCP over catalog and gateway: the SDK's low-level server and its handlers."""

from __future__ import annotations

import difflib
import json
import logging
import os
import secrets
import signal
import time
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from copy import copy
from importlib.metadata import version
from typing import Any, cast

import anyio
import mcp_types as t
from mcp.server import NotificationOptions, Server, ServerRequestContext
from mcp.server.stdio import stdio_server
from mcp.server.subscriptions import (
    InMemorySubscriptionBus,
    ListenHandler,
    PromptsListChanged,
    ResourcesListChanged,
    ToolsListChanged,
)
from mcp.shared.exceptions import MCPError as ProtocolError
from mcp.shared.uri_template import InvalidUriTemplate, UriTemplate
from pydantic_core import from_json

from storekeeper import results
from storekeeper.catalog import CATALOG, Catalog, Function
from storekeeper.errors import (
    AuthorizationError,
    ConfigurationError,
    MCPError,
    NotFoundError,
    ValidationError,
)
from storekeeper.gateway import Gateway, Request
from storekeeper.telemetry import Call, Telemetry

log = logging.getLogger("storekeeper.protocol")

Context = ServerRequestContext[Any]

FIRST_LOAD = 5  # seconds that the start waits for the catalog
RECORD_EVERY = 5  # seconds
COMPLETIONS = 100  # MCP's limit
NAME_SHOWN = 100  # characters of a name that is not known
STDIN, STDOUT, STDERR = 0, 1, 2
AT_ONCE = 4096  # bytes that a pipe with room takes without blocking (PIPE_BUF)
ERROR_META = "storekeeper/error"


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
        """Reads the catalog anew."""
        try:
            answer = await self._gateway.run(Request(CATALOG, capped=False, request_id="catalog"))
        except AuthorizationError as refusal:
            self._catalog, self._refusal = Catalog(), refusal
        else:
            self._catalog, self._refusal = Catalog.load(json.loads(answer.rows[0])), None

    async def reload(self) -> None:
        """Reads the catalog anew and tells clients when it has changed."""
        before = self._catalog or Catalog()
        try:
            await self.load()
        except MCPError as failure:
            log.warning("catalog not reloaded: %s", failure.message)
            return
        if self._surface(before) != self._surface(self._catalog or Catalog()):
            log.info("the published functions have changed")
            for event in (ToolsListChanged(), ResourcesListChanged(), PromptsListChanged()):
                await self._bus.publish(event)
            for connection in list(self._connections):
                await connection.send_tool_list_changed()
                await connection.send_resource_list_changed()
                await connection.send_prompt_list_changed()

    async def call(self, name: str, arguments: dict[str, Any]) -> str:
        """Calls a tool and returns the JSON text of its result; a failure is an MCPError or, for an
        unknown name, a ProtocolError."""
        catalog = await self._published()
        function = catalog.of("tool").get(name)
        if function is None:
            raise self._refused() or unknown("tool", name, catalog.of("tool"))
        return await self._run(function, arguments)

    async def call_with_texts(self, name: str, words: dict[str, Any]) -> str:
        """The same, with arguments as a person types them at a prompt."""
        function = (await self._published()).of("tool").get(name)
        return await self.call(name, function.from_texts(words) if function else words)

    async def tools(self) -> list[t.Tool]:
        catalog = await self._published()
        if refusal := self._refused():
            raise refusal
        return published_tools(catalog)

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
                background.start_soon(_until_told_to_end, background.cancel_scope)
                background.start_soon(self._gateway.follow_catalog, self.reload)
                background.start_soon(self._record_regularly)
                with _stdout() as descriptor:
                    lines, answers = _lines(STDIN), _Answers(descriptor, background.cancel_scope)
                    # Not the SDK's own: it blocks in threads, for which the process could not end.
                    async with stdio_server(cast(Any, lines), cast(Any, answers)) as (i, o):
                        await server.run(i, o, options)
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

    async def _run(self, function: Function, arguments: dict[str, Any]) -> str:
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
                )
            )
            text = results.render(function, answer)
            outcome, rows, retries = "ok", len(answer.rows), answer.retries
        except MCPError as error:
            outcome, sqlstate = error.error_code, error.sqlstate
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

    async def _call_tool(self, _: Context, params: t.CallToolRequestParams) -> Any:
        try:
            text = await self.call(params.name, params.arguments or {})
        except MCPError as error:
            return error_result(error)
        except ProtocolError:
            raise
        except Exception:  # noqa: BLE001 (as in _run)
            return error_result(_unexpected(f"tool {params.name}"))
        return {
            "content": [{"type": "text", "text": text}],
            "structuredContent": from_json(text),
            "isError": False,
            "resultType": "complete",
        }

    async def _list_tools(self, _: Context, __: Any) -> t.ListToolsResult:
        return t.ListToolsResult(tools=published_tools(await self._published()))

    async def _list_resources(self, _: Context, __: Any) -> t.ListResourcesResult:
        return t.ListResourcesResult(
            resources=[
                t.Resource(
                    uri=f.uri,
                    name=f.name,
                    title=f.title,
                    description=f.description,
                    mime_type=f.mime_type,
                )
                for f in (await self._published()).of("resource").values()
                if not f.arguments
            ]
        )

    async def _list_resource_templates(self, _: Context, __: Any) -> t.ListResourceTemplatesResult:
        return t.ListResourceTemplatesResult(
            resource_templates=[
                t.ResourceTemplate(
                    uri_template=f.uri,
                    name=f.name,
                    title=f.title,
                    description=f.description,
                    mime_type=f.mime_type,
                )
                for f in (await self._published()).of("resource").values()
                if f.arguments
            ]
        )

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
                    text = str(from_json(text)["value"])
                return t.ReadResourceResult(
                    contents=[
                        t.TextResourceContents(
                            uri=params.uri, mime_type=function.mime_type, text=text
                        )
                    ]
                )
        raise self._refused() or unknown(
            "resource", params.uri, (f.uri for f in resources.values())
        )

    async def _list_prompts(self, _: Context, __: Any) -> t.ListPromptsResult:
        return t.ListPromptsResult(
            prompts=[
                t.Prompt(
                    name=f.name,
                    title=f.title,
                    description=f.description,
                    arguments=[
                        t.PromptArgument(
                            name=a.name,
                            description=f.comment.named("param").get(a.name),
                            required=a.required,
                        )
                        for a in f.arguments
                    ],
                )
                for f in (await self._published()).of("prompt").values()
            ]
        )

    async def _get_prompt(self, _: Context, params: t.GetPromptRequestParams) -> t.GetPromptResult:
        prompts = (await self._published()).of("prompt")
        function = prompts.get(params.name)
        if function is None:
            raise self._refused() or unknown("prompt", params.name, prompts)
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

    @staticmethod
    def _surface(catalog: Catalog) -> list[dict[str, Any]]:
        return [{"kind": f.kind, "uri": f.uri, **_tool(f).model_dump()} for f in catalog.functions]


def published_tools(catalog: Catalog) -> list[t.Tool]:
    return [_tool(function) for function in catalog.of("tool").values()]


def unknown(kind: str, name: str, known: Iterable[str]) -> ProtocolError:
    """A protocol error, as MCP wants it for a name that is not published."""
    known = sorted(known)
    name = name if len(name) <= NAME_SHOWN else name[:NAME_SHOWN] + "…"
    near = difflib.get_close_matches(name, known, n=3) or known[:10]
    hint = f"Did you mean {', '.join(near)}?" if near else f"No {kind} is published to you."
    return ProtocolError(
        t.INVALID_PARAMS,
        f"Unknown {kind}: {name}. {hint}",
        {"error_code": "NOT_FOUND", "hint": hint},
    )


def error_result(error: MCPError) -> dict[str, Any]:
    """A failed call as a tool result. Clients check structuredContent against the outputSchema even
    here, so the machine-readable form goes into _meta and the text says everything too."""
    facts = error.as_dict()
    text = f"{error.error_code}: {error.message}"
    for label in ("detail", "hint", "retry_after", "sqlstate", "request_id"):
        if label in facts:
            text += f"\n{label}: {facts[label]}"
    return {
        "content": [{"type": "text", "text": text}],
        "isError": True,
        "resultType": "complete",
        "_meta": {ERROR_META: facts},
    }


def _tool(function: Function) -> t.Tool:
    return t.Tool(
        name=function.name,
        title=function.title,
        description=function.description,
        input_schema=function.input_schema,
        output_schema=function.output_schema,
        annotations=t.ToolAnnotations(
            read_only_hint=not function.writes,
            destructive_hint="destructive" in function.comment.tags,
            idempotent_hint=not function.writes,
            open_world_hint=False,
        ),
    )


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
            raise _protocol_error(error) from None
        except Exception:  # noqa: BLE001 (as in _call_tool)
            raise _protocol_error(_unexpected(context.method)) from None

    return guarded


def _protocol_error(error: MCPError) -> ProtocolError:
    at_fault = isinstance(error, ValidationError | NotFoundError)
    code = t.INVALID_PARAMS if at_fault else t.INTERNAL_ERROR
    return ProtocolError(code, f"{error.message} {error.hint or ''}".strip(), error.as_dict())


def _unexpected(where: str, request_id: str | None = None) -> MCPError:
    error = MCPError("Something went wrong inside the server.", hint="Report the request id.")
    error.request_id = request_id or secrets.token_hex(8)
    log.exception("unexpected failure in %s", where, extra={"request_id": error.request_id})
    return error


async def _until_told_to_end(scope: anyio.CancelScope) -> None:
    """Ends the scope on the first signal; another one ends the process as if nobody listened."""
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async for _ in signals:
            break
    scope.cancel()


@contextmanager
def _stdout() -> Iterator[int]:
    """stdout for the protocol alone: what anything else prints goes to stderr."""
    private = os.dup(STDOUT)
    os.dup2(STDERR, STDOUT)
    try:
        yield private
    finally:
        os.dup2(private, STDOUT)
        os.close(private)


async def _lines(descriptor: int) -> AsyncIterator[str]:
    """Lines as they come."""
    pending = bytearray()
    while True:
        with suppress(PermissionError):  # a regular file, which epoll doesn't take, never blocks
            await anyio.wait_readable(descriptor)
        if not (chunk := os.read(descriptor, 65536)):
            break
        pending += chunk
        if b"\n" in chunk:
            *lines, pending = pending.split(b"\n")
            for line in lines:
                yield line.decode(errors="replace")
    if pending:
        yield pending.decode(errors="replace")


class _Answers:
    """Writes to a client; ends the scope when it is gone."""

    def __init__(self, descriptor: int, scope: anyio.CancelScope) -> None:
        self._descriptor = descriptor
        self._scope = scope

    async def write(self, text: str) -> None:
        rest = memoryview(text.encode())
        try:
            while rest:
                with suppress(PermissionError):
                    await anyio.wait_writable(self._descriptor)
                rest = rest[os.write(self._descriptor, rest[:AT_ONCE]) :]
        except (BrokenPipeError, ConnectionResetError):
            self._scope.cancel()

    async def flush(self) -> None:
        pass
