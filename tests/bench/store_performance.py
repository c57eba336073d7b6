"""How long does get_store_performance take, against SQL written by hand for the same figures?

    STOREKEEPER_HOME=… python tests/bench/store_performance.py [--scale 5] [--rounds 15]

The tool goes the way of an MCP call (identity, policies, JSON); the hand-written statements run as the
DBA, past row security, with the store's id in a WHERE. Both in turn on the embedded server, loaded at
the scale when it is fresh (5: a million orders). Prints medians and their ratio.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import Awaitable, Callable

import psycopg

from storekeeper import sample
from storekeeper.console import progress_bar, show_rows
from storekeeper.database import connect_to
from storekeeper.gateway import Gateway
from storekeeper.protocol import Protocol
from storekeeper.settings import Settings
from storekeeper.telemetry import Telemetry

PEOPLE = (
    "seattle@zava.example",
    "kirkland@zava.example",
    "puget-sound@zava.example",
    "analyst@zava.example",
)
STORES = """
    SELECT ARRAY(SELECT (s ->> 'store_id')::uuid FROM jsonb_array_elements(p.stores) AS s)
    FROM gateway.people() AS p
    WHERE p.email = %s
"""

# Days and totals of the period, of the one before, and of the year before; then what was sold in it.
BY_HAND = (
    """
    SELECT (o.order_date AT TIME ZONE 'America/Los_Angeles')::date, count(*), sum(o.total_amount)
    FROM retail.orders AS o
    WHERE o.store_id = ANY (%(stores)s)
      AND o.order_date >= %(from)s::date - %(back)s::integer
      AND o.order_date < %(to)s::date - %(back)s::integer + 1
      AND o.status IN ('pending', 'shipped', 'completed')
    GROUP BY 1
    """,
    """
    SELECT o.store_id, t.category_id, sum(i.quantity), sum(i.line_total),
        sum(i.quantity * i.unit_price), sum(i.quantity * p.cost)
    FROM retail.orders AS o
    JOIN retail.order_items AS i USING (store_id, order_id)
    JOIN retail.products AS p USING (product_id)
    JOIN retail.product_types AS t USING (type_id)
    WHERE o.store_id = ANY (%(stores)s)
      AND o.order_date >= %(from)s::date
      AND o.order_date < %(to)s::date + 1
      AND o.status IN ('pending', 'shipped', 'completed')
    GROUP BY o.store_id, t.category_id
    """,
)


async def timed(work: Callable[[], Awaitable[object]]) -> float:
    """Milliseconds."""
    started = time.perf_counter()
    await work()
    return (time.perf_counter() - started) * 1000


async def measure(
    email: str, rounds: int, settings: Settings, server: str, dba: str
) -> dict[str, object]:
    person = settings.model_copy(update={"principal": email})
    connection = await psycopg.AsyncConnection.connect(
        dba,
        autocommit=True,
        options="-c jit=off -c timezone=America/Los_Angeles -c random_page_cost=1.1",
    )
    async with connection, Gateway(server, person, person.read_assertion_key()) as gateway:
        (stores,) = await (await connection.execute(STORES, (email,))).fetchone() or ([],)
        protocol = Protocol(gateway, Telemetry(person))
        period = json.loads(await protocol.call("get_store_performance", {}))["period"]
        values = {"stores": stores, "from": period["from"], "to": period["to"]}

        async def by_hand() -> None:
            for back in (0, period["days"], 365):
                await (await connection.execute(BY_HAND[0], {**values, "back": back})).fetchall()
            await (await connection.execute(BY_HAND[1], values)).fetchall()

        tool, hand = [], []
        for _ in range(rounds + 1):
            tool.append(await timed(lambda: protocol.call("get_store_performance", {})))
            hand.append(await timed(by_hand))
    medians = statistics.median(tool[1:]), statistics.median(hand[1:])
    return {
        "person": email,
        "stores": len(stores),
        "tool ms": round(medians[0], 1),
        "by hand ms": round(medians[1], 1),
        "ratio": round(medians[0] / medians[1], 2),
    }


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=15)
    given = parser.parse_args()
    settings = Settings.read()
    with connect_to(settings, embedded=True) as database:
        sample.prepare(database, settings, bare=False)
        with progress_bar("Sample data") as progress:
            sample.load(database.dba, settings, given.scale, 42, progress)
        show_rows(
            [
                await measure(p, given.rounds, settings, database.server, database.dba)
                for p in PEOPLE
            ]
        )


if __name__ == "__main__":
    asyncio.run(main())
