"""Queries that analysts write, as each persona: none is refused, and each answers what a DBA gets
who restricts every table by hand.

tests/analyst/<topic>.sql holds them, each after a line `-- query: <question>`. Lines of their own mark a
query: `-- may be empty` (somebody has no such rows), `-- random` (two runs differ), `-- crlf` (sent with
line ends of Windows). A query that orders its rows orders them totally.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Self

import psycopg
import pytest
from psycopg import sql

from conftest import HEAD_OFFICE, PUGET_SOUND, SEATTLE, TESTS, Target
from wire import Message, Wire

TIMEOUT = 10  # seconds, for either side
MARKS = ("-- may be empty", "-- random", "-- crlf")
TENANT_TABLES = """
    SELECT c.relname, array_agg(a.attname ORDER BY a.attnum)
    FROM pg_class AS c
    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relnamespace = 'retail'::regnamespace AND c.relkind = 'r'
      AND has_column_privilege(%s, c.oid, a.attnum, 'SELECT')
    GROUP BY c.relname
    HAVING bool_or(a.attname = 'store_id')
"""
# EXECUTE takes the text as it is, with comments and semicolons that a subquery would not survive.
ROWS_OF = """
    CREATE FUNCTION pg_temp.rows_of(query text) RETURNS SETOF text LANGUAGE plpgsql AS $function$
    DECLARE
        v_row record;
    BEGIN
        FOR v_row IN EXECUTE query LOOP
            RETURN NEXT row_to_json(v_row);
        END LOOP;
    END
    $function$
"""


@dataclass(frozen=True)
class Query:
    topic: str
    question: str
    text: str
    marks: frozenset[str]

    def __str__(self) -> str:
        return f"{self.topic}: {self.question}"

    def __contains__(self, mark: str) -> bool:
        return f"-- {mark}" in self.marks

    @classmethod
    def parse(cls, topic: str, source: str) -> Self:
        question, *lines = source.strip().split("\n")
        marks = frozenset(line for line in lines if line in MARKS)
        text = "\n".join(line for line in lines if line not in MARKS)
        return cls(
            topic, question, text.replace("\n", "\r\n") if "-- crlf" in marks else text, marks
        )


def _read() -> Iterator[Query]:
    for file in sorted((TESTS / "analyst").glob("*.sql")):
        _, *sources = file.read_text("utf-8").split("\n-- query: ")
        for source in sources:
            yield Query.parse(file.stem, source)


QUERIES = list(_read())


class Person:
    """Asks the same twice: as a client of the server, and as the DBA who restricts by WHERE."""

    def __init__(self, database: Target, email: str) -> None:
        self._database, self._email = database, email
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            given = self._database.environment(
                self._email, STOREKEEPER_STATEMENT_TIMEOUT=str(TIMEOUT)
            )
            self._wire = stack.enter_context(Wire(given))
            self._wire.greet()
            self._dba = stack.enter_context(psycopg.connect(self._database.dba, autocommit=True))
            self._restrict()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *raised: Any) -> None:
        self._stack.__exit__(*raised)

    def ask(self, query: str) -> Message:
        return self._wire.call("execute_sales_query", postgresql_query=query, max_rows=1000)

    def restricted(self, query: str) -> list[str]:
        """Each row as JSON; fails as PostgreSQL fails."""
        return [row for (row,) in self._dba.execute("SELECT * FROM pg_temp.rows_of(%s)", (query,))]

    def _restrict(self) -> None:
        found = self._dba.execute(
            "SELECT role, jsonb_path_query_array(stores, '$[*].store_id') FROM gateway.people()"
            " WHERE email = %s",
            (self._email,),
        ).fetchone()
        assert found
        role, stores = found
        for table, columns in self._dba.execute(TENANT_TABLES, (role,)).fetchall():
            self._dba.execute(
                sql.SQL(
                    "CREATE TEMP VIEW {} AS SELECT {} FROM retail.{} WHERE store_id = ANY ({}::uuid[])"
                ).format(
                    sql.Identifier(table),
                    sql.SQL(", ").join(map(sql.Identifier, columns)),
                    sql.Identifier(table),
                    sql.Literal(stores),
                )
            )
        self._dba.execute(ROWS_OF)
        self._dba.execute("SET search_path = pg_temp, retail")
        self._dba.execute("SET timezone = 'America/Los_Angeles'")
        self._dba.execute("SET intervalstyle = 'iso_8601'")
        self._dba.execute(f"SET statement_timeout = '{TIMEOUT}s'")


@pytest.fixture(scope="module", params=[SEATTLE, PUGET_SOUND, HEAD_OFFICE])
def person(request: pytest.FixtureRequest, shared: Target) -> Iterator[Person]:
    with Person(shared, request.param) as asks:
        yield asks


def values(rows: list[Any]) -> list[list[Any]]:
    """Without the names of columns: the server tells equal ones apart."""
    return [[value for _, value in row] for row in rows]


def exactly(text: str) -> Any:
    """Objects as pairs, numbers with their scale: 1.50 is not 1.5."""
    return json.loads(text, object_pairs_hook=list, parse_float=str)


@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_an_analysts_query_answers_what_a_restricted_dba_gets(person: Person, query: Query) -> None:
    answer = person.ask(query.text)
    assert not answer["isError"], answer["content"][0]["text"]
    result = answer["structuredContent"]
    assert result["columns"]
    assert not result["truncated"]
    assert result["rows"] or "may be empty" in query
    if "random" in query:
        return
    got = values(dict(exactly(answer["content"][0]["text"]))["rows"])
    expected = values([exactly(row) for row in person.restricted(query.text)])
    if "ORDER BY" not in query.text:
        got.sort(key=str)
        expected.sort(key=str)
    assert got == expected


def test_nearly_every_query_has_an_answer_for_everybody() -> None:
    assert len(QUERIES) >= 160
    assert len({str(query) for query in QUERIES}) == len(QUERIES)
    assert sum("may be empty" in query for query in QUERIES) <= len(QUERIES) / 20
