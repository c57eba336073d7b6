"""PostgreSQL's JSON as the answer to a client: one text, parsed once."""

from __future__ import annotations

import re

from storekeeper.catalog import Function
from storekeeper.gateway import Answer
from storekeeper.pgtypes import SAFE_INTEGER

TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?')
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
    whole = token.partition(".")[0]
    return f'"{token}"' if len(whole) >= 16 and abs(int(whole)) > SAFE_INTEGER else token
