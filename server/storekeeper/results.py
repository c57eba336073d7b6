"""Answers to a client: PostgreSQL's JSON as a result, and failures in both of MCP's forms."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Any

import mcp_types as t
from mcp.shared.exceptions import MCPError as ProtocolError
from pydantic_core import from_json

from storekeeper.catalog import Function
from storekeeper.errors import LimitError, MCPError, NotFoundError, ValidationError
from storekeeper.gateway import Answer
from storekeeper.pgtypes import SAFE_INTEGER

TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?')
NAME_SHOWN = 100  # characters of a name that is not known
ERROR_META = "storekeeper/error"
TRUNCATED = "There is more than this: narrow the request, or ask for an aggregate."


def render(function: Function, answer: Answer) -> str:
    """The JSON text of a result, which conforms to the function's outputSchema."""
    first = answer.rows[0] if answer.rows else None
    match function.shape:
        case "rows":
            hint = f',"hint":"{TRUNCATED}"' if answer.truncated else ""
            text = (
                f'{{"rows":[{",".join(answer.rows)}],"row_count":{len(answer.rows)},'
                f'"truncated":{str(answer.truncated).lower()}{hint}}}'
            )
        case "nothing":
            text = "{}"
        case "json":
            text = first.strip() if first else "null"
            if not text.startswith("{"):
                text = f'{{"value":{text}}}'
        case _:
            text = first or "{}"
    return exact(text)


def exact(text: str) -> str:
    """The same JSON with numbers that a double would round to another whole number as strings."""
    return TOKENS.sub(_exact_number, text) if re.search(r"\d{16}", text) else text


def _exact_number(found: re.Match[str]) -> str:
    token = found[0]
    if token[0] == '"' or "e" in token.lower():
        return token
    whole = token.partition(".")[0].lstrip("-0")
    # Python makes no integer of thousands of digits.
    too_large = len(whole) > 16 or (len(whole) == 16 and int(whole) > SAFE_INTEGER)
    return f'"{token}"' if too_large else token


def structured(text: str) -> Any:
    """The JSON text as structuredContent."""
    try:
        return from_json(text)
    except ValueError:
        raise LimitError(
            "The answer is nested too deeply.", hint="Ask for rows with fewer levels of structure."
        ) from None


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


def protocol_error(error: MCPError) -> ProtocolError:
    at_fault = isinstance(error, ValidationError | NotFoundError)
    code = t.INVALID_PARAMS if at_fault else t.INTERNAL_ERROR
    return ProtocolError(code, f"{error.message} {error.hint or ''}".strip(), error.as_dict())
