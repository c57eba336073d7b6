"""What happened: JSON lines on stderr, statsd counters and timings, and the record of calls."""

from __future__ import annotations

import json
import logging
import os
import re
import socket
import sys
import time
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pythonjsonlogger.json import JsonFormatter
from statsd import StatsClient

from storekeeper.errors import ConfigurationError
from storekeeper.settings import Settings

RECORD_LIMIT = 10_000  # calls kept while the database is away; older ones give way
LONGEST_ARGUMENTS = 8192  # characters of JSON that the record keeps
LONGEST_STATEMENT = 100_000  # characters
BATCH = 1000  # calls that are recorded at once
RECORD_ONLY = {"at", "arguments", "statement", "plan"}  # what no log line has

log = logging.getLogger("storekeeper.call")


@dataclass(frozen=True)
class Call:
    """One call as the log and the record keep it; times are in milliseconds."""

    tool: str
    principal: str | None
    outcome: str  # ok, CANCELLED, or an error code
    duration_ms: float
    request_id: str
    trace_id: str | None = None
    rows: int | None = None
    bytes: int | None = None
    db_ms: float | None = None
    retries: int = 0
    cached: bool = False
    sqlstate: str | None = None
    arguments: str | None = None  # JSON for the record alone, the secret ones masked
    statement: str | None = None
    plan: str | None = None
    at: str = field(default_factory=lambda: datetime.now(UTC).isoformat())


def configure_logging(level: str) -> None:
    """JSON lines to stderr: stdout belongs to the protocol."""
    if level.upper() not in logging.getLevelNamesMapping():
        raise ConfigurationError(
            "STOREKEEPER_LOG_LEVEL is no level.", hint="Use DEBUG, INFO, WARNING or ERROR."
        )
    formatter = JsonFormatter(
        "{asctime}{levelname}{name}{message}",
        style="{",
        rename_fields={"asctime": "ts", "levelname": "level", "name": "logger"},
    )
    formatter.converter = time.gmtime
    formatter.default_time_format, formatter.default_msec_format = "%Y-%m-%dT%H:%M:%S", "%s.%03dZ"
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    # They tell at INFO what each call's own line says better.
    quieter = max(logging.WARNING, logging.getLogger().level)
    for chatty in ("mcp", "yoyo", "psycopg", "psycopg.pool", "httpx2", "httpcore2"):
        logging.getLogger(chatty).setLevel(quieter)


class Telemetry:
    """Tells logs and statsd of each call, and keeps the calls that the database has not heard of yet."""

    def __init__(self, settings: Settings) -> None:
        self._slow_plans = settings.slow_plans
        self._slow_ms = settings.slow_call * 1000
        self._server = f"{socket.gethostname()}:{os.getpid()}"
        try:
            self._statsd = StatsClient(
                settings.statsd_host, settings.statsd_port, prefix="storekeeper"
            )
        except OSError as failure:
            raise ConfigurationError(
                f"STOREKEEPER_STATSD_HOST: {failure.strerror}.",
                hint="Name a host that resolves; nothing need listen there.",
            ) from None
        self._unrecorded: deque[Call] = deque(maxlen=RECORD_LIMIT)

    def is_slow(self, call: Call) -> bool:
        return call.duration_ms >= self._slow_ms

    def wants_plan(self, call: Call) -> bool:
        return self._slow_plans and self.is_slow(call)

    def tell(self, call: Call, *, recorded: bool = False) -> None:
        """One log line and one packet to statsd. Never blocks, never fails: statsd is UDP."""
        facts = {name: value for name, value in vars(call).items() if name not in RECORD_ONLY}
        slow = self.is_slow(call)
        level = logging.INFO if call.outcome == "ok" and not slow else logging.WARNING
        log.log(level, "slow call" if slow else "call", extra=facts)
        # What a dot, a colon or a letter beyond ASCII would do to statsd, a function's name may hold.
        name = f"call.{re.sub(r'[^A-Za-z0-9_-]', '_', call.tool)}.{call.outcome}"
        with self._statsd.pipeline() as packet:
            packet.incr(name)
            packet.timing(name, call.duration_ms)
            if call.outcome != "ok":
                packet.incr(f"errors.{call.outcome}")
            if call.retries:
                packet.incr("retries", call.retries)
        if not recorded:
            self.keep(call)

    def keep(self, call: Call) -> None:
        """For the record, as soon as the database takes it."""
        self._unrecorded.append(call)

    def count(self, name: str) -> None:
        self._statsd.incr(name)

    def gauge(self, values: Mapping[str, float]) -> None:
        with self._statsd.pipeline() as packet:
            for name, value in values.items():
                packet.gauge(name, value)

    @property
    def unrecorded(self) -> int:
        return len(self._unrecorded)

    def take_unrecorded(self) -> list[Call]:
        """The calls since the last time, a batch of them at most."""
        return [self._unrecorded.popleft() for _ in range(min(BATCH, len(self._unrecorded)))]

    def put_back(self, calls: Iterable[Call]) -> None:
        """Those could not be recorded yet."""
        self._unrecorded.extendleft(reversed(list(calls)))

    def as_record(self, call: Call) -> dict[str, Any]:
        """A call as gateway.record_calls takes it."""
        facts = dict(vars(call))
        return {
            **facts,
            "row_count": facts.pop("rows"),
            "arguments": json.loads(call.arguments or "null"),
            "statement": _storable(call.statement[:LONGEST_STATEMENT]) if call.statement else None,
            "server": self._server,
        }


def recordable(arguments: Mapping[str, Any]) -> str:
    """The arguments as JSON that PostgreSQL takes; only their size where they are long."""
    text = json.dumps(arguments, ensure_ascii=False)
    size = len(text)
    if size > LONGEST_ARGUMENTS:
        return json.dumps({"truncated": True, "bytes": size})
    if "NaN" in text or "Infinity" in text:  # no JSON, though Python reads and writes it
        text = json.dumps(json.loads(text, parse_constant=str), ensure_ascii=False)
    return _storable(text.replace(r"\u0000", r"\ufffd"))


def _storable(text: str) -> str:
    """The text without what PostgreSQL stores in none: NUL, and half a surrogate pair."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()
