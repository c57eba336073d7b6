"""How fast is a call over stdio? A trivial tool that goes to the database, against a no-op server of the SDK.

    STOREKEEPER_HOME=… python tests/bench/protocol.py [--rounds 5] [--calls 1000]

Both run as processes of their own, driven over pipes by a client that costs next to nothing, in turn in
each round. Prints, as medians over the rounds: start to tools/list, memory, the round trip at one call
at a time, calls a second at 1, 8 and 32 in flight, the server's CPU a call, and the ratios.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]

from storekeeper import sample
from storekeeper.console import show_rows
from storekeeper.database import connect_to
from storekeeper.settings import Settings

PRINCIPAL = "seattle@zava.example"
IN_FLIGHT = (1, 8, 32)
WARM_UP = 200  # calls
HELLO = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "bench", "version": "1"},
}


@dataclass
class Figures:
    """Of one server, a list of all rounds for each."""

    start_ms: list[float] = field(default_factory=list)
    memory_mb: list[float] = field(default_factory=list)
    round_trip_us: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)
    calls: dict[int, list[float]] = field(default_factory=lambda: {n: [] for n in IN_FLIGHT})

    def row(self, name: str) -> dict[str, object]:
        return {
            "server": name,
            "start ms": round(statistics.median(self.start_ms)),
            "MB": round(statistics.median(self.memory_mb)),
            "p50 us": round(statistics.median(self.round_trip_us)),
            "CPU us": round(statistics.median(self.cpu_us)),
            **{f"calls/s at {n}": round(statistics.median(self.calls[n])) for n in IN_FLIGHT},
        }


class Driven:
    """A server and the pipes to it."""

    def __init__(self, command: list[str], environment: dict[str, str], tool: str) -> None:
        self._tool = tool
        self._number = 0
        self.process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def say(self, method: str, params: dict[str, Any] | None = None, *, asks: bool = True) -> None:
        message: dict[str, Any] = {"jsonrpc": "2.0", "method": method, "params": params or {}}
        if asks:
            self._number += 1
            message["id"] = self._number
        assert self.process.stdin
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def hear(self) -> bytes:
        assert self.process.stdout
        while b'"id":' not in (line := self.process.stdout.readline()):
            assert line, "the server is gone"
        assert b'"error"' not in line, line
        assert b'"isError":true' not in line, line
        return line

    def call(self) -> None:
        self.say("tools/call", {"name": self._tool, "arguments": {}})

    def cpu(self) -> float:
        times = psutil.Process(self.process.pid).cpu_times()
        return float(times.user + times.system)


def measure(
    figures: Figures, server: list[str], environment: dict[str, str], tool: str, calls: int
) -> None:
    started = time.perf_counter()
    driven = Driven(server, environment, tool)
    driven.say("initialize", HELLO)
    driven.hear()
    driven.say("notifications/initialized", asks=False)
    driven.say("tools/list")
    driven.hear()
    figures.start_ms.append((time.perf_counter() - started) * 1000)
    for _ in range(WARM_UP):
        driven.call()
        driven.hear()
    cpu = driven.cpu()
    for in_flight in IN_FLIGHT:
        trips = []
        begun = time.perf_counter()
        for _ in range(in_flight - 1):
            driven.call()
        for _ in range(calls):
            sent = time.perf_counter()
            driven.call()
            driven.hear()
            trips.append(time.perf_counter() - sent)
        for _ in range(in_flight - 1):
            driven.hear()
        figures.calls[in_flight].append(calls / (time.perf_counter() - begun))
        if in_flight == 1:
            figures.round_trip_us.append(statistics.median(trips) * 1e6)
    figures.cpu_us.append((driven.cpu() - cpu) / calls / len(IN_FLIGHT) * 1e6)
    figures.memory_mb.append(psutil.Process(driven.process.pid).memory_info().rss / 2**20)
    assert driven.process.stdin
    driven.process.stdin.close()
    driven.process.wait(10)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=int, default=1000)
    given = parser.parse_args()
    settings = Settings.read()
    noop = [sys.executable, str(Path(__file__).with_name("noop_server.py"))]
    ours = [sys.executable, "-m", "storekeeper", "serve"]
    with connect_to(settings, embedded=True) as database:
        sample.prepare(database, settings, bare=False)
        sample.load(database.dba, settings, 0.02, 42, lambda *_: None)
        environment = dict(os.environ) | {
            "STOREKEEPER_DATABASE_URL": database.server,
            "STOREKEEPER_ASSERTION_KEY": settings.read_assertion_key().hex(),
            "STOREKEEPER_PRINCIPAL": PRINCIPAL,
        }
        figures = {"SDK, no-op": Figures(), "storekeeper, a trivial tool": Figures()}
        for _ in range(given.rounds):
            measure(figures["SDK, no-op"], noop, environment, "noop", given.calls)
            tool = "get_current_utc_date"
            measure(figures["storekeeper, a trivial tool"], ours, environment, tool, given.calls)
    rows = [found.row(name) for name, found in figures.items()]
    ratios = {k: round(rows[1][k] / rows[0][k], 2) for k in rows[0] if k != "server"}  # type: ignore[operator]
    show_rows([*rows, {"server": "ratio", **ratios}])


if __name__ == "__main__":
    main()
