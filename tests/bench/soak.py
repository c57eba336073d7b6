"""Does a server that is kept busy for long grow?

    python tests/bench/soak.py [--minutes 15] [--clients 32] [--every 30] [--scale 0.02]

One `storekeeper serve` on an embedded database of its own, with so many calls in flight all the time: reads,
free SQL, writes, failures, cancelled calls. Prints its memory, open files and connections; exit 1 when the
second half of the time has more of them than the first, or an answer was not what it should be.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import psycopg

TESTS = Path(__file__).parents[1]
sys.path.insert(0, str(TESTS))
from conftest import SEATTLE, storekeeper  # noqa: E402
from storekeeper.embedded import Embedded  # noqa: E402
from wire import Wire  # noqa: E402

WARM_UP = 0.2  # of the time: caches fill, connections are made
MEMORY_GROWTH = 0.05  # that the second half may have more than the first, where it is more than:
MEMORY_SLACK = 4 * 2**20
CANCELLED_EVERY = 20
CALLS: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("who_am_i", {}, "ok"),
    ("list_stores", {}, "ok"),
    ("top_products", {}, "ok"),
    ("get_store_performance", {}, "ok"),
    ("execute_sales_query", {"postgresql_query": "SELECT count(*) FROM retail.orders"}, "ok"),
    ("execute_sales_query", {"postgresql_query": "SELECT no_such_column"}, "INVALID_QUERY"),
    ("fixture_rows", {"count": 500, "width": 100}, "ok"),
    ("fixture_write", {"note": "soak"}, "ok"),
    ("fixture_forget", {}, "ok"),
    ("fixture_broken", {}, "MCP_ERROR"),
    ("fixture_raise", {"code": "SK404"}, "NOT_FOUND"),
    ("fixture_steps", {}, "ok"),
)
PASSING = ("UNAVAILABLE", "LIMIT_EXCEEDED")  # two free queries of one person at a time
SLEEP = {"name": "fixture_sleep", "arguments": {"seconds": 60}}
CONNECTIONS = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'storekeeper_gateway'"


@dataclass(frozen=True)
class Look:
    minute: float
    calls: int
    memory: int
    files: int
    connections: int


def outcome(message: dict[str, Any]) -> str:
    result = message.get("result", {"isError": True})
    if not result["isError"]:
        return "ok"
    told = (
        message["error"].get("data") if "error" in message else result["_meta"]["storekeeper/error"]
    )
    return str((told or {}).get("error_code"))


def soak(
    wire: Wire, url: str, clients: int, seconds: float, every: float
) -> tuple[list[Look], Counter[str]]:
    process = psutil.Process(wire.process.pid)
    under_way: dict[int, int] = {}
    wrong: Counter[str] = Counter()
    looks: list[Look] = []
    sent = done = 0
    began = time.monotonic()
    print(f"{'minute':>7} {'calls':>9} {'MB':>8} {'files':>6} {'connections':>12}")
    with psycopg.connect(url, autocommit=True) as dba:
        while (now := time.monotonic() - began) < seconds or under_way:
            while now < seconds and len(under_way) < clients:
                name, arguments, _ = CALLS[sent % len(CALLS)]
                number = wire.request("tools/call", {"name": name, "arguments": arguments})
                under_way[number] = sent % len(CALLS)
                sent += 1
                if sent % CANCELLED_EVERY == 0:
                    wire.send(
                        "notifications/cancelled", {"requestId": wire.request("tools/call", SLEEP)}
                    )
            message = wire.next(120)
            wire.lines.clear()  # this process should not grow either
            call = under_way.pop(message.get("id", 0), None)
            if call is None:
                continue
            done += 1
            name, _, expected = CALLS[call]
            found = outcome(message)
            if found not in (expected, *PASSING):
                wrong[f"{name}: {found}"] += 1
            if len(looks) * every <= time.monotonic() - began:
                ((connections,),) = dba.execute(CONNECTIONS).fetchall()
                memory, files = process.memory_info().rss, process.num_fds()
                look = Look((time.monotonic() - began) / 60, done, memory, files, connections)
                looks.append(look)
                print(
                    f"{look.minute:7.1f} {done:9,} {memory / 2**20:8.1f} {files:6} {connections:12}",
                    flush=True,
                )
    return looks, wrong


def growth(looks: list[Look]) -> list[str]:
    """What the second half has more of than the first, the warm-up left out."""
    kept = looks[round(len(looks) * WARM_UP) :]
    first, second = kept[: len(kept) // 2], kept[len(kept) // 2 :]
    if not first:
        return ["too few looks to tell: give it more --minutes"]
    found = []
    before, after = (statistics.median(look.memory for look in half) for half in (first, second))
    if after - before > max(MEMORY_SLACK, MEMORY_GROWTH * before):
        found.append(f"memory: {before / 2**20:.1f} MB, then {after / 2**20:.1f} MB")
    for name in ("files", "connections"):
        most, then = (max(getattr(look, name) for look in half) for half in (first, second))
        if then > most:
            found.append(f"{name}: {most}, then {then}")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--every", type=float, default=30, help="seconds between two looks")
    parser.add_argument("--scale", type=float, default=0.02)
    given = parser.parse_args()

    home = Path(tempfile.mkdtemp(prefix="soak-"))
    home.chmod(0o711)  # as root, PostgreSQL runs as an account that must be able to enter it
    environment = {
        "STOREKEEPER_HOME": str(home),
        "STOREKEEPER_PRINCIPAL": SEATTLE,
        "STOREKEEPER_LOG_LEVEL": "ERROR",
        "STOREKEEPER_POOL_TIMEOUT": "60",
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
    }
    try:
        made = storekeeper(
            "init", "--scale", str(given.scale), environment=environment, timeout=600
        )
        assert made.returncode == 0, made.stderr
        with Embedded(home) as embedded:
            url = embedded.conninfo(dbname="storekeeper")
            with psycopg.connect(url) as dba:
                dba.execute((TESTS / "fixtures" / "every_type.sql").read_bytes())
            with Wire(environment) as wire:
                wire.greet()
                looks, wrong = soak(wire, url, given.clients, given.minutes * 60, given.every)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    problems = [*growth(looks), *(f"{count} times {what}" for what, count in wrong.items())]
    print("\n".join(problems) or "It has not grown.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
