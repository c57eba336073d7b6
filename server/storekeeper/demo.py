"""The guided tour: three people ask the same questions through a real MCP client; every step is checked."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import psycopg
from mcp import Client, StdioServerParameters
from rich.panel import Panel
from rich.text import Text

from storekeeper import model, sample
from storekeeper.console import console, progress_bar, show_rows
from storekeeper.database import connect_to
from storekeeper.results import ERROR_META
from storekeeper.settings import Settings

MANAGER = "seattle@zava.example"
COLLEAGUE_STORE = "Zava Retail Bellevue"
PEOPLE = (MANAGER, "puget-sound@zava.example", "analyst@zava.example")
SEED = 42

# What the DBA sees without row security, to hold the tools' answers against.
EXPECTED = """
    SELECT sum(o.total_amount)
    FROM retail.orders AS o
    WHERE o.store_id = ANY (%s::uuid[])
      AND o.status IN ('pending', 'shipped', 'completed')
      AND (o.order_date AT TIME ZONE 'America/Los_Angeles')::date BETWEEN %s AND %s
"""
COLLEAGUE = "SELECT store_id::text FROM retail.stores WHERE name = %s"
PERSON = "SELECT email, display_name, stores FROM gateway.people() WHERE email = ANY (%s)"

DRY = "waterproof electrical connectors"
SEALED = {"ELWN005504", "ELWN005503"}  # neither is called waterproof

WEEKDAYS = (
    "SELECT to_char(order_date, 'FMDay') AS weekday, count(*) AS orders, "
    "round(avg(total_amount), 2) AS basket FROM orders "
    "WHERE order_date > now() - interval '1 year' GROUP BY 1 ORDER BY 2 DESC LIMIT 3"
)


@dataclass
class Checks:
    """What the tour has held its answers to."""

    failed: int = 0

    def check(self, held: bool, what: str) -> None:
        mark, style = ("✓", "green") if held else ("✗", "bold red")
        console.print(Text.assemble((f"  {mark} ", style), what))
        self.failed += not held


async def run(scale: float) -> bool:
    """The whole tour; whether every check held."""
    settings = Settings.read().model_copy(update={"assertion_key": None})
    checks = Checks()
    # Always the embedded server: the tour loads sample data, which nobody wants in a database of theirs.
    with connect_to(settings, embedded=True) as database:
        console.rule("[bold]Storekeeper: PostgreSQL functions as MCP tools")
        sample.prepare(database, settings, bare=False)
        with progress_bar("Loading the embedding model") as progress:
            model.load(database.dba, progress)
        with progress_bar("Loading Zava Retail") as progress:
            sample.load(database.dba, settings, scale, SEED, progress)
        with psycopg.connect(database.dba, autocommit=True) as dba:
            people = {row[0]: row for row in dba.execute(PERSON, (list(PEOPLE),)).fetchall()}
            figures = []
            for email in PEOPLE:
                _, name, stores = people[email]
                async with _connected(settings, email) as client:
                    figures.append(await _questions(client, name, stores, dba, checks))
                    if email == MANAGER:
                        await _attempts(client, dba, checks)
    console.rule("[bold]The same questions, three answers")
    show_rows(figures)
    checks.check(
        figures[0]["revenue"] < figures[1]["revenue"] < figures[2]["revenue"],
        "the store's revenue is part of the region's, and the region's of head office's",
    )
    _goodbye(checks)
    return checks.failed == 0


async def _questions(
    client: Client, name: str, stores: list[dict[str, str]], dba: Any, checks: Checks
) -> dict[str, Any]:
    """What everybody asks; returns a row of key figures."""
    console.rule(f"[bold]{name}")
    tools = (await client.list_tools()).tools
    console.print(f"{len(tools)} tools: " + ", ".join(tool.name for tool in tools), style="dim")

    console.print("\nHow did we do over the last 90 days?", style="italic")
    report = await _ask(client, "get_store_performance")
    for insight in report["insights"]:
        console.print(Text(f"  • {insight}"))
    period = report["period"]
    expected = dba.execute(
        EXPECTED, ([s["store_id"] for s in stores], period["from"], period["to"])
    ).fetchone()[0]
    checks.check(
        Decimal(str(report["revenue"])) == expected,
        f"revenue {report['revenue']:,.2f} is what the DBA's own SQL says for {len(stores)} of 8 stores",
    )

    console.print("\nWhat sells best?", style="italic")
    best = (await _ask(client, "top_products", max_rows=3))["rows"]
    show_rows([{k: row[k] for k in ("rank", "product_name", "revenue", "units")} for row in best])
    checks.check(len(best) == 3, "three best sellers, by revenue")

    console.print("What keeps the joints of wires dry? (search by meaning)", style="italic")
    found = (await _ask(client, "semantic_search_products", query_description=DRY, max_rows=4))[
        "rows"
    ]
    show_rows([{k: row[k] for k in ("product_name", "price", "stock", "matched")} for row in found])
    checks.check(
        {row["sku"] for row in found} >= SEALED,
        "sealed splices and gel-filled caps are among the first",
    )

    console.print("Which days are busy? (free SQL of the model's own)", style="italic")
    days = await _ask(client, "execute_sales_query", postgresql_query=WEEKDAYS)
    show_rows(days["rows"])
    seen = await _ask(
        client, "execute_sales_query", postgresql_query="SELECT name FROM stores ORDER BY name"
    )
    checks.check(
        [row["name"] for row in seen["rows"]] == [s["name"] for s in stores],
        "free SQL sees these stores and no other",
    )
    return {
        "person": name,
        "stores": len(stores),
        "revenue": report["revenue"],
        "orders": report["orders"],
        "average basket": report["average_basket"],
        "margin %": report["margin"]["percent"],
        "top category": report["top_categories"][0]["category"],
    }


async def _attempts(client: Client, dba: Any, checks: Checks) -> None:
    """What the manager may not do."""
    console.print("\nAnd what about a colleague's store?", style="italic")
    (colleague,) = dba.execute(COLLEAGUE, (COLLEAGUE_STORE,)).fetchone()
    query = f"SELECT * FROM orders WHERE store_id = '{colleague}'"  # noqa: S608 (a model would write it so)
    answer = await _ask(client, "execute_sales_query", postgresql_query=query)
    checks.check(answer["row_count"] == 0, f"no row of {COLLEAGUE_STORE}: {query}")
    for attempt in (
        "WITH s AS MATERIALIZED (SELECT set_config('storekeeper.context', 'head_office', true)) "
        "SELECT count(*) FROM s, orders",
        "SELECT set_config('role', 'head_office', true)",
        "SET ROLE head_office",
        "SELECT 1; DELETE FROM orders",
    ):
        result = await client.call_tool("execute_sales_query", {"postgresql_query": attempt})
        error = (result.meta or {}).get(ERROR_META, {})
        checks.check(
            bool(result.is_error) and error.get("error_code") == "AUTHORIZATION_ERROR",
            f"refused: {attempt}",
        )


async def _ask(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    result = await client.call_tool(tool, arguments)
    if result.is_error or result.structured_content is None:
        raise RuntimeError(f"{tool} failed: {result.content}")
    return dict(result.structured_content)


@asynccontextmanager
async def _connected(settings: Settings, principal: str) -> AsyncIterator[Client]:
    """The SDK's own client over a `storekeeper serve` of its own, just as Claude or an editor starts it."""
    parameters = StdioServerParameters(
        command=sys.executable,
        args=["-m", "storekeeper", "serve", "--principal", principal],
        env={"STOREKEEPER_HOME": str(settings.home), "STOREKEEPER_LOG_LEVEL": "ERROR"},
    )
    async with Client(parameters) as client:
        yield client


def _goodbye(checks: Checks) -> None:
    if checks.failed:
        console.print(f"\n[bold red]{checks.failed} checks failed.[/]")
        return
    console.print(
        Panel.fit(
            "Every check held. Go on with:\n\n"
            "  storekeeper people\n"
            f"  storekeeper call get_store_performance --principal {MANAGER}\n"
            f"  storekeeper sql --principal {MANAGER}\n"
            "  storekeeper tools --principal analyst@zava.example",
            title="Storekeeper",
        )
    )
