"""Resource addresses: which template an address fits, and what its variables are."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote

LONGEST = 2048  # characters
# RFC 6570: {name} is a part without a slash, {+name} may hold slashes.
VARIABLE = re.compile(r"\{(\+?)([A-Za-z_][A-Za-z0-9_]*)\}")
PARTS = {"": "([^/?#]*)", "+": "([^?#]*)"}


def match(template: str, address: str) -> dict[str, str] | None:
    """The variables of an address by name, or None when it does not fit the template."""
    found = None if len(address) > LONGEST else _pattern(template).fullmatch(address)
    if found is None:
        return None
    names = [name for _, name in VARIABLE.findall(template)]
    return dict(zip(names, map(unquote, found.groups()), strict=True))


@lru_cache
def _pattern(template: str) -> re.Pattern[str]:
    *pieces, tail = VARIABLE.split(template)
    literals, operators = pieces[::3], pieces[1::3]
    parts = (re.escape(text) + PARTS[kind] for text, kind in zip(literals, operators, strict=True))
    return re.compile("".join(parts) + re.escape(tail))
