"""JSON-RPC 2.0 as MCP speaks it: messages from bytes and to bytes, and its errors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic_core import PydanticSerializationError, from_json, to_json

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
UNSUPPORTED_PROTOCOL_VERSION = -32022

Id = int | str
Wire = bytes | Mapping[str, Any]  # a result: ready JSON, or what becomes JSON


class ProtocolError(Exception):
    """A request that is answered with an error of JSON-RPC, not with a result."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data


def decode(line: bytes | bytearray) -> Any:
    """The message in a line; a ProtocolError when it is no JSON."""
    try:
        return from_json(line)
    except ValueError:
        pass
    # The fast parser refuses half a surrogate pair and bytes that are no UTF-8. What can be read all
    # the same is refused, or answered, where it has an id that the client waits for.
    try:
        return json.loads(line.decode(errors="replace"))
    except (ValueError, RecursionError):
        raise ProtocolError(PARSE_ERROR, "The line is not JSON.") from None


def encode(value: Any) -> bytes:
    try:
        return to_json(value, inf_nan_mode="constants")
    except PydanticSerializationError:  # half a surrogate pair, which the client has sent
        return json.dumps(value, ensure_ascii=False).encode(errors="replace")


def answer(identifier: Id, result: Wire) -> bytes:
    ready = result if isinstance(result, bytes) else encode(result)
    return b'{"jsonrpc":"2.0","id":%b,"result":%b}\n' % (encode(identifier), ready)


def failure(identifier: Id | None, error: ProtocolError) -> bytes:
    facts = {"code": error.code, "message": error.message}
    if error.data is not None:
        facts["data"] = error.data
    return b'{"jsonrpc":"2.0","id":%b,"error":%b}\n' % (encode(identifier), encode(facts))


def notification(method: str, params: Mapping[str, Any] | None = None) -> bytes:
    message: dict[str, Any] = {"jsonrpc": "2.0", "method": method}
    if params is not None:
        message["params"] = params
    return encode(message) + b"\n"
