"""What a person reads in a terminal: tables, facts and a progress bar."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from storekeeper import sample

console = Console(highlight=False)


def show_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def show_rows(rows: Sequence[Mapping[str, Any]], title: str | None = None) -> None:
    """Rows as a table, numbers to the right."""
    if not rows:
        console.print(f"{title}: no rows" if title else "no rows", style="dim")
        return
    table = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold")
    for name in rows[0]:
        number = all(isinstance(row[name], int | float | None) for row in rows)
        table.add_column(name, justify="right" if number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(readable(row.get(name))) for name in rows[0]))
    console.print(table)


def show(value: Mapping[str, Any]) -> None:
    """A tool's result: its rows as a table, or its members, tables within them."""
    if "rows" in value:
        show_rows(value["rows"])
        if value.get("truncated"):
            console.print(value.get("hint", "There is more than this."), style="yellow")
        return
    for name, member in value.items():
        if isinstance(member, list) and member and isinstance(member[0], dict):
            show_rows(member, title=name)
        elif isinstance(member, list):
            console.print(f"[bold]{name}[/]")
            for item in member:
                console.print(Text(f"  {readable(item)}"))
        else:
            console.print(Text.assemble((f"{name}: ", "bold"), readable(member)))


def readable(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return f"{value:,}"
        case dict():
            return ", ".join(f"{k} {readable(v)}" for k, v in value.items())
        case list():
            return ", ".join(map(readable, value))
    return str(value)


@contextmanager
def progress_bar(title: str) -> Iterator[sample.Progress]:
    """A bar on stderr, so that stdout stays clean."""
    columns = (TextColumn(title), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    detail = TextColumn("{task.description}", style="dim")
    with Progress(*columns, TimeElapsedColumn(), detail, console=Console(stderr=True)) as bar:
        task = bar.add_task("")

        def move(done: float, total: float, message: str) -> None:
            bar.update(task, completed=done, total=total, description=message)

        yield move
