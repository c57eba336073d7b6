"""Who writes products while models are begun and switched neither fails nor loses what they wrote."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from conftest import Target
from wire import eventually

PATIENCE = 20
WAITING = """
    SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
"""
REWRITE = "UPDATE retail.products SET description = 'told anew' WHERE product_id = 1"
FILL = """
    SELECT gateway.put_embeddings(json_agg(json_build_object('ticket', t.ticket, 'vector', '[1, 2]'::json)))
    FROM gateway.take_texts(%s, 1000000, '1 minute') AS t
"""
# For all that are taken.
PUT = FILL.replace("gateway.take_texts(%s, 1000000, '1 minute')", "embedding.queue")
# Products by what they lack now.
LACK = """
    SELECT count(*) FROM retail.products AS p
    LEFT JOIN retail.product_description_embeddings AS e USING (product_id) WHERE e.product_id IS NULL
"""
STALE = """
    SELECT count(*) FROM embedding.queue AS q
    JOIN retail.describe_products(ARRAY(SELECT product_id FROM retail.products)) AS d
        ON q.key = d.product_id::text
    WHERE q.content <> d.content
"""


@contextmanager
def transaction(target: Target) -> Iterator[psycopg.Connection[Any]]:
    """One that is committed at the end of the body."""
    with psycopg.connect(target.dba) as connection:
        yield connection


class Beside:
    """Work in another thread, whose failure is raised when it is waited for."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self._work = work
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._work()
        except BaseException as failure:  # noqa: BLE001 (raised in `done`)
            self._failure = failure

    @property
    def runs(self) -> bool:
        return self._thread.is_alive()

    def done(self) -> None:
        self._thread.join(PATIENCE)
        assert not self.runs
        if self._failure:
            raise self._failure


def waits(target: Target, work: Beside) -> None:
    eventually(lambda: target.execute(WAITING) != [(0,)] or not work.runs)


def filled(target: Target, model: str) -> None:
    target.execute("SELECT gateway.begin_model(%s, 2)", model)
    target.execute(FILL, model)


@pytest.fixture
def searched(own: Target) -> Target:
    """A database that searches by the model `one`."""
    filled(own, "one")
    own.execute("SELECT gateway.activate_model('one')")
    return own


def queued(target: Target) -> list[tuple[str, str]]:
    rows = target.execute("""
        SELECT m.name, q.key FROM embedding.queue AS q JOIN embedding.models AS m USING (model_id)
        ORDER BY 1, 2
    """)
    return [(model, key) for model, key in rows]


def test_a_write_during_the_switch_waits_for_the_next_model(searched: Target) -> None:
    filled(searched, "two")
    with transaction(searched) as switch:
        switch.execute("SELECT gateway.activate_model('two')")
        writing = Beside(lambda: searched.execute(REWRITE))
        waits(searched, writing)
        assert writing.runs
    writing.done()
    assert queued(searched) == [("two", "1")]
    assert searched.execute(LACK) == [(1,)]


def test_a_write_goes_on_while_a_model_that_was_being_filled_gives_way(searched: Target) -> None:
    filled(searched, "two")
    with transaction(searched) as writer:
        writer.execute(
            "UPDATE retail.products SET base_price = base_price + 1 WHERE product_id = 1"
        )
        beginning = Beside(lambda: searched.execute("SELECT gateway.begin_model('three', 2)"))
        waits(searched, beginning)
        writer.execute(REWRITE)
    beginning.done()
    assert {model for model, _ in queued(searched)} == {"one", "three"}
    assert searched.execute(STALE) == [(0,)]


@pytest.mark.parametrize("table", ["products", "product_types", "categories"])
def test_a_write_that_is_under_way_when_a_model_is_begun(own: Target, table: str) -> None:
    with transaction(own) as writer:
        writer.execute(f"UPDATE retail.{table} SET name = name")
        beginning = Beside(lambda: own.execute("SELECT gateway.begin_model('one', 2)"))
        waits(own, beginning)
        assert beginning.runs
        writer.execute(f"UPDATE retail.{table} SET name = name || ' anew'")
    beginning.done()
    assert queued(own)
    assert own.execute(STALE) == [(0,)]


def test_what_changes_on_the_way_back_to_the_built_in_model(own_with_model: Target) -> None:
    own = own_with_model
    ((built_in, dimension),) = own.execute("SELECT name, dimension FROM embedding.models")
    filled(own, "one")
    own.execute("SELECT gateway.activate_model('one')")
    own.execute("SELECT gateway.begin_model(%s, %s)", built_in, dimension)
    own.execute(REWRITE)
    own.execute("SELECT gateway.activate_model(%s)", built_in)
    assert own.execute(LACK) == [(0,)]
    assert own.execute("""
        SELECT bool_and(e.description_embedding <=> embedding.embed(p.content) < 1e-6)
        FROM retail.describe_products(ARRAY(SELECT product_id FROM retail.products)) AS p
        JOIN retail.product_description_embeddings AS e USING (product_id)
    """) == [(True,)]


def test_vectors_are_put_beside_a_text_that_is_being_replaced(searched: Target) -> None:
    """A long transaction that rewrites products holds up no worker, and its texts win."""
    searched.execute("SELECT gateway.queue_texts('retail.products', '{1,2,3}', '{a,b,c}')")
    taken = "SELECT count(*) FROM gateway.take_texts('one', 10, '1 minute')"
    assert searched.execute(taken) == [(3,)]
    with transaction(searched) as writer:
        writer.execute(REWRITE)
        with transaction(searched) as worker:
            assert worker.execute(PUT).fetchone() == (2,)
            tickets = "SELECT array_agg(ticket) FROM embedding.queue"
            worker.execute(f"SELECT gateway.fail_texts(({tickets}), 'no')")
    assert searched.execute("SELECT key, ticket, last_error FROM embedding.queue") == [
        ("1", None, None)
    ]
    assert searched.execute(PUT) == [(0,)]
    assert searched.execute(STALE) == [(0,)]


def test_vectors_are_put_when_a_lock_is_a_short_one(searched: Target) -> None:
    """As who takes texts holds some for a moment, which others have taken meanwhile."""
    searched.execute("SELECT gateway.queue_texts('retail.products', '{1,2,3}', '{a,b,c}')")
    searched.execute("SELECT count(*) FROM gateway.take_texts('one', 10, '1 minute')")
    with transaction(searched) as taker:
        taker.execute("SELECT FROM embedding.queue WHERE key IN ('1', '3') FOR UPDATE")
        putting = Beside(lambda: searched.execute(PUT))
        waits(searched, putting)
    putting.done()
    assert queued(searched) == []


def test_what_waits_already_is_not_locked_when_a_model_is_begun_again(searched: Target) -> None:
    filled(searched, "two")
    searched.execute("SELECT gateway.queue_texts('retail.products', '{1,2}', '{a,b}')")
    searched.execute("DELETE FROM retail.next_product_description_embeddings")
    with transaction(searched) as beginner:
        beginner.execute("SELECT gateway.begin_model('two', 2)")
        with transaction(searched) as worker:
            taken = worker.execute("SELECT content FROM gateway.take_texts('two', 10, '1 minute')")
            assert sorted(taken.fetchall()) == [("a",), ("b",)]
