"""What the gateway is asked to run, and what it answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from storekeeper.progress import Progress


@dataclass(frozen=True)
class Request:
    """One statement to run for a person. Limits that are left out are the server's own."""

    statement: str
    arguments: dict[str, Any] | None = None  # bound as one JSON parameter, where there are any
    function: str = ""
    writes: bool = False
    keyed: bool = False  # a repeat of this write is known by its key, and changes nothing more
    repeatable: bool = False  # by the client as well, which chose the key
    holds_sql: bool = False
    capped: bool = True  # whether rows and bytes are limited
    timeout_ms: int | None = None
    max_rows: int | None = None
    max_bytes: int | None = None
    retries: int | None = None
    concurrency: int | None = None  # calls of this function at once
    request_id: str = ""
    trace_id: str | None = None
    progress: Progress | None = None  # told what the statement reports of its progress
    with_snapshot: bool = False
    record: Callable[[Answer], dict[str, Any]] | None = None  # kept with a write


@dataclass
class Answer:
    """The JSON texts of the rows, one a row, and how it went."""

    rows: list[bytes]
    truncated: bool = False
    retries: int = 0
    db_ms: float = 0.0  # of the last attempt
    snapshot: str | None = None  # what the transaction saw, where asked for

    @property
    def size(self) -> int:
        """Bytes of the rows."""
        return sum(map(len, self.rows))
