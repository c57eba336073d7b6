"""Resource addresses: which template an address fits, and what its variables are."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote

LONGEST = 2048  # characters
# RFC 6570: {name} is a part without a slash, {+name} may hold slashes.
VARIABLE = re.compile(r"\{(\+?)([A-Za-z_][A-Za-z0-9_]*)\}")


def match(template: str, address: str) -> dict[str, str] | None:
    """The variables of an address by name, or None when it does not fit the template."""
    found = None if len(address) > LONGEST else _pattern(template).fullmatch(address)
    if found is None:
        return None
    names = [name for _, name in VARIABLE.findall(template)]
    return dict(zip(names, map(unquote, found.groups()), strict=True))


@lru_cache
def _pattern(template: str) -> re.Pattern[str]:
    first, *rest = VARIABLE.split(template)
    pattern = re.escape(first)
    for operator, literal in zip(rest[::3], rest[2::3], strict=True):
        # A part ends where the text after it begins, for good: nothing is tried twice.
        end = re.escape(literal[:1])
        pattern += ("([^?#]*)" if operator else f"([^/?#{end}]*+)") + re.escape(literal)
    return re.compile(pattern)
