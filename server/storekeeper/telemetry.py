"""What happened: JSON lines on stderr, statsd counters and timings, and the record of calls."""

from __future__ import annotations

import logging
import re
import sys
import time
from collections import deque
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from pythonjsonlogger.json import JsonFormatter
from statsd import StatsClient

from storekeeper.errors import ConfigurationError
from storekeeper.settings import Settings

RECORD_LIMIT = 10_000  # calls kept while the database is away; older ones give way

log = logging.getLogger("storekeeper.call")


@dataclass(frozen=True)
class Call:
    """One call as the record keeps it. `outcome` is ok or an error code; times are in milliseconds."""

    tool: str
    principal: str | None
    outcome: str
    duration_ms: float
    row_count: int | None
    request_id: str
    retries: int = 0
    sqlstate: str | None = None
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
    # The SDK and yoyo tell at INFO what each call's own line says better.
    for chatty in ("mcp", "yoyo"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


class Telemetry:
    """Tells logs and statsd of each call, and keeps the calls that the database has not heard of yet."""

    def __init__(self, settings: Settings) -> None:
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

    def tell(self, call: Call) -> None:
        """One log line, one counter, one timing. Never blocks, never fails: statsd is UDP."""
        level = logging.INFO if call.outcome == "ok" else logging.WARNING
        log.log(level, "call", extra={k: v for k, v in asdict(call).items() if k != "at"})
        # What a dot, a colon or a letter beyond ASCII would do to statsd, a function's name may hold.
        name = f"call.{re.sub(r'[^A-Za-z0-9_-]', '_', call.tool)}.{call.outcome}"
        self._statsd.incr(name)
        self._statsd.timing(name, call.duration_ms)
        self._unrecorded.append(call)

    def take_unrecorded(self) -> list[dict[str, Any]]:
        """The calls since the last time, as gateway.record_calls takes them."""
        calls = [asdict(call) for call in self._unrecorded]
        self._unrecorded.clear()
        return calls
