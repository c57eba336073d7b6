"""What do identity and policies cost, against a WHERE store_id = … written by hand?

    STOREKEEPER_HOME=… python tests/bench/tenancy_cost.py [--scale 5] [--rounds 25]

Each query runs in one pipeline as the person (enter, policies), as the same person's free SQL (the
sandbox, JSON), and as the DBA past row security with the stores in a WHERE: in turn, on the embedded
server, loaded at the scale when it is fresh (5: a million orders). Prints medians, ratios, and whether
the person's plan looks the stores up in an index.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import statistics
import time
from typing import Any

import psycopg
from psycopg import sql

from storekeeper import sample
from storekeeper.console import progress_bar, show_rows
from storekeeper.database import connect_to
from storekeeper.settings import Settings

PEOPLE = (
    "kirkland@zava.example",
    "seattle@zava.example",
    "puget-sound@zava.example",
    "analyst@zava.example",
)
STORES = """
    SELECT ARRAY(SELECT s ->> 'store_id' FROM jsonb_array_elements(p.stores) AS s)
    FROM gateway.people() AS p WHERE p.email = %s
"""
QUERIES = {
    "revenue by month": """
        SELECT date_trunc('month', order_date) AS month, count(*), sum(total_amount)
        FROM retail.orders{} GROUP BY 1
    """,
    "revenue of 90 days": """
        SELECT count(*), sum(total_amount) FROM retail.orders{}
        AND order_date > now() - interval '90 days' AND status <> 'returned'
    """,
    "orders of a customer": """
        SELECT count(*), max(order_date) FROM retail.orders{}
        AND customer_id = (SELECT customer_id FROM retail.customers{} LIMIT 1)
    """,
    "units by product": """
        SELECT product_id, sum(quantity), sum(line_total) FROM retail.order_items{} GROUP BY 1
    """,
}
SESSION = "-c jit=off -c timezone=America/Los_Angeles -c random_page_cost=1.1"
Connection = psycopg.Connection[tuple[Any, ...]]


def timed(connection: Connection, *statements: tuple[Any, ...]) -> float:
    """Milliseconds of one pipeline."""
    started = time.perf_counter()
    with connection.pipeline():
        for statement in statements:
            connection.execute(*statement)
    return (time.perf_counter() - started) * 1000


def assertion(key: bytes, person: str) -> str:
    claim = f"v1|{person}|{round(time.time()) + 60}|bench"
    return f"{claim}|{hmac.digest(key, claim.encode(), hashlib.sha256).hex()}"


def measure(
    person: str, rounds: int, key: bytes, login: Connection, dba: Connection
) -> list[dict[str, object]]:
    ((stores,),) = dba.execute(STORES, (person,)).fetchall()
    one_or_more = f"store_id IN ({', '.join(repr(store) for store in stores)})"
    rows: list[dict[str, object]] = []
    for name, query in QUERIES.items():
        by_policy = sql.SQL(query.format(" WHERE true", " WHERE true"))
        by_hand = sql.SQL(query.format(f" WHERE {one_or_more}", f" WHERE {one_or_more}"))
        free = "SELECT gateway.free_query(%s, 1000, 1000000)", (by_policy.as_string(),)
        begin, end = ("BEGIN READ ONLY",), ("ROLLBACK",)
        times: dict[str, list[float]] = {"policy": [], "free SQL": [], "by hand": []}
        for _ in range(rounds + 3):
            enter = "SELECT gateway.enter(%s, 'bench', 60000)", (assertion(key, person),)
            times["policy"].append(timed(login, begin, enter, (by_policy,), end))
            times["free SQL"].append(timed(login, begin, enter, free, end))
            times["by hand"].append(timed(dba, begin, (by_hand,), end))
        medians = {way: statistics.median(taken[3:]) for way, taken in times.items()}
        rows.append(
            {
                "person": person.partition("@")[0],
                "query": name,
                **{f"{way} ms": round(median, 2) for way, median in medians.items()},
                "policy / by hand": round(medians["policy"] / medians["by hand"], 2),
                "free SQL / by hand": round(medians["free SQL"] / medians["by hand"], 2),
                "index": uses_index(dba, person, by_policy),
            }
        )
    return rows


def uses_index(dba: Connection, person: str, query: sql.SQL) -> bool:
    with dba.transaction(force_rollback=True):
        dba.execute("SELECT gateway.impersonate(%s)", (person,))
        plan = dba.execute(sql.SQL("EXPLAIN (COSTS OFF) {}").format(query)).fetchall()
    return any("Index Cond" in line and "store_id" in line for (line,) in plan)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=25)
    given = parser.parse_args()
    settings = Settings.read()
    with connect_to(settings, embedded=True) as database:
        sample.prepare(database, settings, bare=False)
        with progress_bar("Sample data") as progress:
            sample.load(database.dba, settings, given.scale, 42, progress)
        key = settings.read_assertion_key()
        with (
            psycopg.connect(database.server, autocommit=True, options=SESSION) as login,
            psycopg.connect(database.dba, autocommit=True, options=SESSION) as dba,
        ):
            show_rows(
                [r for person in PEOPLE for r in measure(person, given.rounds, key, login, dba)]
            )


if __name__ == "__main__":
    main()
