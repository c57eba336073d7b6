"""Random queries answer each person what they answer a DBA who restricts every table by hand.

Query n comes from seed n. STOREKEEPER_TEST_QUERIES: how many; 250 where it is not set.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from random import Random

import psycopg
import pytest

from conftest import BELLEVUE, PUGET_SOUND, SEATTLE, Target
from grammar import TABLES, TENANTS, Constants, Grammar
from test_analyst import Person

SEEDS = range(int(os.environ.get("STOREKEEPER_TEST_QUERIES", "250")))
VALUES = """
    SELECT array_agg(DISTINCT quote_literal(left({column}::text, 60))) FROM retail.{table}
    WHERE {column} IS NOT NULL
"""
# The same text on both sides; the sum doesn't depend on the order of the rows.
DIGEST = "SELECT count(*) AS rows, sum(hashtextextended(q::text, 0)) AS hash FROM ({query}) AS q"

Outcome = str | tuple[int, str | None]  # SQLSTATE, or rows and their hash


@pytest.fixture(scope="module")
def constants(shared: Target) -> Constants:
    """What the columns hold, whosever it is: a query asks for other tenants' values too."""
    return {
        (table, column): shared.execute(VALUES.format(table=table, column=column))[0][0]
        for table, columns in TABLES.items()
        for column in columns
    }


@contextmanager
def people(database: Target) -> Iterator[dict[str, Person]]:
    with ExitStack() as stack:
        yield {
            email: stack.enter_context(Person(database, email))
            for email in (SEATTLE, BELLEVUE, PUGET_SOUND)
        }


def query_of(seed: int, constants: Constants) -> str:
    return DIGEST.format(query=Grammar(Random(seed), constants).query())


def served(person: Person, query: str) -> Outcome:
    answer = person.ask(query)
    if answer["isError"]:
        return str(answer["_meta"]["storekeeper/error"]["sqlstate"])
    return _digest(json.loads(answer["content"][0]["text"], parse_int=str)["rows"][0])


def restricted(person: Person, query: str) -> Outcome:
    try:
        (row,) = person.restricted(query)
    except psycopg.Error as refused:
        return str(refused.sqlstate)
    return _digest(json.loads(row, parse_int=str))


def _digest(row: dict[str, str | None]) -> Outcome:
    return int(row["rows"] or 0), row["hash"]


def test_random_queries_answer_what_a_restricted_dba_gets(
    shared: Target, constants: Constants
) -> None:
    ran = found = asked = 0
    with people(shared) as everybody:
        for seed in SEEDS:
            query = query_of(seed, constants)
            for email, person in everybody.items():
                outcome = served(person, query)
                assert outcome == restricted(person, query), f"seed {seed}, {email}:\n{query}"
                asked += 1
                ran += not isinstance(outcome, str)
                found += not isinstance(outcome, str) and outcome[0] > 0
    assert ran >= 0.9 * asked
    assert found >= 0.6 * asked


def test_the_property_notices_any_table_without_row_security(
    own: Target, constants: Constants
) -> None:
    queries = [query_of(seed, constants) for seed in SEEDS]
    unnoticed = []
    with Person(own, SEATTLE) as person:
        for table in TENANTS:
            own.execute(f"ALTER TABLE retail.{table} DISABLE ROW LEVEL SECURITY")
            if all(served(person, query) == restricted(person, query) for query in queries):
                unnoticed.append(table)
            own.execute(f"ALTER TABLE retail.{table} ENABLE ROW LEVEL SECURITY")
    assert not unnoticed
