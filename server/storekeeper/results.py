"""Answers to a client: PostgreSQL's JSON as a result, and failures in both of MCP's forms."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Any

from pydantic_core import from_json, to_json

from storekeeper.errors import LimitError, MCPError, NotFoundError, ValidationError
from storekeeper.function import Function
from storekeeper.jsonrpc import INTERNAL_ERROR, INVALID_PARAMS, ProtocolError
from storekeeper.pgtypes import SAFE_INTEGER
from storekeeper.request import Answer

TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?')
LONG_NUMBER = re.compile(rb"\d{16}")
DEEP = 100  # brackets, below which no text is too deep to read
NAME_SHOWN = 100  # characters of a name that is not known
ERROR_META = "storekeeper/error"
TRUNCATED = b"There is more than this: narrow the request, or ask for an aggregate."


def render(function: Function, answer: Answer) -> bytes:
    """The JSON text of a result, which conforms to the function's outputSchema."""
    first = answer.rows[0] if answer.rows else None
    match function.shape:
        case "rows":
            hint = b',"hint":"%b"' % TRUNCATED if answer.truncated else b""
            text = b'{"rows":[%b],"row_count":%d,"truncated":%b%b}' % (
                b",".join(answer.rows),
                len(answer.rows),
                b"true" if answer.truncated else b"false",
                hint,
            )
        case "nothing":
            text = b"{}"
        case "json":
            text = first.strip() if first else b"null"
            if not text.startswith(b"{"):
                text = b'{"value":%b}' % text
        case _:
            text = first or b"{}"
    # In texts line ends are escaped; those between the members would end the message.
    return _checked(exact(text.replace(b"\n", b" ").replace(b"\r", b" ")))


def success(text: bytes) -> bytes:
    """A tool's result: PostgreSQL's JSON as it is, for a model as text and for a program as structure."""
    shown = to_json(text.decode())
    return b'{"content":[{"type":"text","text":%b}],"structuredContent":%b,"isError":false}' % (
        shown,
        text,
    )


def _checked(text: bytes) -> bytes:
    """The same text, unless clients could not read it."""
    if text.count(b"[") + text.count(b"{") > DEEP or b"\\ud" in text.lower():
        try:
            from_json(text)
        except ValueError:
            raise LimitError(
                "The answer is nested too deeply, or holds half a surrogate pair.",
                hint="Ask for rows with fewer levels of structure.",
            ) from None
    return text


def exact(text: bytes) -> bytes:
    """The same JSON with numbers that a double would round to another whole number as strings."""
    return TOKENS.sub(_exact_number, text) if LONG_NUMBER.search(text) else text


def _exact_number(found: re.Match[bytes]) -> bytes:
    token = found[0]
    if token.startswith(b'"') or b"e" in token.lower():
        return token
    whole = token.partition(b".")[0].lstrip(b"-0")
    # Python makes no integer of thousands of digits.
    too_large = len(whole) > 16 or (len(whole) == 16 and int(whole) > SAFE_INTEGER)
    return b'"%b"' % token if too_large else token


def unknown(kind: str, name: str, known: Iterable[str]) -> ProtocolError:
    """A protocol error, as MCP wants it for a name that is not published."""
    known = sorted(known)
    name = name if len(name) <= NAME_SHOWN else name[:NAME_SHOWN] + "…"
    near = difflib.get_close_matches(name, known, n=3) or known[:10]
    hint = f"Did you mean {', '.join(near)}?" if near else f"No {kind} is published to you."
    return ProtocolError(
        INVALID_PARAMS,
        f"Unknown {kind}: {name}. {hint}",
        {"error_code": "NOT_FOUND", "hint": hint},
    )


def error_result(error: MCPError) -> dict[str, Any]:
    """A failed call as a tool result: what to do, then what went wrong. Clients check structuredContent
    against the outputSchema even here, so the machine-readable form goes into _meta."""
    facts = error.as_dict()
    text = f"{facts['hint']}\n{error.error_code}: {error.message}"
    for label in ("detail", "retry_after", "sqlstate", "request_id"):
        if label in facts:
            text += f"\n{label}: {facts[label]}"
    return {
        "content": [{"type": "text", "text": text}],
        "isError": True,
        "_meta": {ERROR_META: facts},
    }


def protocol_error(error: MCPError) -> ProtocolError:
    at_fault = isinstance(error, ValidationError | NotFoundError)
    code = INVALID_PARAMS if at_fault else INTERNAL_ERROR
    facts = error.as_dict()
    return ProtocolError(code, f"{error.message} {facts['hint']}", facts)
