"""What a person reads in a terminal: tables, facts and a progress bar."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich import box
from rich import progress as rich_progress
from rich.console import Console
from rich.table import Table
from rich.text import Text

NO_WRAP = 50  # characters up to which a column stays on one line
# What a terminal obeys, or shows so that one reads something else. Texts of the database may hold it.
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")

if TYPE_CHECKING:
    from storekeeper.progress import Progress

# Written to a file or a pipe, a table takes the room it needs.
console = Console(highlight=False, width=None if sys.stdout.isatty() else 180)


def harmless(text: str) -> str:
    """The text with what a terminal would obey as \\uXXXX, which JSON reads as what it was."""
    return OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def show_json(value: Any) -> None:
    sys.stdout.write(harmless(json.dumps(value, ensure_ascii=False, indent=2)) + "\n")


def show_rows(rows: Sequence[Mapping[str, Any]], title: str | None = None) -> None:
    """Rows as a table; numbers to the right, with the decimals of their column."""
    if not rows:
        console.print(Text(f"{harmless(title)}: none" if title else "none"), style="dim")
        return
    table = Table(
        title=Text(harmless(title)) if title else None,
        box=box.SIMPLE_HEAD,
        title_justify="left",
        title_style="bold",
    )
    columns = []
    for name in rows[0]:
        values = [row.get(name) for row in rows]
        number = all(isinstance(v, int | float | None) and not isinstance(v, bool) for v in values)
        decimals = max(min(4, len(repr(v).partition(".")[2])) for v in values) if number else 0
        texts = [f"{v:,.{decimals}f}" if number and v is not None else readable(v) for v in values]
        short = max(map(len, texts)) <= NO_WRAP
        table.add_column(
            Text(harmless(name)),
            justify="right" if number else "left",
            no_wrap=short,
            overflow="fold",
        )
        columns.append(map(Text, texts))
    for cells in zip(*columns, strict=True):
        table.add_row(*cells)
    console.print(table)


def show(value: Mapping[str, Any]) -> None:
    """A tool's result: its rows as a table, or its members, tables within them."""
    if "rows" in value:
        show_rows(value["rows"])
        if value.get("truncated"):
            console.print(value.get("hint", "There is more than this."), style="yellow")
        return
    for name, member in value.items():
        match member:
            case [{}, *_]:
                show_rows(member, title=name)
            case dict() if member and all(isinstance(v, dict) for v in member.values()):
                keys = next(iter(member.values()))
                show_rows(
                    [{"": key, **{n: m.get(key) for n, m in member.items()}} for key in keys], name
                )
            case list():
                console.print(Text(harmless(name), style="bold"))
                for item in member:
                    console.print(Text(f"  {readable(item)}"))
            case _:
                console.print(Text.assemble((f"{harmless(name)}: ", "bold"), readable(member)))


def readable(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return f"{value:,}"
        case dict():
            return ", ".join(f"{harmless(k)} {readable(v)}" for k, v in value.items())
        case list():
            return ", ".join(map(readable, value))
    return harmless(str(value))


@contextmanager
def progress_bar(title: str) -> Iterator[Progress]:
    """A bar on stderr, so that stdout stays clean; none where nothing is done."""
    columns = (
        rich_progress.TextColumn(title),
        rich_progress.BarColumn(),
        rich_progress.TextColumn("{task.percentage:>3.0f} %"),
        rich_progress.TimeElapsedColumn(),
        rich_progress.TextColumn("{task.description}", style="dim"),
    )
    with rich_progress.Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", visible=False)  # until something is under way

        def move(done: float, total: float, message: str) -> None:
            bar.update(task, completed=done, total=total, description=message, visible=True)

        yield move
