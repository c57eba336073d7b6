"""What does the way of a call add to a bare statement? And is our pipeline worth having?

    STOREKEEPER_HOME=… python tests/bench/callpath.py [--rounds 7] [--calls 500]

In one process, in turn in each round, at 1, 8 and 32 calls in flight: a bare `SELECT 1` of psycopg; the
statements of a call one after the other; the same in psycopg's pipeline; the same in ours; the gateway
(admission, deadline, retry); and the whole of a tool's call with its log line. Prints medians of the
microseconds a call takes, and of the calls a second.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import statistics
import time
from collections.abc import Awaitable, Callable

import psycopg
from psycopg_pool import AsyncConnectionPool

from storekeeper import sample
from storekeeper.connection import ROLLBACK, Connection, Statement
from storekeeper.console import show_rows
from storekeeper.database import connect_to
from storekeeper.gateway import BEGIN_READ_ONLY, ENTER, Gateway
from storekeeper.protocol import Protocol
from storekeeper.request import Request
from storekeeper.settings import Settings
from storekeeper.telemetry import Telemetry

PRINCIPAL = "seattle@zava.example"
IN_FLIGHT = (1, 8, 32)
TOOL = "get_current_utc_date"
CALL = f"SELECT row_to_json(q)::text FROM (SELECT r AS value FROM tool.{TOOL}() AS r) AS q"
ENTERING = ENTER.replace("$1", "%s").replace("$2", "%s").replace("$3", "%s")

Way = Callable[[], Awaitable[object]]


def ways(
    gateway: Gateway, protocol: Protocol, pool: AsyncConnectionPool[Connection]
) -> dict[str, Way]:
    plain: AsyncConnectionPool[psycopg.AsyncConnection[object]] = pool  # type: ignore[assignment]

    async def bare() -> None:
        async with plain.connection() as connection:
            await (await connection.execute("SELECT 1")).fetchall()

    async def one_by_one() -> None:
        async with plain.connection() as connection:
            await connection.execute("BEGIN READ ONLY")
            await connection.execute(ENTERING, (gateway._assertion(), "bench", 5000))
            await (await connection.execute(CALL)).fetchall()
            await connection.execute("ROLLBACK")

    async def piped() -> None:
        async with plain.connection() as connection, connection.pipeline():
            await connection.execute("BEGIN READ ONLY")
            await connection.execute(ENTERING, (gateway._assertion(), "bench", 5000))
            cursor = await connection.execute(CALL)
            await connection.execute("ROLLBACK")
            await cursor.fetchall()

    async def ours() -> None:
        enter = Statement(ENTER, (gateway._assertion(), "bench", "5000"), recurs=True)
        async with pool.connection() as connection:
            await connection.run(
                (BEGIN_READ_ONLY, enter, Statement(CALL, recurs=True)), (ROLLBACK,)
            )

    return {
        "bare SELECT 1": bare,
        "one by one": one_by_one,
        "psycopg's pipeline": piped,
        "our pipeline": ours,
        "the gateway": lambda: gateway.run(Request(CALL, request_id="bench")),
        "the whole call": lambda: protocol.call(TOOL, {}),
    }


async def calls_a_second(way: Way, in_flight: int, calls: int) -> float:
    left = iter(range(calls))

    async def work() -> None:
        for _ in left:
            await way()

    started = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(in_flight)))
    return calls / (time.perf_counter() - started)


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--calls", type=int, default=500)
    given = parser.parse_args()
    logging.disable()
    settings = Settings.read(principal=PRINCIPAL)
    with connect_to(settings, embedded=True) as database:
        sample.prepare(database, settings, bare=False)
        sample.load(database.dba, settings, 0.02, 42, lambda *_: None)
        async with (
            Gateway(database.server, settings, settings.read_assertion_key()) as gateway,
            gateway.pool._connections as pool,
        ):
            compared = ways(gateway, Protocol(gateway, Telemetry(settings)), pool)
            found: dict[str, dict[int, list[float]]] = {
                name: {n: [] for n in IN_FLIGHT} for name in compared
            }
            for _ in range(given.rounds):
                for name, way in compared.items():
                    for n in IN_FLIGHT:
                        found[name][n].append(await calls_a_second(way, n, given.calls))
    show_rows(
        [
            {"way": name, "us at 1": round(1e6 / statistics.median(rates[1]))}
            | {f"calls/s at {n}": round(statistics.median(rates[n])) for n in IN_FLIGHT}
            for name, rates in found.items()
        ]
    )


if __name__ == "__main__":
    asyncio.run(main())
