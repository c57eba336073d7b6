"""The attacks: one file a family, told apart by comments.

    -- attack: a short title, unique in its family
    -- as: store_managers head_office             (left out: every role)
    -- through: a buggy reading tool              (left out: free SQL)
    -- expect: 42501, 0A000                    (any of them)
    -- open: why it is not refused yet         (left out: it is; what is open must fail)
    SELECT … the text, up to the next attack

`-- expand:` followed by a Python expression stands for a text that is better computed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

FOLDER = Path(__file__).parent
ROLES = ("store_managers", "regional_managers", "head_office")
FREE_SQL = "free SQL"
READING = "a buggy reading tool"
WRITING = "a buggy writing tool"
WRITING_TOOLS = tuple(
    f"tool {name} " for name in ("adjust_inventory", "record_order", "transfer_stock")
)
LOGIN = "the login"
NO_ROWS, OWN_ROWS, ENDS = "no rows", "own rows", "ends"
ATTACK = "-- attack: "
HEADERS = re.compile(r"-- (as|through|expect|expand|open): (.*)")


@dataclass(frozen=True)
class Attack:
    """One text, the way it takes, and what may come of it."""

    family: str
    title: str
    text: str
    expected: tuple[str, ...]
    roles: tuple[str, ...] = ROLES
    through: str = FREE_SQL
    open: str = ""

    @property
    def name(self) -> str:
        return f"{self.family}/{self.title}"

    @property
    def writes(self) -> bool:
        """Whether the tool it goes through may change the caller's own rows."""
        return self.through == WRITING or self.through.startswith(WRITING_TOOLS)

    @property
    def is_bomb(self) -> bool:
        return self.family == "bombs" or ENDS in self.expected

    def filled(self, values: Mapping[str, str]) -> Attack:
        """With the known placeholders replaced; other braces stay."""
        text, through = self.text, self.through
        for name, value in values.items():
            text = text.replace(f"{{{name}}}", value)
            through = through.replace(f"{{{name}}}", value)
        return replace(self, text=text, through=through)


def read(folder: Path = FOLDER) -> list[Attack]:
    """Every attack of the folder, in order."""
    return [attack for path in sorted(folder.glob("*.sql")) for attack in _family(path)]


def _family(path: Path) -> list[Attack]:
    _, *parts = re.split(rf"^{ATTACK}", path.read_text(), flags=re.MULTILINE)
    attacks = [_attack(path.stem, part) for part in parts]
    if path.stem != "bombs":
        return attacks
    # Each takes seconds, and is about resources rather than rights: one role each, in turn.
    return [
        replace(attack, roles=(ROLES[n % len(ROLES)],)) if attack.roles == ROLES else attack
        for n, attack in enumerate(attacks)
    ]


def _attack(family: str, part: str) -> Attack:
    title, *lines = part.splitlines()
    headers: dict[str, str] = {}
    while lines and (found := HEADERS.fullmatch(lines[0])):
        headers[found[1]] = found[2].strip()
        del lines[0]
    text = "\n".join(lines).strip("\n")
    if "expand" in headers:
        if text.strip():
            raise ValueError(f"{family}/{title} has a text and an expression")
        text = str(eval(headers["expand"], {}))
    roles = tuple(headers.get("as", " ".join(ROLES)).split())
    if "expect" not in headers or not set(roles) <= set(ROLES):
        raise ValueError(f"{family}/{title} lacks an expectation or names an unknown role")
    return Attack(
        family=family,
        title=title.strip(),
        text=text,
        expected=tuple(word.strip() for word in headers["expect"].split(",")),
        roles=roles,
        through=headers.get("through", FREE_SQL),
        open=headers.get("open", ""),
    )
