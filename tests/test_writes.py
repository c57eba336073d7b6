"""Writes: once however often they are asked for, and right however many do them at the same time."""

from __future__ import annotations

import json
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from conftest import BELLEVUE, HEAD_OFFICE, PUGET_SOUND, SEATTLE, TESTS, Target, _copy, storekeeper

STORES = ("Seattle", "Tacoma", "Everett")
ONCE = "SELECT gateway.once('a_tool', %s, '{}')"
ANSWERED = """SELECT gateway.answered('a_tool', %s, '{"told": "first"}')"""
ADJUST = "SELECT (tool.adjust_inventory(%s, %s, %s, %s, NULL, %s)).stock_level"
TRANSFER = "SELECT (tool.transfer_stock(%s, %s, %s, %s, NULL, %s)).transfer_id"
WAITS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE pid = %s AND wait_event_type = 'Lock' AND state = 'active'
"""
STOCK_DIFFERS = """
    SELECT store_id, product_id, i.stock_level, m.quantity
    FROM retail.inventory AS i
    FULL JOIN (
        SELECT store_id, product_id, sum(quantity) AS quantity FROM retail.stock_movements GROUP BY 1, 2
    ) AS m USING (store_id, product_id)
    WHERE i.stock_level IS DISTINCT FROM m.quantity
"""
SALES_DIFFER = """
    SELECT store_id, business_day, product_id, sum(order_lines), sum(units), sum(revenue), sum(discount)
    FROM (
        SELECT * FROM retail.daily_sales
        UNION ALL
        SELECT i.store_id, (o.order_date AT TIME ZONE 'America/Los_Angeles')::date, i.product_id,
            -1, -i.quantity, -i.line_total, i.line_total - i.quantity * i.unit_price
        FROM retail.orders AS o JOIN retail.order_items AS i USING (store_id, order_id)
        WHERE o.status NOT IN ('cancelled', 'returned')
    ) AS u
    GROUP BY 1, 2, 3
    HAVING (sum(order_lines), sum(units), sum(revenue), sum(discount)) <> (0, 0, 0, 0)
"""


@pytest.fixture(scope="module")
def busy(template: Target) -> Iterator[Target]:
    """A copy for tests that leave a trace, but no wrong sums."""
    with _copy(template) as database:
        yield database


@contextmanager
def person(database: Target, principal: str) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """One transaction as this person, committed at the end."""
    with psycopg.connect(database.dba) as connection:
        connection.execute("SET LOCAL lock_timeout = '20s'")
        connection.execute("SELECT gateway.impersonate(%s)", (principal,))
        yield connection


def one(connection: psycopg.Connection[tuple[Any, ...]], statement: str, *given: object) -> Any:
    row = connection.execute(statement, given).fetchone()
    assert row
    return row[0]


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it does not come to pass"
        time.sleep(0.01)


def waits(database: Target, connection: psycopg.Connection[tuple[Any, ...]]) -> Callable[[], bool]:
    pid = connection.info.backend_pid
    return lambda: database.execute(WAITS, pid) == [(1,)]


# Once


@pytest.mark.parametrize("first", ["commits", "rolls back"])
def test_a_call_with_the_same_key_waits_for_the_first(own: Target, first: str) -> None:
    with (
        ThreadPoolExecutor(1) as pool,
        person(own, SEATTLE) as other,
        person(own, SEATTLE) as doing,
    ):
        assert one(doing, ONCE, "k") is None
        repeat = pool.submit(one, other, ONCE, "k")
        until(waits(own, other))
        assert not repeat.done()
        if first == "commits":
            one(doing, ANSWERED, "k")
            doing.commit()
            assert repeat.result(20) == {"told": "first"}
        else:
            doing.rollback()
            assert repeat.result(20) is None, "whoever comes next does it"


def test_another_persons_key_waits_for_nobody(own: Target) -> None:
    with person(own, SEATTLE) as doing, person(own, BELLEVUE) as other:
        assert one(doing, ONCE, "k") is None
        other.execute("SET LOCAL lock_timeout = '1ms'")
        assert one(other, ONCE, "k") is None


def test_waiting_for_a_key_is_bounded(own: Target) -> None:
    with person(own, SEATTLE) as doing, person(own, SEATTLE) as other:
        one(doing, ONCE, "k")
        other.execute("SET LOCAL lock_timeout = '50ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable) as caught:
            one(other, ONCE, "k")
        assert caught.value.sqlstate == "55P03"


def test_a_key_without_an_answer_is_not_done_again(own: Target) -> None:
    with person(own, SEATTLE) as forgetful:
        assert one(forgetful, ONCE, "k") is None
    with person(own, SEATTLE) as connection, pytest.raises(psycopg.Error) as caught:
        one(connection, ONCE, "k")
    assert caught.value.sqlstate == "SK409"
    assert "its answer was not kept" in str(caught.value)


def test_eight_at_once_with_one_key_write_once(own: Target) -> None:
    sku, _ = products(own)[0]
    before = own.execute("SELECT count(*) FROM retail.stock_movements")[0][0]
    gate = threading.Barrier(8, timeout=20)

    def call(_: int) -> int:
        with person(own, SEATTLE) as connection:
            gate.wait()
            return int(one(connection, ADJUST, sku, 5, "delivery", None, "one key"))

    with ThreadPoolExecutor(8) as pool:
        levels = set(pool.map(call, range(8)))
    assert len(levels) == 1
    assert own.execute("SELECT count(*) FROM retail.stock_movements")[0][0] == before + 1
    assert own.execute(STOCK_DIFFERS) == []


def test_the_server_asks_twice(own: Target) -> None:
    """Through the path that MCP uses: arrays of objects, a key, an answer told twice."""
    (customer,) = own.execute(
        "SELECT customer_id::text FROM retail.customers WHERE store_id ="
        " '00000000-0000-4000-8000-000000000001' LIMIT 1"
    )[0]
    sku, product_id = products(own)[0]
    orders = own.execute("SELECT count(*) FROM retail.orders")[0][0]
    arguments = {
        "customer_id": customer,
        "items": [{"sku": sku, "quantity": 2, "discount_percent": 10}],
        "idempotency_key": "a-key",
    }

    def call(given: dict[str, object]) -> tuple[int, dict[str, Any], str]:
        run = storekeeper(
            *("call", "record_order", json.dumps(given), "--json", "--principal", SEATTLE),
            environment=own.environment(),
        )
        return run.returncode, json.loads(run.stdout or "{}"), run.stderr

    code, told, errors = call(arguments)
    assert code == 0, errors
    assert told["items"][0]["quantity"] == 2
    assert told["stock_left"][0]["sku"] == sku
    assert call(arguments) == (code, told, errors)
    assert own.execute("SELECT count(*) FROM retail.orders")[0][0] == orders + 1
    code, _, errors = call(arguments | {"items": [{"sku": sku, "quantity": 3}]})
    assert (code, "CONFLICT" in errors) == (1, True)
    assert own.execute(
        "SELECT sum(quantity)::integer FROM retail.stock_movements"
        " WHERE product_id = %s AND reason = 'sale'",
        product_id,
    ) == [(-2,)]


# Many at once


def products(database: Target, stock: int = 60) -> list[tuple[str, int]]:
    """Three products, each with this much in every store, as the ledger has it."""
    found: list[tuple[str, int]] = database.execute(
        "SELECT sku, product_id FROM retail.products WHERE is_active ORDER BY product_id LIMIT 3"
    )
    ids = [product_id for _, product_id in found]
    database.execute("DELETE FROM retail.stock_movements WHERE product_id = ANY (%s)", ids)
    database.execute(
        "UPDATE retail.inventory SET stock_level = %s WHERE product_id = ANY (%s)", stock, ids
    )
    database.execute(
        "INSERT INTO retail.stock_movements (store_id, product_id, quantity, reason, made_by)"
        " SELECT store_id, product_id, stock_level, 'opening', NULL FROM retail.inventory"
        " WHERE product_id = ANY (%s)",
        ids,
    )
    return found


def test_mixed_writers_add_up_without_a_deadlock(own: Target) -> None:
    """Eight people, three products, three stores; some of it is refused, nothing of that is written."""
    chosen = products(own)
    skus, ids = [sku for sku, _ in chosen], [product_id for _, product_id in chosen]
    customers = own.execute(
        "SELECT DISTINCT ON (c.store_id) c.customer_id FROM retail.customers AS c"
        " JOIN retail.stores AS s USING (store_id) WHERE s.region_id = 1"
    )
    assert len(customers) == len(STORES)
    before = dict(own.execute("SELECT datname, deadlocks FROM pg_stat_database"))
    count = 25

    def write(seed: int) -> Counter[str]:
        chance = random.Random(seed)
        outcomes: Counter[str] = Counter()
        with psycopg.connect(own.dba) as connection:
            for n in range(count):
                kind = chance.choice(("order", "order", "transfer", "adjust", "cancel"))
                key = f"{seed}-{n}"
                try:
                    connection.execute("SET LOCAL lock_timeout = '20s'")
                    if kind == "cancel":  # nobody's tool yet: as the loader
                        connection.execute("SET LOCAL ROLE storekeeper_loader")
                        connection.execute(
                            "UPDATE retail.orders SET status = CASE status WHEN 'pending'"
                            " THEN 'cancelled' ELSE 'pending' END WHERE (store_id, order_id) IN"
                            " (SELECT store_id, order_id FROM retail.stock_movements"
                            " WHERE reason = 'sale' ORDER BY made_at DESC LIMIT 1)"
                        )
                    else:
                        principal = chance.choice((PUGET_SOUND, HEAD_OFFICE))
                        connection.execute("SELECT gateway.impersonate(%s)", (principal,))
                    if kind == "order":
                        (customer,) = chance.choice(customers)
                        picked = chance.sample(skus, chance.randint(1, 3))
                        lines = ", ".join(
                            f"ROW('{sku}', {chance.randint(1, 4)}, {chance.choice((0, 10))}, NULL)"
                            for sku in picked
                        )
                        connection.execute(
                            f"SELECT tool.record_order(%s, ARRAY[{lines}]::retail.order_line[], NULL, %s)",
                            (customer, key),
                        )
                    elif kind == "transfer":
                        there, here = chance.sample(STORES, 2)
                        units = chance.randint(1, 30)
                        one(connection, TRANSFER, chance.choice(skus), units, there, here, key)
                    elif kind == "adjust":
                        change = chance.choice((-9, -3, 3, 9))
                        store = chance.choice(STORES)
                        one(connection, ADJUST, chance.choice(skus), change, "count", store, key)
                    connection.commit()
                    outcomes[kind] += 1
                except psycopg.Error as error:
                    connection.rollback()
                    outcomes[str(error.sqlstate)] += 1
        return outcomes

    with ThreadPoolExecutor(8) as pool:
        outcomes = sum(pool.map(write, range(8)), Counter[str]())
    assert outcomes.total() == 8 * count
    assert set(outcomes) <= {"order", "transfer", "adjust", "cancel", "SK409"}, outcomes
    assert min(outcomes["order"], outcomes["transfer"], outcomes["adjust"]) > 5, outcomes
    after = dict(own.execute("SELECT datname, deadlocks FROM pg_stat_database"))
    assert after[own.name] == before[own.name]
    assert own.execute(STOCK_DIFFERS) == []
    assert own.execute(SALES_DIFFER) == []
    (answers,) = own.execute("SELECT count(*) FROM gateway.answers WHERE answer IS NOT NULL")[0]
    assert answers == outcomes["order"] + outcomes["transfer"] + outcomes["adjust"]
    assert own.execute(
        "SELECT count(*), count(*) FILTER (WHERE stock_level < 0) FROM retail.inventory"
        " WHERE product_id = ANY (%s)",
        ids,
    ) == [(3 * 8, 0)]


# Rollups under concurrent changes of one order


def an_order(database: Target) -> tuple[str, str]:
    """An order of today that counts, without lines: (store, order)."""
    return database.execute(
        "INSERT INTO retail.orders (store_id, customer_id)"
        " SELECT store_id, customer_id FROM retail.customers LIMIT 1"
        " RETURNING store_id::text, order_id::text"
    )[0]


ADD = (
    "INSERT INTO retail.order_items (store_id, order_id, line_number, product_id, quantity,"
    " unit_price, line_total) VALUES (%s, %s, 2, 1, 1, 5, 5)"
)
CHANGE = (
    "UPDATE retail.order_items SET quantity = 3, line_total = 15"
    " WHERE (store_id, order_id) = (%s, %s)"
)
REMOVE = "DELETE FROM retail.order_items WHERE (store_id, order_id) = (%s, %s)"
CANCEL = "UPDATE retail.orders SET status = 'cancelled' WHERE (store_id, order_id) = (%s, %s)"
DELETE = "DELETE FROM retail.orders WHERE (store_id, order_id) = (%s, %s)"
PUT_OFF = (
    "UPDATE retail.orders SET order_date = order_date + interval '3 days'"
    " WHERE (store_id, order_id) = (%s, %s)"
)


@pytest.mark.parametrize("how", ["commits", "rolls back"])
@pytest.mark.parametrize("order", [CANCEL, PUT_OFF, DELETE], ids=["cancel", "put off", "delete"])
@pytest.mark.parametrize("lines", [ADD, CHANGE, REMOVE], ids=["add", "change", "remove"])
@pytest.mark.parametrize("first", ["lines", "order"])
def test_lines_and_order_change_at_once(
    busy: Target, first: str, lines: str, order: str, how: str
) -> None:
    key = an_order(busy)
    busy.execute(ADD.replace("2, 1, 1", "1, 1, 1"), *key)
    statements = (lines, order) if first == "lines" else (order, lines)
    with (
        ThreadPoolExecutor(1) as pool,
        psycopg.connect(busy.dba) as former,
        psycopg.connect(busy.dba) as latter,
    ):
        former.execute(statements[0], key)
        then = pool.submit(latter.execute, statements[1], key)
        until(lambda: then.done() or waits(busy, latter)())
        if how == "commits":
            former.commit()
        else:
            former.rollback()
        try:
            then.result(20)
            latter.commit()
        except psycopg.errors.ForeignKeyViolation:
            assert (order, how) == (DELETE, "commits")
            latter.rollback()
    assert busy.execute(SALES_DIFFER) == []
    busy.execute(DELETE, *key)
    assert busy.execute(SALES_DIFFER) == []


# The handbook


def test_the_handbooks_example(own: Target) -> None:
    section = (TESTS.parent / "sql" / "README.md").read_text()
    section = section.partition("## Writes that happen once")[2].partition("\n## ")[0]
    example = re.search(r"```sql\n(-- .*?)```", section, re.DOTALL)
    assert example
    own.execute("SET ROLE storekeeper_owner;" + example[1])
    call = "SELECT tool.set_reorder_point('htha000101', %s, NULL, %s)"
    with person(own, SEATTLE) as connection:
        told = one(connection, call, 12, "k")
        assert (told["sku"], told["reorder_point"]) == ("HTHA000101", 12)
        assert one(connection, call, 13, None)["reorder_point"] == 13
    with person(own, SEATTLE) as connection:
        assert one(connection, call, 12, "k") == told
        assert (
            one(
                connection,
                "SELECT reorder_point FROM retail.inventory JOIN retail.products USING (product_id)"
                " WHERE sku = 'HTHA000101'",
            )
            == 13
        )
    cleaning = re.search(r"^  (DELETE FROM gateway\.answers .*;)$", section, re.MULTILINE)
    assert cleaning
    own.execute("UPDATE gateway.answers SET at = at - interval '31 days'")
    own.execute(cleaning[1])
    assert own.execute("SELECT count(*) FROM gateway.answers") == [(0,)]
