"""Products that several transactions write at a time: none waits for another's words, no count is lost."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from conftest import Target

Connection = psycopg.Connection[tuple[Any, ...]]

WAITING = "SELECT EXISTS (SELECT FROM pg_locks WHERE pid = %s AND NOT granted)"
# Of all documents, and not as kept.
MISCOUNTED = """
WITH counted AS (
    SELECT l.lexeme, count(*)::integer AS products FROM search.documents, unnest(document) AS l
    GROUP BY l.lexeme
    UNION ALL
    SELECT '', count(*) FROM search.documents
)
SELECT lexeme, c.products, k.products FROM counted AS c
FULL JOIN (SELECT lexeme, products FROM search.lexemes WHERE products <> 0) AS k USING (lexeme)
WHERE c.products IS DISTINCT FROM k.products
"""


def insert(connection: Connection, product_id: int, name: str, type_id: int = 1) -> None:
    connection.execute(
        "INSERT INTO retail.products (product_id, sku, type_id, name, description, unit, cost, base_price)"
        " VALUES (%s, %s, %s, %s, 'New.', 'each', 1, 2)",
        (product_id, f"ZZ{product_id}", type_id, name),
    )


@pytest.fixture
def two(own: Target) -> Iterator[tuple[Connection, Connection]]:
    """Two writers, neither of whom waits long."""
    with psycopg.connect(own.dba) as first, psycopg.connect(own.dba) as second:
        for writer in (first, second):
            writer.execute("SET lock_timeout = '5s'")
            writer.commit()
        yield first, second
        first.rollback()
        second.rollback()


def test_a_word_that_another_transaction_takes_away_stays_known(
    own: Target, two: tuple[Connection, Connection]
) -> None:
    first, second = two
    insert(first, 90001, "Zorblex one")
    first.commit()
    first.execute("DELETE FROM retail.products WHERE product_id = 90001")
    insert(second, 90002, "Zorblex two")
    second.commit()
    first.commit()
    assert own.execute("SELECT kind, products FROM retail.search_terms('zorblex')") == [("word", 1)]
    assert own.execute(MISCOUNTED) == []


def test_the_same_new_words_crosswise(own: Target, two: tuple[Connection, Connection]) -> None:
    first, second = two
    insert(first, 90001, "Kwyjibo one")
    insert(second, 90002, "Quonkle two")
    insert(first, 90003, "Quonkle three")
    insert(second, 90004, "Kwyjibo four")
    insert(first, 90005, "Quonkle five")
    first.commit()
    second.commit()
    assert own.execute(MISCOUNTED) == []
    # Begun, divided and misspelt: each word is offered once, though it was written down twice.
    for typed in ("kwyji", "quonkel", "quonklekwyjibo"):
        terms = own.execute("SELECT lexeme FROM retail.search_terms(%s)", typed)
        assert terms
        assert len(set(terms)) == len(terms), typed


def test_the_counts_of_many_writers(own: Target) -> None:
    def write(n: int) -> None:
        with psycopg.connect(own.dba) as writer:
            for turn in range(3):
                at = 90000 + 100 * n + 10 * turn
                insert(writer, at, f"Steel gromble {at}")
                insert(writer, at + 1, f"Brass gromble {at}")
                writer.execute(
                    "UPDATE retail.products SET name = 'Wobble ' || product_id WHERE product_id = %s",
                    (at,),
                )
                with writer.transaction(force_rollback=True):
                    insert(writer, at + 2, f"Steel gromble {at} that was not meant")
                writer.commit()
                writer.execute("DELETE FROM retail.products WHERE product_id = %s", (at + 1,))
                writer.rollback() if turn == 1 else writer.commit()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write, range(4), timeout=60))
    assert own.execute("SELECT count(*) FROM retail.products WHERE product_id >= 90000") == [(16,)]
    assert own.execute(MISCOUNTED) == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE retail.product_types SET description = 'Gromblish.' WHERE type_id = 1",
        "UPDATE retail.categories SET name = 'Gromblish' WHERE category_id ="
        " (SELECT category_id FROM retail.product_types WHERE type_id = 1)",
    ],
)
@pytest.mark.parametrize("product_first", [False, True])
def test_a_product_that_comes_while_its_type_changes(
    own: Target, two: tuple[Connection, Connection], change: str, product_first: bool
) -> None:
    first, second = two

    def insert_it(writer: Connection) -> None:
        insert(writer, 90001, "Zorblex")

    def change_it(writer: Connection) -> None:
        writer.execute(change)

    begin, follow = (insert_it, change_it) if product_first else (change_it, insert_it)
    begin(first)
    with ThreadPoolExecutor(1) as thread:
        following = thread.submit(follow, second)
        end = time.monotonic() + 3
        while not following.done() and own.execute(WAITING, second.info.backend_pid) != [(True,)]:
            assert time.monotonic() < end
            time.sleep(0.02)
        first.commit()
        following.result(timeout=10)
    second.commit()
    assert own.execute(
        "SELECT document @@ 'gromblish' FROM search.documents WHERE product_id = 90001"
    ) == [(True,)]


def test_who_may_change_prices_need_not_write_search(own: Target) -> None:
    own.execute("GRANT UPDATE (base_price) ON retail.products TO head_office")
    with psycopg.connect(own.dba) as connection:
        connection.execute("SET ROLE head_office")
        changed = connection.execute(
            "UPDATE retail.products SET base_price = base_price + 1 WHERE product_id < 9"
        )
        assert changed.rowcount == 8
