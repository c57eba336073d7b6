"""A client's session: its messages in, the answers out; in which era of MCP; what runs, and its cancel.

The first request decides the era for good: one that carries the envelope of 2026-07-28 in its `_meta`
opens a modern session, which needs no handshake; anything else one of the older protocols, where
`initialize` comes first.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from storekeeper import jsonrpc
from storekeeper.jsonrpc import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    UNSUPPORTED_PROTOCOL_VERSION,
    Id,
    ProtocolError,
    Wire,
)
from storekeeper.progress import Progress

log = logging.getLogger("storekeeper.session")

HANDSHAKE_VERSIONS = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
MODERN_VERSIONS = ("2026-07-28",)

META = "io.modelcontextprotocol/"
VERSION, CAPABILITIES = META + "protocolVersion", META + "clientCapabilities"
SERVER_INFO, SUBSCRIPTION_ID = META + "serverInfo", META + "subscriptionId"

CAN = {
    "tools": {"listChanged": True},
    "resources": {"listChanged": True, "subscribe": False},
    "prompts": {"listChanged": True},
    "completions": {},
}
KINDS = ("tools", "resources", "prompts")  # what clients are told of when it changes
HALF_PAIR = re.compile("[\ud800-\udfff]")  # of UTF-16, which no JSON text may hold
SUBSCRIPTIONS = 64  # streams that one client may have open

Params = dict[str, Any]


@dataclass(frozen=True)
class Context:
    """What a handler may want to know of its request."""

    progress: Progress | None = None  # tells a client that asked for it
    trace: str | None = None  # W3C traceparent


Handler = Callable[[Params, Context], Wire | Awaitable[Wire]]


@dataclass(frozen=True)
class Methods:
    """What a session can be asked: the methods of both eras, and how the server introduces itself."""

    handlers: Mapping[str, Handler]
    server_info: Mapping[str, str]
    instructions: Callable[[], Awaitable[str]]


class Session:
    """One client. `hear` takes its lines, `send` is given ours."""

    def __init__(self, methods: Methods, send: Callable[[bytes], None]) -> None:
        self._methods = methods
        self._send = send
        self._version: str | None = None  # unknown before the first request
        self._modern = False
        self._initialized = False
        self._running: dict[Id, asyncio.Task[None]] = {}
        self._subscriptions: dict[Id, frozenset[str]] = {}
        self._own: Mapping[str, Handler] = {
            "ping": lambda _, __: {},
            "initialize": self._initialize,
            "server/discover": self._discover,
        }
        self._stamp = b'"resultType":"complete","_meta":%b' % jsonrpc.encode(
            {SERVER_INFO: methods.server_info}
        )

    def hear(self, line: bytes | bytearray | None) -> None:
        """Takes one line; None stands for one that was too long to keep."""
        if line is not None and not line.strip():
            return
        identifier: Id | None = None
        try:
            message = _message(line)
            identifier = _identifier(message)
            self._take(message, identifier)
        except ProtocolError as error:
            self._send(jsonrpc.failure(identifier, error))
        except Exception:
            log.exception("unexpected failure in a line")
            self._send(jsonrpc.failure(identifier, _internal()))

    def tell_change(self) -> None:
        """What is published has changed."""
        for kind in KINDS:
            method = f"notifications/{kind}/list_changed"
            if self._initialized:
                self._send(jsonrpc.notification(method))
            for subscription, kinds in self._subscriptions.items():
                if kind in kinds:
                    about = {"_meta": {SUBSCRIPTION_ID: subscription}}
                    self._send(jsonrpc.notification(method, about))

    async def end(self, grace: float, patience: float) -> None:
        """Lets what runs end by itself for `grace` seconds, then cancels it and waits for `patience`."""
        for subscription in list(self._subscriptions):
            self._unsubscribe(
                subscription, self._stamped({"_meta": {SUBSCRIPTION_ID: subscription}})
            )
        if self._running:
            await asyncio.wait(list(self._running.values()), timeout=grace)
        if running := list(self._running.values()):
            for task in running:
                task.cancel()
            await asyncio.wait(running, timeout=patience)

    def _take(self, message: dict[str, Any], identifier: Id | None) -> None:
        method, params = message.get("method"), message.get("params")
        if method is None and ("result" in message or "error" in message):
            return  # an answer, though we ask nothing
        if message.get("jsonrpc") != "2.0" or not isinstance(method, str):
            raise ProtocolError(INVALID_REQUEST, "That is no request of JSON-RPC 2.0.")
        if params is not None and not isinstance(params, dict):
            raise ProtocolError(INVALID_PARAMS, "params must be an object.")
        if "id" not in message:
            self._notice(method, params or {})
        elif identifier is None:
            raise ProtocolError(INVALID_REQUEST, "An id is a string or a whole number.")
        elif identifier in self._running or identifier in self._subscriptions:
            raise ProtocolError(INVALID_REQUEST, "A request with this id is still running.")
        else:
            self._request(identifier, method, params or {})

    def _notice(self, method: str, params: Params) -> None:
        if method == "notifications/cancelled":
            identifier = _identifier({"id": params.get("requestId")})
            if identifier in self._running:
                self._running[identifier].cancel()
            elif identifier in self._subscriptions:
                del self._subscriptions[identifier]
        elif method == "notifications/initialized":
            self._initialized = self._version is not None and not self._modern

    def _request(self, identifier: Id, method: str, params: Params) -> None:
        meta = params.get("_meta")
        meta = meta if isinstance(meta, dict) else {}
        self._check_era(method, params, meta)
        if method == "subscriptions/listen" and self._modern:
            self._subscribe(identifier, params)
            return
        handler = self._handler(method)
        result = handler(params, self._context(meta))
        if isinstance(result, Awaitable):
            task = asyncio.create_task(self._run(identifier, method, result))
            self._running[identifier] = task
            task.add_done_callback(lambda _: self._forget(identifier, result))
        else:
            self._answer(identifier, result)

    def _check_era(self, method: str, params: Params, meta: dict[str, Any]) -> None:
        enveloped = VERSION in meta and method != "initialize"
        if self._version is None and not self._modern:
            self._modern = enveloped
        if self._modern:
            if method == "initialize":
                raise _unsupported(
                    "This session speaks 2026-07-28, which has no initialize.",
                    params.get("protocolVersion"),
                )
            if missing := [key for key in (VERSION, CAPABILITIES) if key not in meta]:
                raise ProtocolError(INVALID_PARAMS, f"params._meta lacks {' and '.join(missing)}.")
            if meta[VERSION] not in MODERN_VERSIONS:
                raise _unsupported("Unsupported protocol version.", meta[VERSION])
            if not isinstance(meta[CAPABILITIES], dict):
                raise ProtocolError(INVALID_PARAMS, f"{CAPABILITIES} must be an object.")
            self._version = meta[VERSION]
        elif enveloped:
            raise ProtocolError(
                INVALID_REQUEST, "This session began with initialize: no envelope of 2026-07-28."
            )

    def _handler(self, method: str) -> Handler:
        legacy_only, modern_only = {"ping", "initialize"}, {"server/discover"}
        handler = self._own.get(method) or self._methods.handlers.get(method)
        if handler is None or method in (legacy_only if self._modern else modern_only):
            raise ProtocolError(METHOD_NOT_FOUND, "Method not found", method)
        if self._version is None and method not in legacy_only:
            raise ProtocolError(INVALID_PARAMS, "Send initialize first.")
        return handler

    def _context(self, meta: dict[str, Any]) -> Context:
        token, trace = meta.get("progressToken"), meta.get("traceparent")

        def tell(done: float, total: float, message: str) -> None:
            params = {"progressToken": token, "progress": done, "total": total, "message": message}
            self._send(jsonrpc.notification("notifications/progress", params))

        wanted = isinstance(token, str | int) and not isinstance(token, bool)
        return Context(tell if wanted else None, trace if isinstance(trace, str) else None)

    async def _run(self, identifier: Id, method: str, work: Awaitable[Wire]) -> None:
        """Answers, unless it is cancelled: such a request gets no answer."""
        try:
            self._answer(identifier, await work)
        except ProtocolError as error:
            self._send(jsonrpc.failure(identifier, error))
        except Exception:
            log.exception("unexpected failure in %s", method)
            self._send(jsonrpc.failure(identifier, _internal()))

    def _forget(self, identifier: Id, work: Awaitable[Wire]) -> None:
        """Not in the task itself, which never begins where its cancel comes with the request."""
        del self._running[identifier]
        if isinstance(work, Coroutine):
            work.close()

    def _answer(self, identifier: Id, result: Wire) -> None:
        self._send(jsonrpc.answer(identifier, self._stamped(result) if self._modern else result))

    def _stamped(self, result: Wire) -> Wire:
        """The result as modern clients want it: with its type, and who answers."""
        if isinstance(result, bytes):
            return result[:-1] + (b"," if len(result) > 2 else b"") + self._stamp + b"}"
        meta = {SERVER_INFO: self._methods.server_info, **result.get("_meta", {})}
        return {**result, "resultType": "complete", "_meta": meta}

    def _initialize(self, params: Params, _: Context) -> Awaitable[Wire]:
        # At once: the client may have sent its next request with this one.
        requested = params.get("protocolVersion")
        if not isinstance(requested, str):
            raise ProtocolError(INVALID_PARAMS, "initialize lacks protocolVersion.")
        known = requested in HANDSHAKE_VERSIONS
        self._version = requested if known else HANDSHAKE_VERSIONS[-1]
        return self._greeting(self._version)

    async def _greeting(self, version: str) -> Wire:
        return {
            "protocolVersion": version,
            "serverInfo": self._methods.server_info,
            "capabilities": CAN,
            "instructions": await self._methods.instructions(),
        }

    async def _discover(self, _: Params, __: Context) -> Wire:
        return {
            "supportedVersions": MODERN_VERSIONS,
            "capabilities": CAN,
            "instructions": await self._methods.instructions(),
            "ttlMs": 0,
            "cacheScope": "private",
        }

    def _subscribe(self, identifier: Id, params: Params) -> None:
        wanted = params.get("notifications")
        if not isinstance(wanted, dict):
            raise ProtocolError(INVALID_PARAMS, "subscriptions/listen lacks notifications.")
        if len(self._subscriptions) >= SUBSCRIPTIONS:
            raise ProtocolError(INVALID_REQUEST, f"{SUBSCRIPTIONS} subscriptions are open already.")
        kinds = frozenset(k for k in KINDS if wanted.get(f"{k}ListChanged") is True)
        self._subscriptions[identifier] = kinds
        honoured = {f"{kind}ListChanged": True for kind in KINDS if kind in kinds}
        about = {"notifications": honoured, "_meta": {SUBSCRIPTION_ID: identifier}}
        self._send(jsonrpc.notification("notifications/subscriptions/acknowledged", about))

    def _unsubscribe(self, identifier: Id, result: Wire) -> None:
        del self._subscriptions[identifier]
        self._send(jsonrpc.answer(identifier, result))


def _message(line: bytes | bytearray | None) -> dict[str, Any]:
    if line is None:
        raise ProtocolError(PARSE_ERROR, "The line is too long.")
    message = jsonrpc.decode(line)
    if isinstance(message, dict):
        return message
    kind = "A batch" if isinstance(message, list) else "That"
    raise ProtocolError(INVALID_REQUEST, f"{kind} is not served: send one JSON-RPC object.")


def _identifier(message: Mapping[str, Any]) -> Id | None:
    found = message.get("id")
    if isinstance(found, str) and HALF_PAIR.search(found):
        return None  # no answer could bear it
    return found if isinstance(found, str | int) and not isinstance(found, bool) else None


def _internal() -> ProtocolError:
    return ProtocolError(INTERNAL_ERROR, "Internal error.")


def _unsupported(message: str, requested: Any) -> ProtocolError:
    named = requested if isinstance(requested, str) else ""
    data = {"supported": MODERN_VERSIONS, "requested": named}
    return ProtocolError(UNSUPPORTED_PROTOCOL_VERSION, message, data)
